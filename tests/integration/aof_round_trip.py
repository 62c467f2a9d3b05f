#!/usr/bin/python3
"""Append-only logs, both ways: aof_round_trip.py --server build/dev/sluice-server

A server is filled with every type and encoding that redis-server 7.0.15 writes, through commands of every kind that
leave something else in the log than what was sent, and the other server is started on a copy of its log: it must show the
same over the wire. redis-server writes with an RDB base and a plain one, with timestamps and without. Each log
is handed over as it grew, in several increments, and again after a rewrite and what came behind it.
Consumer groups take part as soon as the server under test has XGROUP. Exit status 0: all of that.
"""
import argparse
import os
import shutil
import sys
import time

import rdb_round_trip as rdb
from rdb_round_trip import ORACLE
from resp import Connection, Error
from server_process import ServerProcess

LOG = "appendonlydir"
REWRITE_TIMEOUT_S = 30.0
GROUPS = ("XGROUP", "XREADGROUP", "XACK", "XCLAIM")
WRITTEN_BY_REDIS = (
    ("RDB base", ()),
    ("RDB base, timestamps", ("--aof-timestamp-enabled", "yes")),
    ("plain base", ("--aof-use-rdb-preamble", "no")),
    ("plain base, timestamps", ("--aof-use-rdb-preamble", "no", "--aof-timestamp-enabled", "yes")),
)


class Filler:
    """Sends commands, each of which must succeed; `groups`: those of consumer groups, too."""

    def __init__(self, server, groups):
        self.connection = Connection(server.port, 2)
        self.groups = groups

    def __call__(self, *words):
        if words[0] in GROUPS and not self.groups:
            return None
        reply = self.connection.call(*[word if type(word) is bytes else str(word).encode() for word in words])
        if isinstance(reply, Error) or (type(reply) is list and any(isinstance(part, Error) for part in reply)):
            raise RuntimeError("%r: %s" % (words, reply))
        return reply


def change(call, round_number):
    """What is not logged as it was sent, or moves what is there; each round leaves other traces."""
    call("MULTI")
    call("INCR", "counter")
    call("SETEX", "deadline:%d" % round_number, 1000 + round_number, "v")
    call("SELECT", "3")
    call("RPUSH", "list:in a transaction", round_number)
    call("SELECT", "0")
    call("EXEC")
    call("EVAL", "redis.call('set', KEYS[1], ARGV[1]) redis.call('lpush', KEYS[2], ARGV[1], ARGV[1])", 2,
         "script:string", "script:list", "by a script %d" % round_number)
    call("SPOP", "set:texts:20")
    call("SPOP", "set:integers:513", 7)
    call("EXPIRE", "list:1", 1000 + round_number)
    call("PERSIST", "list:5")
    call("GETEX", "string:0", "EX", "500")
    call("LMOVE", "list:300", "list:5", "LEFT", "RIGHT")
    call("BLMOVE", "list:300", "list:20000", "RIGHT", "LEFT", "1")
    call("HINCRBYFLOAT", "hash:20", "float", "1.5")
    call("INCRBYFLOAT", "float", "2.25")
    call("SETRANGE", "string:noise", 60000, "behind it")
    call("SETBIT", "bits", 1000 * round_number, 1)
    call("ZPOPMIN", "zset:128")
    call("ZINCRBY", "zset:20", "0.1", "member 1")
    call("SUNIONSTORE", "set:union", "set:integers:20", "set:texts:20")
    call("ZUNIONSTORE", "zset:union", 2, "zset:20", "zset:129", "WEIGHTS", "2", "-0.5")
    call("SORT", "list:300", "ALPHA", "STORE", "list:sorted")
    for key in ("string:long", "list:big", "set:wide:20", "set:texts:513", "hash:129", "zset:3000", "stream"):
        call("COPY", key, "copy:" + key, "REPLACE")
        call("RESTORE", "restored:" + key, 5000000, call("DUMP", key), "REPLACE")
    call("XADD", "stream", "*", "an identifier", "of the server's own")
    call("XTRIM", "stream:trimmed", "MAXLEN", "~", 40 - 10 * round_number)
    call("XSETID", "stream:emptied", "9-%d" % round_number)
    call("RENAME", "copy:set:wide:20", "renamed")
    call("DEL", "restored:zset:3000")
    call("SET", "brief", "v", "PX", 1)
    time.sleep(0.01)
    call("GET", "brief")
    call("SWAPDB", "3", "15")
    call("SELECT", "9")
    call("SET", "gone", "v")
    call("FLUSHDB")
    call("SELECT", "0")


