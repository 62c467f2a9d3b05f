#!/usr/bin/python3
"""Writes redis_stream_errors.txt: bad words for every stream command of Redis 7.0, and the error that a redis-server answers to each, as lines that
bad_streams_test.cc compares with ours.

    capture_redis_stream_errors.py [redis-server] > tests/contract/redis_stream_errors.txt
    capture_redis_stream_errors.py --check tests/contract/redis_stream_errors.txt

The second asks the redis-server installed here whether the file still is what it answers: status 77 if that is none, or another version.

A line is the words, each in quotation marks, a tab, and the error. Left out is where 7.2.4 wins (tests/differential/README.md): unbalanced lists of
streams, `+` of XREAD, and XSETID below the largest deleted id.
"""
import difflib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time

LAST = "18446744073709551615-18446744073709551615"
# What the keys hold; bad_streams_test.cc makes the same. `none` is no key.
SETUP = [
    "XADD s 1-1 f v", "XADD s 5-1 f v", "XADD s 5-2 f v", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c COUNT 2 STREAMS s >", "XDEL s 5-1",
    "XADD top " + LAST + " f v", "XGROUP CREATE top g 0", "SET str x",
]
IDS = ["", "x", "-", "+", "$", ">", "*", "(", "(1", "((1", "1-", "-1", "1-x", "1-1-1", "1-*", "0", "0-0", "1-1", "5-2", "18446744073709551616", LAST]
NUMBERS = ["", "x", "-1", "0", "1.5", " 1", "9223372036854775808", "-9223372036854775809"]
WITH_ID = [
    "XADD {k} {i} f v", "XADD {k} NOMKSTREAM {i} f v", "XADD {k} MINID {i} 9-9 f v", "XADD {k} MINID ~ {i} 9-9 f v", "XDEL {k} {i}", "XDEL {k} 1-1 {i}",
    "XTRIM {k} MINID {i}", "XTRIM {k} MINID ~ {i} LIMIT 5", "XRANGE {k} {i} +", "XRANGE {k} - {i}", "XREVRANGE {k} {i} -", "XREVRANGE {k} + {i}",
    "XREAD STREAMS {k} {i}", "XREADGROUP GROUP g c STREAMS {k} {i}", "XREADGROUP GROUP other c STREAMS {k} {i}", "XACK {k} g {i}", "XACK {k} g 1-1 {i}",
    "XACK {k} other {i}", "XSETID {k} {i}", "XSETID {k} " + LAST + " ENTRIESADDED 5 MAXDELETEDID {i}", "XGROUP CREATE {k} new {i}",
    "XGROUP CREATE {k} new {i} MKSTREAM", "XGROUP CREATE {k} g {i}", "XGROUP SETID {k} g {i}", "XGROUP SETID {k} other {i}", "XPENDING {k} g {i} + 1",
    "XPENDING {k} g - {i} 1", "XPENDING {k} other {i} + 1", "XCLAIM {k} g d 0 {i}", "XCLAIM {k} g d 0 1-1 {i}", "XCLAIM {k} g d 0 1-1 LASTID {i}",
    "XCLAIM {k} other d 0 {i}", "XAUTOCLAIM {k} g d 0 {i}", "XAUTOCLAIM {k} other d 0 {i}",
]
WITH_NUMBER = [
    "XADD {k} MAXLEN {i} 9-9 f v", "XADD {k} MAXLEN ~ {i} 9-9 f v", "XADD {k} MAXLEN ~ 1 LIMIT {i} 9-9 f v", "XADD {k} MAXLEN = 1 LIMIT {i} 9-9 f v",
    "XTRIM {k} MAXLEN {i}", "XTRIM {k} MAXLEN ~ 5 LIMIT {i}", "XTRIM {k} MAXLEN 5 LIMIT {i}", "XRANGE {k} - + COUNT {i}", "XREVRANGE {k} + - COUNT {i}",
    "XREAD COUNT {i} STREAMS {k} 0", "XREAD BLOCK {i} STREAMS {k} 0", "XREADGROUP GROUP g c COUNT {i} STREAMS {k} 0", "XREADGROUP GROUP g c BLOCK {i} STREAMS {k} 0",
    "XREADGROUP GROUP other c COUNT {i} STREAMS {k} >", "XGROUP CREATE {k} new 0 ENTRIESREAD {i}", "XGROUP SETID {k} g 0 ENTRIESREAD {i}",
    "XSETID {k} " + LAST + " ENTRIESADDED {i} MAXDELETEDID 1-1", "XPENDING {k} g - + {i}", "XPENDING {k} g - + {i} c", "XPENDING {k} g IDLE {i} - + 9",
    "XPENDING {k} other IDLE {i} - + 9", "XCLAIM {k} g d {i} 1-1", "XCLAIM {k} other d {i} 1-1", "XCLAIM {k} g d 0 1-1 IDLE {i}", "XCLAIM {k} g d 0 1-1 TIME {i}",
    "XCLAIM {k} g d 0 1-1 RETRYCOUNT {i}", "XAUTOCLAIM {k} g d {i} 0", "XAUTOCLAIM {k} other d {i} 0", "XAUTOCLAIM {k} g d 0 0 COUNT {i}",
    "XAUTOCLAIM {k} g d {i} x COUNT {i}", "XINFO STREAM {k} FULL COUNT {i}", "XINFO STREAM {k} {i}", "XINFO CONSUMERS {k} {i}",
]
PLAIN = [
    "XADD {k} *", "XADD {k} * f", "XADD {k} * f v g", "XADD {k} MAXLEN 1 MINID 1 * f v", "XADD {k} LIMIT 5 * f v", "XADD {k} MAXLEN", "XTRIM {k}", "XTRIM {k} MAXLEN",
    "XTRIM {k} MAXLEN ~", "XTRIM {k} MAXLEN 1 MINID 1", "XTRIM {k} MAXLEN 1 x", "XTRIM {k} MAXLEN 1 LIMIT", "XDEL {k}", "XLEN {k} x", "XLEN {k}", "XRANGE {k} - + COUNT",
    "XRANGE {k} - + x", "XRANGE {k} -", "XREAD COUNT 1 {k} 0", "XREAD STREAMS", "XREAD GROUP g c STREAMS {k} 0", "XREAD NOACK STREAMS {k} 0",
    "XREADGROUP GROUP g STREAMS {k} > >", "XREADGROUP STREAMS {k} {k} {k} 0 0 0", "XREADGROUP COUNT 1 NOACK STREAMS {k} >", "XREADGROUP GROUP other c NOACK STREAMS {k} >",
    "XACK {k} g", "XGROUP DESTROY {k} other", "XGROUP DESTROY {k} g x", "XGROUP DELCONSUMER {k} other c", "XGROUP CREATECONSUMER {k} other c", "XGROUP CREATE {k} g",
    "XGROUP CREATE {k} new 0 WHAT", "XGROUP CREATE {k} new 0 MKSTREAM WHAT", "XGROUP CREATE {k} new 0 ENTRIESREAD", "XGROUP SETID {k} g 0 MKSTREAM", "XGROUP WHAT {k} g",
    "XPENDING {k}", "XPENDING {k} other", "XPENDING {k} g -", "XPENDING {k} g - +", "XPENDING {k} g IDLE", "XPENDING {k} g IDLE 1 - +", "XPENDING {k} g IDLE 1 - + 1 c x",
    "XPENDING {k} other - + 1", "XCLAIM {k} g d 0", "XCLAIM {k} g d 0 1-1 WHAT", "XCLAIM {k} g d 0 1-1 IDLE", "XCLAIM {k} g d 0 1-1 FORCE 1-1", "XAUTOCLAIM {k} g d 0",
    "XAUTOCLAIM {k} g d 0 0 WHAT", "XAUTOCLAIM {k} g d 0 0 COUNT", "XINFO STREAM {k} FULL COUNT", "XINFO STREAM {k} FULL WHAT 1", "XINFO CONSUMERS {k}",
    "XINFO CONSUMERS {k} other", "XINFO GROUPS {k}", "XINFO GROUPS {k} x", "XINFO WHAT {k}", "XSETID {k}", "XSETID {k} 9-9 ENTRIESADDED 5", "XSETID {k} 9-9 WHAT 5",
]


