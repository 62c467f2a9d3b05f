"""Consumer groups, as redis-py's users loop over them and as Symfony Messenger's transport does."""
import json
import sys
import time

STREAM, GROUP, DELAYED = "jobs", "workers", "jobs__queue"
WORKERS = 4
JOBS = 300
HANGING = 40  # the number of the job that hangs whoever gets it first


def message(number):
    return json.dumps({"number": number, "hang": number == HANGING})


def start_workers(stage, mode, names):
    for name in names:
        child = stage.spawn(mode, [sys.executable, "stream_worker.py", mode, name])
        child.consumer = name
        stage.wait_started("%s starts" % name, child, lambda: stage.redis.sismember("started", name))
        yield child


def kill_the_hung_one(stage, workers):
    name = stage.wait("a worker hangs", lambda: stage.redis.get("hung")).decode()
    stage.kill_group(next(one for one in workers if one.consumer == name))
    return name


def expect_all_done(stage, jobs):
    """Every job was handled at least once, and acknowledged exactly once."""
    stage.wait("all jobs are done", lambda: stage.redis.llen("done") >= jobs)
    done = [int(number) for number in stage.redis.lrange("done", 0, -1)]
    stage.expect("jobs done", sorted(done), list(range(jobs)))
    stage.expect("jobs handled", {int(number) for number in stage.redis.lrange("handled", 0, -1)}, set(range(jobs)))
    stage.wait("nothing is pending", lambda: stage.redis.xpending(STREAM, GROUP)["pending"] == 0)


def loops(stage):
    """Workers that claim what is idle; one is killed in mid-work, the server is not."""
    stage.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    workers = list(start_workers(stage, "loop", ["w%d" % number for number in range(WORKERS)]))
    for number in range(JOBS):
        stage.redis.xadd(STREAM, {"message": message(number)})
    killed = kill_the_hung_one(stage, workers)
    expect_all_done(stage, JOBS)
    stage.expect("length", stage.redis.xlen(STREAM), JOBS)
    group = stage.redis.xinfo_groups(STREAM)[0]
    stage.expect("lag", group["lag"], 0)
    stage.expect("entries read", group["entries-read"], JOBS)
    left = {one["name"].decode(): one["pending"] for one in stage.redis.xinfo_consumers(STREAM, GROUP)}
    stage.expect("pending of the killed one", left[killed], 0)
    for child in workers:
        if child.consumer != killed:
            stage.expect("%s still runs" % child.consumer, child.poll(), None)


def messenger(stage):
    """One entry at a time, delayed messages beside the stream, XPENDING and XCLAIM for what a killed worker held."""
    workers = list(start_workers(stage, "messenger", ["w%d" % number for number in range(WORKERS)]))
    at = int(time.time() * 1000) + 200
    for number in range(JOBS):
        if number % 10 == 3:
            stage.redis.zadd(DELAYED, {message(number): at + number}, nx=True)
        else:
            stage.redis.xadd(STREAM, {"message": message(number)}, maxlen=10 * JOBS, approximate=True)
    kill_the_hung_one(stage, workers)
    expect_all_done(stage, JOBS)
    stage.wait("the stream is empty", lambda: stage.redis.xlen(STREAM) == 0)
    stage.expect("lag", stage.redis.xinfo_groups(STREAM)[0]["lag"], 0)


def restart(stage):
    """The server is killed while everybody works: what was acknowledged stays so, the rest is done afterwards."""
    stage.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    for number in range(JOBS):
        stage.redis.xadd(STREAM, {"message": message(number)})
    workers = list(start_workers(stage, "loop", ["w%d" % number for number in range(WORKERS)]))
    kill_the_hung_one(stage, workers)
    stage.wait("some jobs are done", lambda: stage.redis.llen("done") > JOBS // 10)
    stage.server.restart(crash=True)
    list(start_workers(stage, "loop", ["again%d" % number for number in range(WORKERS)]))
    expect_all_done(stage, JOBS)


restart.appendonly = True

SCENARIOS = {"loops": loops, "messenger": messenger, "restart": restart}
