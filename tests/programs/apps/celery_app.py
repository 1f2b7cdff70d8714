"""A Celery worker that gives itself work when it is ready."""

from celery import Celery
from celery.signals import worker_ready
from celery.utils.log import get_task_logger

app = Celery("scoring", broker="memory://")
log = get_task_logger(__name__)


@app.task
def score(rows):
    log.warning("feature AGE is missing in %s rows", rows)


@app.task
def load():
    raise RuntimeError("model not loaded")


@worker_ready.connect
def give_work(**_):
    load.apply_async(task_id="22222222-2222-2222-2222-222222222222")
    score.apply_async(args=[2], task_id="11111111-1111-1111-1111-111111111111")
