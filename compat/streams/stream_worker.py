"""A worker process that reads one stream as a consumer of one group: `stream_worker.py loop|plain|messenger NAME`.

`loop` is what redis-py's users write: its own unfinished work first, then new entries, and now and then what others left
idle. `plain` reads new entries, acknowledges what it could do, and knows of nothing else. `messenger` asks as Symfony
Messenger's Redis transport does: one entry at a time, XPENDING and XCLAIM for what is idle, XACK and XDEL for what is done, delayed messages in a sorted set beside the stream.

What is done is written down by a script together with the acknowledgement, so that it counts once. An entry that says
"hang" hangs whoever gets it first: somebody else must finish it. One that says "poison" is never done.
"""
import json
import os
import sys
import time

import redis

STREAM, GROUP, DELAYED = "jobs", "workers", "jobs__queue"
IDLE_MS = 300
DONE = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('RPUSH', 'done', ARGV[3])
return 1
"""


class Worker:
    def __init__(self, name):
        self.name = name
        self.redis = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
        self.done = self.redis.register_script(DONE)
        self.redis.sadd("started", name)

    def handle(self, entry, fields):
        job = json.loads(fields["message"])
        if job.get("poison"):
            self.redis.rpush("tried", job["number"])
            return 0
        self.redis.rpush("handled", job["number"])
        if job.get("hang") and self.redis.set("hung", self.name, nx=True):
            time.sleep(3600)
        return self.done(keys=[STREAM], args=[GROUP, entry, job["number"]])

    def read(self, start, **options):
        got = self.redis.xreadgroup(GROUP, self.name, {STREAM: start}, **options)
        return got[0][1] if got else []

    def loop(self):
        while True:
            for entry, fields in self.read("0"):
                self.handle(entry, fields)
            for entry, fields in self.read(">", count=5, block=50):
                self.handle(entry, fields)
            cursor, claimed, _deleted = self.redis.xautoclaim(STREAM, GROUP, self.name, IDLE_MS, count=10)
            for entry, fields in claimed:
                self.handle(entry, fields)

    def plain(self):
        while True:
            for entry, fields in self.read(">", count=5, block=50):
                self.handle(entry, fields)

    def messenger(self):
        try:
            self.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        if len(self.redis.xinfo_groups(STREAM)) != 1:
            raise RuntimeError("more than one group")
        while True:
            self._move_due()
            self._claim_one()
            for entry, fields in self.read("0", count=1, block=1) or self.read(">", count=1, block=1):
                if fields is None:  # pending, but gone from the stream
                    self.redis.xack(STREAM, GROUP, entry)
                elif self.handle(entry, fields) and self.redis.xdel(STREAM, entry) != 1:
                    raise RuntimeError("could not delete %s" % entry)

    def _move_due(self):
        now = int(time.time() * 1000)
        if not self.redis.zcount(DELAYED, 0, now):
            return
        for message, at in self.redis.zpopmin(DELAYED, 1):
            if at > now:
                self.redis.zadd(DELAYED, {message: at}, nx=True)
            else:
                self.redis.xadd(STREAM, {"message": message})

    def _claim_one(self):
        for pending in self.redis.xpending_range(STREAM, GROUP, "-", "+", 1):
            if pending["consumer"] != self.name and pending["time_since_delivered"] >= IDLE_MS:
                self.redis.xclaim(STREAM, GROUP, self.name, IDLE_MS, [pending["message_id"]], justid=True)


if __name__ == "__main__":
    getattr(Worker(sys.argv[2]), sys.argv[1])()