def rewrite(call):
    call("BGREWRITEAOF")
    deadline = time.monotonic() + REWRITE_TIMEOUT_S
    while time.monotonic() < deadline:
        told = bytes(call("INFO", "persistence"))
        if all(b"aof_rewrite_%s:0" % word in told for word in (b"in_progress", b"scheduled")):
            if b"aof_last_bgrewrite_status:ok" in told:
                return
            break
        time.sleep(0.05)
    raise RuntimeError("the rewrite did not come to its end")


def rewrite_cut_off(server, call, round_number):
    """redis-server opens an increment for a rewrite; what ends the rewrite leaves both in the log."""
    call("CONFIG", "SET", "rdb-key-save-delay", 1000000)
    call("BGREWRITEAOF")
    change(call, round_number)
    server.restart(crash=False)


def parts(server, kind):
    with open(os.path.join(server.directory, LOG, "appendonly.aof.manifest")) as manifest:
        return sum(line.rstrip().endswith("type " + kind) for line in manifest if line.startswith("file"))


def handed_over(title, server, reader, groups):
    """Kills `server`, and compares with what `reader`, a program, makes of its log."""
    told = rdb.describe(Connection(server.port, 2), groups)
    server.kill()
    with ServerProcess(reader, appendonly=True) as other:
        other.kill()
        folder = os.path.join(other.directory, LOG)
        shutil.rmtree(folder)
        shutil.copytree(os.path.join(server.directory, LOG), folder)
        other.start()
        title = "%s (%d increments)" % (title, parts(server, "i"))
        return rdb.report(title, told, rdb.describe(Connection(other.port, 2), groups))


def grown_and_rewritten(title, server, reader, groups, second_increment):
    """The log of `server` in two states; True if `reader` made of both what was there."""
    call = Filler(server, groups)
    rdb.fill(call)
    if not rdb.has_every_encoding(title, call.connection):
        return False
    change(call, 1)
    second_increment(server, call)
    if parts(server, "i") < 2:
        raise RuntimeError("%s: only one increment to read" % title)
    good = handed_over(title, server, reader, groups)
    server.start()
    call = Filler(server, groups)
    rewrite(call)
    change(call, 3)
    return handed_over(title + ", rewritten", server, reader, groups) and good


def ours_to_theirs(program, groups):
    def restarted(server, _):
        server.restart(crash=True)
        change(Filler(server, groups), 2)

    with ServerProcess(program, appendonly=True) as server:
        return grown_and_rewritten("our log, loaded by theirs", server, ORACLE, groups, restarted)


def theirs_to_ours(program, groups):
    good = True
    for title, options in WRITTEN_BY_REDIS:
        with ServerProcess(ORACLE, options, appendonly=True) as server:
            good &= grown_and_rewritten("their log, %s, loaded by ours" % title, server, program, groups,
                                        lambda its, call: rewrite_cut_off(its, call, 2))
    return good


def has_groups(program):
    with ServerProcess(program) as server:
        return type(Connection(server.port, 2).call(b"COMMAND", b"INFO", b"XGROUP")[0]) is list


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    options = parser.parse_args()
    groups = has_groups(options.server)
    good = ours_to_theirs(options.server, groups)
    good &= theirs_to_ours(options.server, groups)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
