#!/usr/bin/python3
"""Files in RDB format, both ways: rdb_round_trip.py --server build/dev/sluice-server

redis-server 7.0.15 is filled with every type and encoding it writes, consumer groups included, and saves. The
server under test loads that file and shows the same over the wire; it writes a file of its own; redis-server loads
that, and must hold what it held at first. And every value goes over by DUMP and RESTORE, both ways. What redis-server 7.0.15
does not know of, fields that expire and payloads of later versions, costs it nothing else: it loads our files, our log and
our payloads with the values, and we load them with the deadlines. Exit status 0: all of that.
"""
import argparse
import hashlib
import os
import random
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "differential"))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from resp import Connection, Error  # noqa: E402
from server_process import ServerProcess  # noqa: E402

ORACLE = "/usr/bin/redis-server"
FAR_MS = b"4102444800123"


def fill(call):
    """One key of every form, and some in other databases and with deadlines."""
    draw = random.Random(7)
    call("SET", "string:empty", "")
    for number in ("0", "-1", "127", "-129", "32768", "-2147483649", "9223372036854775807", "00", "3.5"):
        call("SET", "string:" + number, number)
    call("SET", "string:long", "compress me " * 3000)
    call("SET", "string:noise", bytes(draw.randrange(256) for _ in range(50000)))
    call("APPEND", "string:appended", "1")
    for size in (1, 5, 300, 20000):
        for i in range(0, size, 500):
            call("RPUSH", "list:%d" % size, *[b"job %d" % (n * 7919) for n in range(i, min(i + 500, size))])
    call("RPUSH", "list:numbers", *[str((-1) ** n * 3 ** n) for n in range(45)])
    call("RPUSH", "list:big", "a", "b" * 9000, "c", bytes(draw.randrange(256) for _ in range(100000)), "d")
    for size in (1, 20, 128, 129, 513, 3000):
        call("SADD", "set:integers:%d" % size, *range(-5, size - 5))
        call("SADD", "set:wide:%d" % size, *[n * 10 ** 12 for n in range(size)])
        call("SADD", "set:texts:%d" % size, *["member %d" % n for n in range(size)])
        call("HSET", "hash:%d" % size, *[word for n in range(size) for word in ("field %d" % n, n * n)])
        call("ZADD", "zset:%d" % size, *[word for n in range(size) for word in (n * 0.37 - 5, "member %d" % n)])
    call("HSET", "hash:long", "field", "v" * 100, "f" * 100, "value")
    call("ZADD", "zset:infinite", "-inf", "low", "inf", "high", "1e300", "big", "-0", "zero", "0.1", "m" * 100)
    for n in range(1, 700):
        names = ("name", "number") if n % 7 else ("other%d" % n,)
        call("XADD", "stream", "%d-%d" % (1000 + n // 3, n), *[word for name in names for word in (name, n * 31)])
    for n in range(1, 700, 11):
        call("XDEL", "stream", "%d-%d" % (1000 + n // 3, n))
    call("XGROUP", "CREATE", "stream", "workers", "0")
    call("XGROUP", "CREATE", "stream", "late", "$")
    call("XGROUP", "CREATE", "stream", "nobody", "1100-0")
    for name in ("one", "two", "three"):
        call("XREADGROUP", "GROUP", "workers", name, "COUNT", "50", "STREAMS", "stream", ">")
    call("XACK", "stream", "workers", "1000-2", "1002-6")
    call("XCLAIM", "stream", "workers", "four", "0", "1003-9", "1003-10", "TIME", "1600000000000", "RETRYCOUNT", "7")
    call("XGROUP", "CREATECONSUMER", "stream", "late", "idle")
    call("XADD", "stream:emptied", "5-5", "f", "v")
    call("XDEL", "stream:emptied", "5-5")
    call("XGROUP", "CREATE", "stream:trimmed", "g", "0", "MKSTREAM")
    for n in range(1, 300):
        call("XADD", "stream:trimmed", "MAXLEN", "50", str(n), "f", "v")
    for key in ("string:long", "list:5", "stream"):
        call("PEXPIREAT", key, FAR_MS)
    for number in ("3", "15"):
        call("SELECT", number)
        call("SET", "elsewhere", number, "PXAT", FAR_MS)
    call("SELECT", "0")


# Whatever redis-server 7.0.15 can write: what is compared must have been there.
ENCODINGS = {(b"string", b"int"), (b"string", b"embstr"), (b"string", b"raw"), (b"list", b"quicklist"), (b"set", b"intset"),
             (b"set", b"hashtable"), (b"zset", b"listpack"), (b"zset", b"skiplist"), (b"hash", b"listpack"),
             (b"hash", b"hashtable"), (b"stream", b"stream")}


def encodings(connection):
    """database, key -> type and encoding."""
    found = {}
    for number in (b"0", b"3", b"15"):
        connection.call(b"SELECT", number)
        for key in connection.call(b"KEYS", b"*"):
            found[number, key] = (bytes(connection.call(b"TYPE", key)), bytes(connection.call(b"OBJECT", b"ENCODING", key)))
    connection.call(b"SELECT", b"0")
    return found


def has_every_encoding(title, connection):
    missing = ENCODINGS - set(encodings(connection).values())
    if missing:
        print("%s: nothing is encoded as %r" % (title, sorted(missing)))
    return not missing


READ = {
    b"string": lambda key: (b"GET", key),
    b"list": lambda key: (b"LRANGE", key, b"0", b"-1"),
    b"hash": lambda key: (b"HGETALL", key),
    b"set": lambda key: (b"SMEMBERS", key),
    b"zset": lambda key: (b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"),
    b"stream": lambda key: (b"XRANGE", key, b"-", b"+"),
}


def canonical(kind, whole):
    """What does not depend on the order of a table, nor on how a double is printed."""
    if kind == b"set":
        return sorted(whole)
    if kind == b"hash":
        return sorted(zip(whole[::2], whole[1::2]))
    if kind == b"zset":
        return sorted(zip(map(float, whole[1::2]), whole[::2]))
    return whole


# How a radix tree happens to be built is no content; when consumers came is not in a log; the rest redis-server does not
# tell, or tells only where it can.
UNTOLD = (b"radix-tree-keys", b"radix-tree-nodes", b"seen-time", b"active-time", b"nacked-count", b"lag")


def told(full):
    """What both servers tell of a stream, a group or a consumer, as pairs."""
    pairs = [(bytes(name), value) for name, value in zip(full[::2], full[1::2])]
    return [(name, [told(one) for one in value] if name in (b"groups", b"consumers") else value)
            for name, value in pairs if name not in UNTOLD and not name.startswith((b"idmp-", b"pids-", b"iids-"))]


def describe(connection, groups):
    """database, key -> digest of type, deadline and content; with `groups`, what XINFO STREAM FULL tells."""
    found = {}
    for number in (b"0", b"3", b"15"):
        connection.call(b"SELECT", number)
        for key in connection.call(b"KEYS", b"*"):
            kind = bytes(connection.call(b"TYPE", key))
            facts = [kind, connection.call(b"PEXPIRETIME", key), canonical(kind, connection.call(*READ[kind](key)))]
            if kind == b"stream" and groups:
                facts.append(told(connection.call(b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0")))
            found[number, key] = hashlib.sha256(repr(facts).encode()).hexdigest()
    connection.call(b"SELECT", b"0")
    return found


def report(title, left, right):
    wrong = sorted(key for key in set(left) | set(right) if left.get(key) != right.get(key))
    print("%s: %d keys, %d differ%s" % (title, len(right), len(wrong), ": %r" % wrong[:8] if wrong else ""))
    return not wrong and len(right) > 50


def serving(program, dump=None, log=None):
    server = ServerProcess(program, ["--enable-debug-command", "yes"], appendonly=log is not None)
    if log:
        shutil.copytree(os.path.join(log, "appendonlydir"), os.path.join(server.directory, "appendonlydir"))
    if dump:
        shutil.copy(dump, os.path.join(server.directory, "dump.rdb"))
    return server


def fill_newer(call):
    """What redis-server 7.0.15 has no words for; returns the names of the fields of each hash."""
    fields = {b"dated:%d" % size: [b"field %d" % n for n in range(size)] for size in (1, 3, 5000)}
    for key, names in fields.items():
        call(b"HSET", key, *[word for name in names for word in (name, b"value of " + name)])
        call(b"HPEXPIREAT", key, FAR_MS, b"FIELDS", b"%d" % len(names[::2]), *names[::2])
    # A packed set of Redis 7.2, and a hash of 7.4 with two fields, the first of which expires. No checksum.
    far = int(FAR_MS).to_bytes(8, "little")
    call(b"RESTORE", b"newer:set", b"0", b"\x14\x0c\x0c\0\0\0\2\0\x81a\2\x07\1\xff" + b"\x0b\0" + bytes(8))
    call(b"RESTORE", b"newer:hash", b"0", b"\x18" + far + b"\2\1\1a\1x\0\1b\1y" + b"\x0c\0" + bytes(8))
    fields[b"newer:hash"] = [b"a", b"b"]
    call(b"SET", b"behind", b"them")
    return fields


def check_newer(program):
    def kept(connection, deadlines=None):
        """What is there; with the fields of hashes, their deadlines too."""
        facts = [connection.call(b"GET", b"behind"), sorted(connection.call(b"SMEMBERS", b"newer:set"))]
        for key in sorted(fields):
            facts.append(canonical(b"hash", connection.call(b"HGETALL", key)))
            if deadlines:
                facts.append(connection.call(b"HPEXPIRETIME", key, b"FIELDS", b"%d" % len(fields[key]), *fields[key]))
        return facts

    def compare(title, left, right):
        print("%s: %s" % (title, "the same" if left == right else "they differ"))
        return left == right

    with ServerProcess(program, appendonly=True) as tested, serving(ORACLE) as fresh:
        ours, theirs = Connection(tested.port, 2), Connection(fresh.port, 2)

        def call(*words):
            reply = ours.call(*words)
            if isinstance(reply, Error):
                raise RuntimeError("%r: %s" % (words, reply))
            return reply
        fields = fill_newer(call)
        plain, full = kept(ours), kept(ours, True)
        good = full.count([int(FAR_MS), -1]) == 1
        with serving(ORACLE, log=tested.directory) as again:
            good &= compare("our log, loaded by theirs", plain, kept(Connection(again.port, 2)))
        call(b"SAVE")
        with serving(ORACLE, os.path.join(tested.directory, "dump.rdb")) as again:
            good &= compare("our file, loaded by theirs", plain, kept(Connection(again.port, 2)))
        call(b"BGREWRITEAOF")
        while b"aof_rewrite_in_progress:1" in call(b"INFO", b"persistence"):
            time.sleep(0.05)
        with serving(ORACLE, log=tested.directory) as again:
            good &= compare("our rewritten log, loaded by theirs", plain, kept(Connection(again.port, 2)))
        for key in list(fields) + [b"newer:set", b"behind"]:
            payload = call(b"DUMP", key)
            for taker in (ours, theirs):
                good &= taker.call(b"RESTORE", key, b"0", payload, b"REPLACE") == b"OK"
        good &= compare("ours to theirs by DUMP", plain, kept(theirs)) and compare("and to ours", full, kept(ours, True))
        tested.restart(crash=False)
        good &= compare("our log, loaded by us", full, kept(Connection(tested.port, 2), True))
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    options = parser.parse_args()
    good = True
    with serving(ORACLE) as oracle, serving(ORACLE) as fresh:
        theirs = Connection(oracle.port, 2)

        def call(*words):
            reply = theirs.call(*[word if type(word) is bytes else str(word).encode() for word in words])
            if isinstance(reply, Error):
                raise RuntimeError("%r: %s" % (words, reply))
        fill(call)
        call("SAVE")
        plain, full = describe(theirs, False), describe(theirs, True)
        good &= has_every_encoding("redis-server", theirs)
        with serving(ORACLE, os.path.join(oracle.directory, "dump.rdb")) as again:
            loaded_by_theirs = encodings(Connection(again.port, 2))
        with serving(options.server, os.path.join(oracle.directory, "dump.rdb")) as tested:
            ours = Connection(tested.port, 2)
            good &= report("loaded from their file", plain, describe(ours, False))
            loaded_by_ours = encodings(ours)
            if ours.call(b"DEBUG", b"RELOAD") != b"OK":
                raise RuntimeError("DEBUG RELOAD failed:\n" + tested.log_tail())
            good &= report("loaded again from our own", plain, describe(ours, False))
            good &= report("encodings from our own and from theirs", loaded_by_ours, encodings(ours))
            with serving(ORACLE, os.path.join(tested.directory, "dump.rdb")) as again:
                good &= report("our file, loaded by theirs", full, describe(Connection(again.port, 2), True))
                good &= report("its encodings and those of their own", loaded_by_theirs,
                               encodings(Connection(again.port, 2)))
            other = Connection(fresh.port, 2)
            for number, key in sorted(full):
                for connection in (theirs, ours, other):
                    connection.call(b"SELECT", number)
                at = b"%d" % max(0, theirs.call(b"PEXPIRETIME", key))
                for taken, given in ((ours, theirs), (other, ours)):
                    reply = taken.call(b"RESTORE", key, at, given.call(b"DUMP", key), b"REPLACE", b"ABSTTL")
                    if reply != b"OK":
                        print("RESTORE %r: %r" % (key, reply))
                        good = False
            good &= report("theirs, to ours, to theirs by DUMP", full, describe(other, True))
    good &= check_newer(options.server)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
