"""The functions that RQ's workers import and run. What they did is left in plain keys, for the scenarios to read."""
import os
import time

import redis

server = redis.Redis.from_url(os.environ["REDIS_URL"])


def add(a, b):
    return a + b


def record(name, value):
    server.rpush(name, value)
    return value


def fail_until(name, attempts):
    """Fails until it has been called `attempts` times."""
    done = server.incr(name)
    if done < attempts:
        raise ValueError("attempt %d" % done)
    return done


def wait_for(key, name):
    """Says that it runs, then waits to be released."""
    server.rpush(name, os.getpid())
    deadline = time.monotonic() + 30
    while not server.exists(key):
        if time.monotonic() > deadline:
            raise TimeoutError(key)
        time.sleep(0.02)
    return "released"


def slow(name, value):
    time.sleep(0.02)
    server.sadd(name, value)