class Server:
    def __init__(self, program):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.place = tempfile.mkdtemp(prefix="capture-")
        self.process = subprocess.Popen([program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", self.place], stdout=subprocess.DEVNULL)
        for _ in range(100):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port))
                break
            except OSError:
                time.sleep(0.05)
        self.file = self.socket.makefile("rb")

    def send(self, words):
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in map(str.encode, words)))
        return self.answer()

    def answer(self):
        line = self.file.readline()[:-2].decode()
        if line[0] == "$" and line != "$-1":
            self.file.read(int(line[1:]) + 2)
        if line[0] == "*":
            for _ in range(int(line[1:])):
                self.answer()
        return line

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.place)


def requests():
    """The line that each was made of, and its words."""
    for key in ("s", "none", "str", "top"):
        for lines, bad in ((WITH_ID, IDS), (WITH_NUMBER, NUMBERS), (PLAIN, [""])):
            for line in lines:
                for word in bad:
                    if "BLOCK" in line and word == "0":
                        continue  # it would wait
                    yield line, [key if part == "{k}" else word if part == "{i}" else part for part in line.split(" ")]


def wins_in_later_releases(words):
    return (words[0] == "XREAD" and "+" in words) or (words[:2] == ["XSETID", "s"] and len(words) == 3)


def captured(program):
    server = Server(program)
    try:
        known = set()
        for line, words in requests():
            server.send(["FLUSHALL"])
            for setup in SETUP:
                server.send(setup.split(" "))
            answer = server.send(words)
            if answer[0] != "-" or "Unbalanced" in answer or wins_in_later_releases(words):
                continue
            # Of the other keys one of a kind will do.
            kind = tuple(words) if words[1] == "s" or words[2:3] == ["s"] else (line, answer)
            if kind not in known:
                known.add(kind)
                yield " ".join(json.dumps(word) for word in words) + "\t" + answer[1:]
    finally:
        server.close()


def main():
    check = sys.argv[1:2] == ["--check"]
    program = "redis-server" if check else (sys.argv[1:] or ["redis-server"])[0]
    if check and (not shutil.which(program) or "v=7.0." not in subprocess.run([program, "--version"], capture_output=True, text=True).stdout):
        sys.exit(77)
    lines = list(captured(program))
    if not check:
        print("\n".join(lines))
        return
    with open(sys.argv[2]) as file:
        known = file.read().splitlines()
    difference = list(difflib.unified_diff(known, lines, "captured", "answered", lineterm=""))
    print("\n".join(difference[:40]) or "%d errors, as captured" % len(lines))
    sys.exit(1 if difference else 0)


main()
