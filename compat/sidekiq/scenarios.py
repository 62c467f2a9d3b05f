"""Sidekiq 6.4: its own process, jobs pushed by its Ruby client."""
import time


def client(stage, *arguments):
    return stage.run(["/usr/bin/ruby", "sidekiq_jobs.rb"] + list(arguments))


def worker(stage, *arguments):
    child = stage.spawn("sidekiq", ["/usr/bin/sidekiq", "-r", "./sidekiq_jobs.rb", "-c", "5", "-t", "1", "-e", "test"] + list(arguments))
    stage.wait_started("the process registers", child,
                       lambda: any(name.split(b":")[1] == b"%d" % child.pid for name in stage.redis.smembers("processes")))
    return child


def jobs(stage):
    """Queues with weights, bulk pushes, statistics; a clean end leaves no process behind."""
    client(stage, "queues")
    child = worker(stage, "-q", "critical,3", "-q", "default,2", "-q", "low")
    stage.wait("all jobs ran", lambda: stage.redis.llen("done") == 80)
    stage.expect("each once", sorted(map(int, stage.redis.lrange("done", 0, -1))), list(range(30)) + list(range(100, 150)))
    stage.expect("queues", stage.redis.smembers("queues"), {b"critical", b"default", b"low"})
    stage.expect("exit of the process", stage.terminate(child), 0)
    stage.expect("statistics", client(stage, "stats").split()[:3], ["80", "0", "0"])
    stage.expect("processes left", stage.redis.scard("processes"), 0)


def later(stage):
    worker(stage)
    began = time.time()
    client(stage, "later")
    stage.wait("the scheduled jobs ran", lambda: stage.redis.llen("later") == 2)
    stage.expect("their order", stage.redis.lrange("later", 0, -1), [b"in", b"at"])
    stage.expect("not before their time", time.time() - began >= 2, True)
    stage.expect("still scheduled", stage.redis.zcard("schedule"), 1)


def retries(stage):
    worker(stage)
    client(stage, "failing")
    stage.wait("a job goes to the retry set", lambda: stage.redis.zcard("retry") == 1)
    stage.wait("the retried job succeeds", lambda: stage.redis.get("flaky") == b"2" and stage.redis.zcard("retry") == 0)
    stage.wait("the job without retries is buried", lambda: stage.redis.zcard("dead") == 1)


def killed(stage):
    """TERM pushes the running job back; kill -9 loses the running job (as Sidekiq's own fetch does) and nothing else."""
    first = worker(stage, "-c", "1")
    client(stage, "wait", "one")
    stage.wait("the job runs", lambda: stage.redis.llen("one") == 1)
    stage.expect("nothing waits", stage.redis.llen("queue:default"), 0)
    stage.terminate(first)
    stage.expect("the job was pushed back", stage.redis.llen("queue:default"), 1)
    second = worker(stage, "-c", "1")
    stage.wait("it runs again", lambda: stage.redis.llen("one") == 2)
    client(stage, "wait", "two")
    stage.kill_group(second)
    stage.redis.set("go", 1)
    stage.expect("what was not running is kept", stage.redis.llen("queue:default"), 1)
    worker(stage, "-c", "1")
    stage.wait("the kept job ran", lambda: stage.redis.lrange("released", 0, -1) == [b"two"])


def restart(stage):
    """The server crashes and comes back under waiting threads, then in the middle of a queue."""
    child = worker(stage)
    client(stage, "later")
    stage.server.restart(crash=True)
    stage.wait("the schedule survived and is served", lambda: stage.redis.llen("later") == 2, 60)
    client(stage, "slow")
    stage.wait("some jobs are done", lambda: stage.redis.scard("slow") >= 3)
    held = stage.redis.llen("queue:default") + stage.redis.scard("slow")
    stage.server.restart(crash=True)
    # What a thread held when the server died is lost with Sidekiq's own fetch: at most one job a thread.
    stage.wait("the queue is empty", lambda: stage.redis.llen("queue:default") == 0 and stage.redis.zcard("retry") == 0, 60)
    stage.wait("the jobs ran", lambda: stage.redis.scard("slow") >= min(held, 40) - 5)
    stage.expect("the process lives", child.poll(), None)


restart.appendonly = True

SCENARIOS = {"jobs": jobs, "later": later, "retries": retries, "killed": killed, "restart": restart}
