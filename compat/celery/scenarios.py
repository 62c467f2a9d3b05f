"""Celery 5.2: worker processes started with `celery worker`, tasks sent from here."""
import datetime
import importlib
import os
import sys
import time

import celery
import redis

GET_S = 40
POPPED_UNNOTED = 2


def application(stage):
    """The same module that the workers load, bound to this scenario's server."""
    os.environ["REDIS_URL"] = stage.url + "/0"
    sys.modules.pop("celery_jobs", None)
    sys.path.insert(0, stage.folder)
    try:
        module = importlib.import_module("celery_jobs")
    finally:
        sys.path.remove(stage.folder)
    module.app.set_current()
    return module


def worker(stage, *arguments, concurrency=2, ready=True):
    name = "w%d@here" % len(stage.children)
    child = stage.spawn("celery", ["/usr/bin/celery", "-A", "celery_jobs", "worker", "-n", name, "-c", str(concurrency), "-l", "INFO"] + list(arguments))
    child.ready = is_ready(child, name)
    if ready:
        stage.wait_started("the worker is ready", child, child.ready, 60)
    return child


def is_ready(child, name):
    def look():
        with open(child.log_name, errors="replace") as log:
            return (name + " ready.") in log.read()
    return look


def tasks(stage):
    """Results, groups, chords, chains, a failure, countdown and eta."""
    jobs = application(stage)
    child = worker(stage)
    results = [jobs.add.delay(n, n) for n in range(20)]
    stage.expect("results", [one.get(timeout=GET_S) for one in results], [2 * n for n in range(20)])
    stage.expect("group", celery.group(jobs.add.s(n, 1) for n in range(8))().get(timeout=GET_S), list(range(1, 9)))
    stage.expect("chord", celery.chord((jobs.add.s(n, n) for n in range(8)), jobs.total.s())().get(timeout=GET_S), 56)
    stage.expect("chain", celery.chain(jobs.add.s(1, 2), jobs.add.s(3), jobs.add.s(4))().get(timeout=GET_S), 10)
    failed = jobs.broken.delay("why")
    stage.expect("a failure", str(failed.get(timeout=GET_S, propagate=False)), "'why'")
    stage.expect("its state", failed.state, "FAILURE")
    began = time.time()
    countdown = jobs.add.apply_async((1, 1), countdown=1)
    eta = jobs.add.apply_async((2, 2), eta=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2))
    stage.expect("countdown and eta", [countdown.get(timeout=GET_S), eta.get(timeout=GET_S)], [2, 4])
    stage.expect("not before their time", time.time() - began >= 1.9, True)
    stage.expect("ping through the broker", len(jobs.app.control.ping(timeout=3)), 1)
    stage.expect("exit of the worker", stage.terminate(child), 0)
    stage.expect("nothing left unacknowledged", stage.redis.hlen("unacked"), 0)


def retries(stage):
    jobs = application(stage)
    worker(stage)
    stage.expect("the third attempt", jobs.fail_until.delay("attempts", 3).get(timeout=GET_S), 3)
    hopeless = jobs.fail_until.delay("hopeless", 100)
    stage.expect("given up", str(hopeless.get(timeout=GET_S, propagate=False)), "attempt 4")


def priorities(stage):
    """Sent before any worker runs; 0 comes first, as kombu's Redis transport has it."""
    jobs = application(stage)
    sent = [jobs.record.apply_async(("order", n), priority=priority) for n, priority in enumerate((9, 6, 3, 0, 9, 0))]
    worker(stage, concurrency=1)
    for one in sent:
        one.get(timeout=GET_S)
    notes = redis.Redis(port=stage.server.port, db=2)
    stage.expect("order", [int(n) for n in notes.lrange("order", 0, -1)], [3, 5, 2, 1, 0, 4])


def killed(stage):
    """acks_late: what a killed worker held is delivered again once the visibility timeout is over."""
    jobs = application(stage)
    notes = redis.Redis(port=stage.server.port, db=2)
    first = worker(stage, concurrency=1)
    held = jobs.wait_for.delay("go", "runs")
    stage.wait("the task runs", lambda: notes.llen("runs") == 1)
    stage.kill_group(first)
    stage.expect("still unacknowledged", stage.redis.hlen("unacked"), 1)
    score = stage.redis.zrange("unacked_index", 0, -1, withscores=True)[0][1]
    stage.wait("the visibility timeout is over", lambda: time.time() > score + jobs.VISIBILITY_TIMEOUT_S)
    notes.set("go", 1)
    worker(stage, concurrency=1)
    stage.expect("the task ran again", held.get(timeout=GET_S), "released")
    stage.expect("runs", notes.llen("runs"), 2)
    stage.wait("acknowledged", lambda: stage.redis.hlen("unacked") == 0)


class Supervised:
    """A worker behind a supervisor's health check: Celery 5.2 may quit, or stay up and stop consuming, after the broker
    came back (celery/celery 8030, 8091; on redis-server too), so it is replaced when it ended or shows no progress."""

    SILENT_S = 15

    def __init__(self, stage):
        self.stage = stage
        self.child = worker(stage)
        self.watch(None)

    def watch(self, progress):
        self.seen, self.changed_at = progress, time.monotonic()

    def check(self, progress):
        if progress != self.seen:
            self.watch(progress)
        if self.child.poll() is not None or time.monotonic() - self.changed_at > self.SILENT_S:
            self.stage.kill_group(self.child)
            self.child = worker(self.stage, ready=False)
            self.watch(progress)


def restart(stage):
    """The server crashes and comes back under a waiting worker, then in the middle of a queue."""
    jobs = application(stage)
    notes = redis.Redis(port=stage.server.port, db=2)
    supervised = Supervised(stage)
    waiting = [jobs.app.send_task("celery_jobs.add", (n, 1), queue="parked") for n in range(10)]
    stage.server.restart(crash=True)
    stage.expect("tasks after the crash", stage.redis.llen("parked"), len(waiting))

    def result():
        try:
            return jobs.add.delay(20, 1).get(timeout=3) == 21
        except (celery.exceptions.TimeoutError, celery.exceptions.OperationalError):
            supervised.check(None)
            return False
    supervised.watch(None)
    stage.wait("a task is done after the crash", result, 90)
    for number in range(40):
        jobs.slow.delay("slow", number)
    stage.wait("some tasks are done", lambda: notes.scard("slow") >= 3)
    stage.server.restart(crash=True)

    def all_done():
        done = notes.scard("slow")
        supervised.check(done)
        waiting_or_held = stage.redis.llen("main") + stage.redis.hlen("unacked")
        # kombu pops first and notes the message as unacknowledged afterwards: a crash between the two loses it.
        return waiting_or_held == 0 and done >= 40 - POPPED_UNNOTED
    supervised.watch(notes.scard("slow"))
    stage.wait("every task ran", all_done, 90)


restart.appendonly = True

SCENARIOS = {"tasks": tasks, "retries": retries, "priorities": priorities, "killed": killed, "restart": restart}
