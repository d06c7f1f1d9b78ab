"""Celery as its first steps show it, without results and without the gossip of many workers."""
import os

from celery import Celery
from noop import record

app = Celery("bench", broker=os.environ["REDIS_URL"])
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)


@app.task
def noop(n):
    record(n)
