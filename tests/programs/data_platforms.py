"""Platforms on the JVM."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.programs.corpus import Sample, at, stamp, timed
from tests.programs.install import TOOLS, Installed, maven, pip

ROOT = Path(__file__).parents[2]

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
_NATIVE = {
    "level": "WARNING",
    "message_begins": "Unable to load native provider. Native methods will be disabled.",
}
_STACK = [
    "java.lang.ExceptionInInitializerError",
    "at ElasticsearchNode.main(ElasticsearchNode.java:{})",
    "Caused by: java.lang.NullPointerException",
]
_VECTORS = {"level": "INFO", "message": "Java vector incubator API enabled; uses preferredBitSize={}"}
_NO_ACCESS = {"level": "WARNING", "message": "cannot get vector distance because native access is not available"}
_SHORT = {"logger": "o.e.n.NativeAccess"}
_LOADED = {"level": "INFO", "logger": "o.e.p.PluginsService", "message": "loaded module [{}]"}
_ELASTICSEARCH = timed(
    stamp(), _VECTORS, _NATIVE | _SHORT | {"message_has": _STACK}, _NO_ACCESS | _SHORT, _LOADED, _LOADED
)
_ACCESS = {"logger": "org.elasticsearch.nativeaccess.NativeAccess"}
_ELASTICSEARCH_JSON = timed(
    stamp("@timestamp"),
    {
        "level": "INFO",
        "logger": "org.apache.lucene.internal.vectorization.PanamaVectorizationProvider",
        "message": "Java vector incubator API enabled; uses preferredBitSize={}; FMA enabled",
    },
    _NATIVE | _ACCESS | {"raw_has": _STACK},
    _NO_ACCESS | _ACCESS,
)


def _elasticsearch() -> Installed:
    """Install it as the tests do that need a real one."""
    folder = TOOLS / "elasticsearch"
    server = ROOT / "infra" / "elasticsearch" / "server"
    subprocess.run(["bash", str(server / "elasticsearch.sh"), "install", str(folder)], check=True)
    version = re.search(r"<elasticsearch.version>(.*)</", (server / "pom.xml").read_text())
    return Installed(version[1], {"JAVA_HOME": os.environ.get("JAVA_HOME", "")})


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
    Sample(
        "elasticsearch",
        "Elasticsearch",
        _elasticsearch,
        ("sh", "elasticsearch.sh", str(TOOLS / "elasticsearch")),
        _ELASTICSEARCH,
        ready="loaded module [transport-netty4]",
        banner=True,
        lines=59,
    ),
    Sample(
        "elasticsearch-json",
        "Elasticsearch",
        _elasticsearch,
        ("sh", "elasticsearch.sh", str(TOOLS / "elasticsearch")),
        _ELASTICSEARCH_JSON,
        ready="loaded module [transport-netty4]",
        file="server.json",
        lines=len(_ELASTICSEARCH_JSON),
    ),
)
