"""redis-benchmark's default tests, briefly: plain and pipelined."""
import re

TESTS = "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange,mset"
TITLES = ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET", "SPOP", "ZADD", "ZPOPMIN", "LRANGE_100", "MSET"]


def default_tests(stage):
    for options in (["-n", "2000", "-c", "20"], ["-n", "4000", "-c", "10", "-P", "16", "-r", "1000"]):
        output = stage.run(["/usr/bin/redis-benchmark", "-p", str(stage.server.port), "-q", "-t", TESTS] + options, timeout=60)
        seen = set(re.findall(r"([A-Z]+(?:_[A-Z0-9]+)?)(?: \([^)]*\))*: [0-9.]+ requests per second", output))
        stage.expect("tests without a figure", sorted(set(TITLES) - seen), [])
        stage.expect("complaints", re.findall(r".*(?:ERR|WARNING|Error).*", output), [])


SCENARIOS = {"default_tests": default_tests}
