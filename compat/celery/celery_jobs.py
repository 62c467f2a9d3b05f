"""The Celery application that the workers load: broker and result backend on the server under test."""
import os
import time

import celery
import redis

URL = os.environ["REDIS_URL"].rsplit("/", 1)[0]
VISIBILITY_TIMEOUT_S = 3

app = celery.Celery("celery_jobs", broker=URL + "/0", backend=URL + "/1")
app.conf.update(
    broker_transport_options={"visibility_timeout": VISIBILITY_TIMEOUT_S, "queue_order_strategy": "priority", "socket_connect_timeout": 5},
    broker_connection_max_retries=None,
    result_backend_transport_options={"retry_policy": {"timeout": 10.0}},
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    task_default_queue="main",
    result_expires=600,
)
notes = redis.Redis.from_url(URL + "/2")


@app.task
def add(a, b):
    return a + b


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def record(name, value):
    notes.rpush(name, value)
    return value


@app.task(bind=True, max_retries=3, default_retry_delay=0.2)
def fail_until(self, name, attempts):
    done = notes.incr(name)
    if done < attempts:
        raise self.retry(exc=ValueError("attempt %d" % done))
    return done


@app.task
def broken(text):
    raise KeyError(text)


@app.task(acks_late=True, reject_on_worker_lost=True)
def wait_for(key, name):
    """Says that it runs, then waits to be released."""
    notes.rpush(name, os.getpid())
    deadline = time.monotonic() + 40
    while not notes.exists(key):
        if time.monotonic() > deadline:
            raise TimeoutError(key)
        time.sleep(0.02)
    return "released"


@app.task(acks_late=True)
def slow(name, value):
    time.sleep(0.02)
    notes.sadd(name, value)
    return value
