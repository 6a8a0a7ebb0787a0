"""Work that is left to Celery or RQ, through Redis.

GET /celery?2+3 and /rq?2+3 give an id; /celery/ID and /rq/ID the result, or
"waits". The spooler's counterpart is @spool: see doc/spooler.md.
"""
import os

import redis
from rq import Queue, Retry

import celery_tasks
import rq_tasks

connection = redis.Redis.from_url(
    os.environ.get("BROKER", "redis://127.0.0.1:6379"))
queue = Queue(connection=connection)


def begin(kind, numbers):
    if kind == "celery":
        return celery_tasks.add.delay(*numbers).id
    return queue.enqueue(rq_tasks.add, *numbers, result_ttl=3600,
                         retry=Retry(max=5, interval=10)).id


def look(kind, task):
    if kind == "celery":
        result = celery_tasks.celery.AsyncResult(task)
        return result.result if result.ready() else "waits"
    job = queue.fetch_job(task)
    return "gone" if job is None else "waits" if job.result is None \
        else job.result


def application(environ, start_response):
    kind, _, task = environ["PATH_INFO"][1:].partition("/")
    if kind not in ("celery", "rq"):
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"/celery?2+3 or /rq?2+3\n"]
    if task:
        answer = look(kind, task)
    else:
        answer = begin(kind, [int(number) for number in
                              environ["QUERY_STRING"].split("+")])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(answer).encode()]
