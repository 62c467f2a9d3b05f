"""Consumer groups, as redis-py's users loop over them and as Symfony Messenger's transport does."""
import json
import sys
import time

STREAM, GROUP, DELAYED = "jobs", "workers", "jobs__queue"
WORKERS = 4
JOBS = 300
HANGING = 40  # the number of the job that hangs whoever gets it first
MOST = 4  # deliveries, where the group's policy says so


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


def policy(stage):
    """Workers that know of new entries and XACK only: the group's policy redelivers what a killed one held, and gives up on
    a job that never succeeds."""
    stage.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    stage.redis.execute_command("XGROUP", "SETPOLICY", STREAM, GROUP, "LEASE", 1000, "MAXDELIVER", MOST, "DLQ", "dead",
                                "CONSUMER-TTL", 3000)
    workers = list(start_workers(stage, "plain", ["w%d" % number for number in range(WORKERS)]))
    for number in range(JOBS):
        stage.redis.xadd(STREAM, {"message": message(number)})
    poison = json.dumps({"number": JOBS, "poison": True})
    stage.redis.xadd(STREAM, {"message": poison})
    killed = kill_the_hung_one(stage, workers)
    expect_all_done(stage, JOBS)
    stage.wait("the poison is given up", lambda: stage.redis.xlen("dead") == 1)
    letter = {name.decode(): value.decode() for name, value in stage.redis.xrange("dead")[0][1].items()}
    stage.expect("the job", letter["message"], poison)
    stage.expect("where it came from", (letter["dlq-key"], letter["dlq-group"]), (STREAM, GROUP))
    stage.expect("why", (letter["dlq-deliveries"], letter["dlq-reason"]), (str(MOST), "max-deliver"))
    stage.expect("times it was tried", stage.redis.llen("tried"), MOST)
    stage.wait("the killed one is removed", lambda: killed not in consumers(stage))
    stage.expect("workers left", len(consumers(stage)), WORKERS - 1)
    stage.expect("brought back", stage.redis.execute_command("XREDRIVE", "dead"), 1)
    stage.wait("it is tried again", lambda: stage.redis.llen("tried") > MOST)
    stage.expect("length", stage.redis.xlen(STREAM), JOBS + 1)


def consumers(stage):
    return [one["name"].decode() for one in stage.redis.xinfo_consumers(STREAM, GROUP)]


policy.beyond_redis = True

SCENARIOS = {"loops": loops, "messenger": messenger, "restart": restart, "policy": policy}
