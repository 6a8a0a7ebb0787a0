"""Celery's side: its tasks, which workers on any machine run.

    python3 -m celery -A celery_tasks worker --concurrency 2
"""
import os

from celery import Celery

# redis-py and RQ say unix://, Celery redis+socket://.
BROKER = os.environ.get("BROKER", "redis://127.0.0.1:6379").replace(
    "unix://", "redis+socket://")

celery = Celery("celery_tasks", broker=BROKER, backend=BROKER)
# As the spooler: a task whose worker dies is run again.
celery.conf.task_acks_late = True
celery.conf.task_reject_on_worker_lost = True
celery.conf.result_expires = 3600


@celery.task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def add(x, y):
    return x + y
