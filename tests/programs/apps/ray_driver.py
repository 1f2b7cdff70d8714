"""A Ray driver whose tasks log, warn and fail."""

import logging
from pathlib import Path

import ray

ray.init(num_cpus=1, include_dashboard=False, logging_level=logging.INFO, _temp_dir=str(Path("ray").absolute()))


@ray.remote(max_retries=0)
def score(rows):
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("scoring").warning("feature AGE is missing in %s rows", rows)


@ray.remote(max_retries=0)
def load():
    raise RuntimeError("model not loaded")


ray.get(score.remote(2))
try:
    ray.get(load.remote())
except ray.exceptions.RayTaskError:
    logging.getLogger("ray").exception("a task failed")
