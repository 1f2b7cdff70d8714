"""Platforms on the JVM."""

from __future__ import annotations

from tests.programs.corpus import Sample, at, stamp, timed
from tests.programs.install import maven, pip

_CONTROLLER = "kafka.server.ControllerServer"
_REGISTERED = {
    "level": "INFO",
    "message": "Registered `kafka:type=kafka.Log4jController` MBean",
    "logger": "kafka.utils.Log4jControllerRegistration$",
}
_KAFKA = timed(
    stamp(),
    _REGISTERED,
    {
        "level": "INFO",
        "message": "Registered signal handlers for TERM, INT, HUP",
        "logger": "org.apache.kafka.common.utils.LoggingSignalHandler",
    },
    {"level": "INFO", "message": "[ControllerServer id=1] Starting controller", "logger": _CONTROLLER},
    {
        "level": "INFO",
        "message": "Updated connection-accept-rate max connection creation rate to 2147483647",
        "logger": "kafka.network.ConnectionQuotas",
    },
)
_KAFKA_UNFORMATTED = timed(
    stamp(),
    _REGISTERED,
    {
        "level": "ERROR",
        "message_begins": "Exiting Kafka due to fatal exception",
        "message_has": [
            "java.lang.RuntimeException: No readable meta.properties files found.",
            "at kafka.Kafka.main(Kafka.scala)",
        ],
    },
)
_RAISED = [
    "org.apache.spark.api.python.PythonException: Traceback (most recent call last):",
    "RuntimeError: model not loaded",
]
_SPARK = timed(
    at(r"^(\d\d/\d\d/\d\d [\d:]+)", "%y/%m/%d %H:%M:%S"),
    {
        "level": "WARNING",
        "logger": "NativeCodeLoader",
        "message": "Unable to load native-hadoop library for your platform... using builtin-java classes {}",
    },
    {
        "level": "ERROR",
        "logger": "Executor",
        "message_begins": "Exception in task 0.0 in stage 0.0 (TID 0)",
        "message_has": [*_RAISED, "at java.base/java.lang.Thread.run(Thread.java:{})"],
    },
    {
        "level": "WARNING",
        "logger": "TaskSetManager",
        "message_begins": "Lost task 0.0 in stage 0.0 (TID 0)",
        "message_has": [*_RAISED, "at java.base/java.lang.Thread.run(Thread.java:{})"],
    },
    {"level": "ERROR", "logger": "TaskSetManager", "message": "Task 0 in stage 0.0 failed 1 times; aborting job"},
)

WRITTEN = (
    Sample(
        "kafka",
        "Apache Kafka",
        maven("kafka", "kafka_2.13"),
        ("sh", "kafka.sh", "formatted"),
        _KAFKA,
        ready="Kafka Server started",
        lines=len(_KAFKA),
    ),
    Sample(
        "kafka-unformatted",
        "Apache Kafka",
        maven("kafka", "kafka_2.13"),
        ("sh", "kafka.sh", "unformatted"),
        _KAFKA_UNFORMATTED,
    ),
    Sample(
        "spark",
        "Apache Spark",
        pip("pyspark==3.5.5"),
        ("python", "spark_job.py"),
        _SPARK,
        env=(("SPARK_LOCAL_IP", "127.0.0.1"),),
        banner=True,
    ),
)
