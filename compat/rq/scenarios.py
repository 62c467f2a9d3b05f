"""RQ 1.13: worker processes started with `rq worker`, jobs enqueued from here."""
import datetime
import os
import signal
import time

from rq import Queue, Retry
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from rq.worker import Worker

POPPED_UNNOTED = 1  # RQ pops an id and notes the job as started afterwards: a crash between the two loses it
LATER_S = 3600  # as the registry's clean-up would see it an hour from now


def worker(stage, *arguments):
    before = Worker.count(connection=stage.redis)
    child = stage.spawn("rq", ["/usr/bin/rq", "worker", "--url", stage.url] + list(arguments))
    stage.wait_started("the worker registers", child, lambda: Worker.count(connection=stage.redis) > before)
    return child


def status_of(stage, job):
    return Job.fetch(job.id, connection=stage.redis).get_status()


def finished(stage, jobs):
    return lambda: all(status_of(stage, job) == JobStatus.FINISHED for job in jobs)


def jobs(stage):
    """Two workers, three queues, results, a dependency, and a burst worker that serves queues in its order."""
    queues = [Queue(name, connection=stage.redis) for name in ("high", "default", "low")]
    for number in range(6):
        queues[2 - number % 3].enqueue("rq_jobs.record", "order", number)
    burst = stage.spawn("rq", ["/usr/bin/rq", "worker", "--url", stage.url, "--burst", "high", "default", "low"])
    stage.wait("the burst worker ends", lambda: burst.poll() is not None)
    stage.expect("exit of the burst worker", burst.returncode, 0)
    stage.expect("order", stage.redis.lrange("order", 0, -1), [b"2", b"5", b"1", b"4", b"0", b"3"])
    workers = [worker(stage, "high", "default", "low") for _ in range(2)]
    made = [queues[n % 3].enqueue("rq_jobs.add", n, 1) for n in range(20)]
    after = queues[0].enqueue("rq_jobs.add", "de", "pends", depends_on=made[7])
    stage.wait("all jobs finish", finished(stage, made + [after]), 60)
    for number, job in enumerate(made):
        stage.expect("result", Job.fetch(job.id, connection=stage.redis).result, number + 1)
    stage.expect("result from the stream", Job.fetch(after.id, connection=stage.redis).latest_result().return_value, "depends")
    for child in workers:
        stage.expect("exit of a worker", stage.terminate(child), 0)
    stage.expect("workers left", Worker.count(connection=stage.redis), 0)


def retries(stage):
    queue = Queue("default", connection=stage.redis)
    worker(stage, "--with-scheduler", "default")
    at_once = queue.enqueue("rq_jobs.fail_until", "at_once", 3, retry=Retry(max=2))
    delayed = queue.enqueue("rq_jobs.fail_until", "delayed", 2, retry=Retry(max=2, interval=1))
    hopeless = queue.enqueue("rq_jobs.fail_until", "hopeless", 100, retry=Retry(max=1))
    stage.wait("the retried jobs finish", finished(stage, [at_once, delayed]), 60)
    registry = FailedJobRegistry("default", connection=stage.redis)
    stage.wait("the hopeless job is given up", lambda: hopeless.id in registry.get_job_ids())
    stage.expect("attempts", [stage.redis.get(key) for key in ("at_once", "delayed", "hopeless")], [b"3", b"2", b"2"])
    stage.expect("the reason is kept", "attempt 2" in Job.fetch(hopeless.id, connection=stage.redis).latest_result().exc_string, True)
    stage.redis.set("hopeless", 100)
    registry.requeue(hopeless.id)
    stage.wait("the requeued job finishes", finished(stage, [hopeless]))


def scheduled(stage):
    queue = Queue("default", connection=stage.redis)
    worker(stage, "--with-scheduler", "default")
    began = time.time()
    soon = queue.enqueue_in(datetime.timedelta(seconds=1), "rq_jobs.add", 1, 1)
    at = queue.enqueue_at(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2), "rq_jobs.add", 2, 2)
    never = queue.enqueue_in(datetime.timedelta(hours=1), "rq_jobs.add", 3, 3)
    stage.wait("the scheduled jobs finish", finished(stage, [soon, at]))
    stage.expect("not before its time", time.time() - began >= 1.9, True)
    stage.expect("still scheduled", ScheduledJobRegistry(queue=queue).get_job_ids(), [never.id])


def killed(stage):
    """A work horse killed in mid-job is retried by its worker; a worker killed with its horse leaves the job to the clean-up."""
    queue = Queue("default", connection=stage.redis)
    first = worker(stage, "default")
    job = queue.enqueue("rq_jobs.wait_for", "go", "horses", retry=Retry(max=1))
    stage.wait("the job runs", lambda: stage.redis.llen("horses") == 1)
    os.kill(int(stage.redis.lindex("horses", 0)), signal.SIGKILL)
    stage.wait("the job runs again", lambda: stage.redis.llen("horses") == 2)
    horse = int(stage.redis.lindex("horses", 1))
    stage.kill_group(first)
    try:
        os.kill(horse, signal.SIGKILL)  # a horse has a group of its own
    except ProcessLookupError:
        pass
    started = StartedJobRegistry("default", connection=stage.redis)
    stage.expect("the registry still has it", started.get_job_ids(), [job.id])
    worker(stage, "default")
    stage.redis.set("go", 1)
    Job.fetch(job.id, connection=stage.redis)
    started.cleanup(timestamp=int(time.time()) + LATER_S)
    stage.wait("the abandoned job failed", lambda: status_of(stage, job) == JobStatus.FAILED)
    FailedJobRegistry("default", connection=stage.redis).requeue(job.id)
    stage.wait("the abandoned job finishes", finished(stage, [job]))


def restart(stage):
    """The server crashes and comes back twice: under a waiting worker, and in the middle of a queue."""
    idle, busy = Queue("default", connection=stage.redis), Queue("later", connection=stage.redis)
    first = worker(stage, "default")
    stage.wait("the worker waits for jobs", lambda: stage.redis.info("clients")["blocked_clients"] == 1)
    kept = [busy.enqueue("rq_jobs.slow", "slow", n, retry=Retry(max=5)) for n in range(40)]
    stage.server.restart(crash=True)
    stage.expect("jobs after the crash", busy.get_job_ids(), [job.id for job in kept])
    job = idle.enqueue("rq_jobs.add", 1, 2)
    stage.wait("the worker that waited goes on", finished(stage, [job]), 60)
    stage.expect("it is the same worker", first.poll(), None)
    children = [worker(stage, "later")]
    stage.wait("some jobs are done", lambda: stage.redis.scard("slow") >= 3)
    stage.server.restart(crash=True)
    started = StartedJobRegistry("later", connection=stage.redis)
    failed = FailedJobRegistry("later", connection=stage.redis)

    def all_done():
        """Does what a supervisor and the clean-up do: starts a worker when one quit, requeues what it left."""
        if children[-1].poll() is not None:
            children.append(stage.spawn("rq", ["/usr/bin/rq", "worker", "--url", stage.url, "later"]))
        if not busy.get_job_ids():
            started.cleanup(timestamp=int(time.time()) + LATER_S)
            for lost in failed.get_job_ids():
                failed.requeue(lost)
        idle_again = not busy.get_job_ids() and not started.get_job_ids() and not failed.get_job_ids()
        return idle_again and stage.redis.scard("slow") >= 40 - POPPED_UNNOTED
    stage.wait("every job ran", all_done, 60)


restart.appendonly = True

SCENARIOS = {"jobs": jobs, "retries": retries, "scheduled": scheduled, "killed": killed, "restart": restart}
