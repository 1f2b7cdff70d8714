"""A Spark job that fails."""

import contextlib

from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[1]")
    .appName("scoring")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .getOrCreate()
)


def score(row):
    raise RuntimeError("model not loaded")


with contextlib.suppress(Exception):
    spark.range(1).rdd.foreach(score)
spark.stop()
