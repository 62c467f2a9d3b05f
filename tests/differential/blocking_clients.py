#!/usr/bin/python3
"""Several waiting clients per server: who is served, with what, in which order.

    blocking_clients.py --server build/dev/sluice-server [--scenarios N] [--seed S] [--protocol 2|3|both]

A scenario is a list of events, played on both servers: a client sends a blocking command, or the control connection
changes the keyspace. Nothing races: after a client sent its command we wait until it has a reply or `INFO clients`
counts one more blocked client; after a change we wait until the count and the replies add up. A mismatch prints the
seed and the shortest list of events.

7.2 serves a woken client in the order of its arguments, 7.0 in the order keys were touched. So a client that waits for
several keys waits for `m` keys, which one unit never fills in pairs; moves go to `d` keys, which only single-key waiters watch.
"""
import argparse
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from compare import doubles  # noqa: E402
from differential import ORACLE, brief, listed_commands, text_of  # noqa: E402
from resp import Connection, Incomplete, NoReply, parse  # noqa: E402
from server_process import ServerProcess  # noqa: E402
from shrink import shrink  # noqa: E402

CLIENTS = 16
SETTLE_TIMEOUT_S = 10.0
LISTS, MANY, DESTINATIONS, STREAMS, SORTED = [[letter + b"%d" % n for n in range(3)] for letter in (b"l", b"m", b"d", b"x", b"z")]


class Side:
    """One server with its control connection and its clients."""

    def __init__(self, port, protocol):
        self.control = Connection(port, 2)
        self.control.call(b"FLUSHALL")
        self.clients = [Connection(port, protocol) for _ in range(CLIENTS)]
        self.ids = [client.call(b"CLIENT", b"ID") for client in self.clients]
        self.base = self.blocked()
        self.waiting = set()

    def close(self):
        for connection in [self.control] + self.clients:
            connection.close()

    def blocked(self):
        for line in self.control.call(b"INFO", b"clients").split(b"\r\n"):
            if line.startswith(b"blocked_clients:"):
                return int(line.split(b":")[1])
        raise AssertionError("INFO clients has no blocked_clients")

    def _poll(self, number):
        """The client's next reply if it is there."""
        client = self.clients[number]
        client.socket.setblocking(False)
        try:
            data = client.socket.recv(1 << 16)
            if not data:
                raise NoReply("connection of client %d closed" % number)
            client.buffer += data
        except BlockingIOError:
            pass
        finally:
            client.socket.settimeout(20)
        try:
            value, at = parse(client.buffer, 0)
        except (Incomplete, IndexError):
            return None
        client.buffer = client.buffer[at:]
        return [value]

    def settle(self):
        """Replies that came, by client. Returns when those without a reply are exactly those counted as blocked."""
        replies = {}
        deadline = time.monotonic() + SETTLE_TIMEOUT_S
        while True:
            count = self.blocked() - self.base
            for number in sorted(self.waiting):
                reply = self._poll(number)
                if reply is not None:
                    replies[number] = reply[0]
                    self.waiting.discard(number)
            if count == len(self.waiting):
                return replies
            if time.monotonic() > deadline:
                raise NoReply("%d blocked, but clients %s wait for replies" % (count, sorted(self.waiting)))
            time.sleep(0.001)

    def play(self, event):
        """Returns (the control's reply or None, replies by client)."""
        kind, who, args = event
        if kind == "client":
            if who in self.waiting:
                return None, {}
            self.clients[who].send(*args)
            self.waiting.add(who)
            return None, self.settle()
        if kind == "unblock":
            answer = self.control.call(b"CLIENT", b"UNBLOCK", b"%d" % self.ids[who], *args)
        else:
            for one in args[:-1]:
                self.control.call(*one)
            answer = self.control.call(*args[-1])
        return answer, self.settle()


class Scenario:
    def __init__(self, rng, listed):
        self.rng = rng
        self.listed = listed

    def pick(self, pool):
        return self.rng.choice(pool)

    def end(self):
        return self.pick([b"LEFT", b"RIGHT"])

    def _group_reader(self, who):
        """In a group that is mostly there; its consumer is the client's own or one that others read as, too."""
        consumer = self.pick([b"own%d" % who, b"shared"])
        count = self.pick([[], [b"COUNT", b"1"], [b"COUNT", b"2", b"NOACK"]])
        keys = self.pick([[key] for key in STREAMS] + [STREAMS[:2]])
        return [b"XREADGROUP", b"GROUP", b"g", consumer] + count + [b"BLOCK", b"0", b"STREAMS"] + keys + [b">"] * len(keys)

    def _waiter(self):
        rng = self.rng
        who = rng.randrange(CLIENTS)
        single = self.pick(LISTS + DESTINATIONS)
        several = rng.sample(MANY, rng.randint(2, 3))
        source = self.pick(LISTS + MANY)
        wait = self.pick([b"0", b"30", b"20.5"])
        options = [
            [b"BLPOP", single, wait], [b"BRPOP", single, wait], [b"BLPOP"] + several + [wait], [b"BRPOP"] + several + [wait],
            [b"BLMOVE", source, self.pick(DESTINATIONS), self.end(), self.end(), wait],
            [b"BRPOPLPUSH", source, self.pick(DESTINATIONS), wait], [b"BRPOPLPUSH", LISTS[0], LISTS[0], wait],
            [b"BLMPOP", wait, b"1", single, self.end(), b"COUNT", b"2"], [b"BLMPOP", wait, b"%d" % len(several)] + several + [self.end()],
            [b"XREAD", b"BLOCK", b"0", b"STREAMS", self.pick(STREAMS), b"$"],
            [b"XREAD", b"COUNT", b"2", b"BLOCK", b"0", b"STREAMS"] + STREAMS + [b"$", b"$", b"5-0"],
            [b"BZPOPMIN", self.pick(SORTED), wait], [b"BZPOPMAX"] + SORTED + [wait],
            [b"BZMPOP", wait, b"1", self.pick(SORTED), self.pick([b"MIN", b"MAX"]), b"COUNT", b"2"], [b"BZMPOP", wait, b"2"] + SORTED + [b"MIN"],
            self._group_reader(who), self._group_reader(who), self._group_reader(who), self._group_reader(who),
        ]
        args = self.pick([o for o in options if o[0].decode() in self.listed])
        return ("client", who, args)

    def _values(self):
        return [b"v%d" % self.rng.randrange(1000) for _ in range(self.rng.randint(1, 3))]

    def _change(self, clock):
        """Commands of one event; only the last one's reply is compared."""
        rng = self.rng
        key = self.pick(LISTS + MANY + DESTINATIONS)
        push = [self.pick([b"LPUSH", b"RPUSH"]), key] + self._values()
        other = self.pick(LISTS + DESTINATIONS)
        shapes = [
            [push], [push], [push],
            [[b"MULTI"], push, [b"RPUSH", other] + self._values(), [b"EXEC"]],
            [[b"MULTI"], push, [b"DEL", key], [b"EXEC"]],
            [[b"MULTI"], push, [b"LPOP", key], [b"EXEC"]],
            [[b"EVAL", b"redis.call('RPUSH',KEYS[1],'s1','s2') return redis.call('LLEN',KEYS[1])", b"1", key]],
            [[b"RPUSH", b"tmp"] + self._values(), [b"RENAME", b"tmp", key]],
            [[b"RPUSH", b"tmp"] + self._values(), [b"COPY", b"tmp", key], [b"DEL", b"tmp"]],
            [[b"SET", key, b"a string"], [b"DEL", key]],
            [[b"SADD", key, b"a"], [b"DEL", key]],
            [[b"DEL", key]],
            [[b"SELECT", b"1"], push, [b"SELECT", b"0"]],
            [[b"SELECT", b"1"], [b"FLUSHDB"], [b"RPUSH", key] + self._values(), [b"SELECT", b"0"], [b"MOVE", key, b"1"]],
            [[b"XADD", self.pick(STREAMS), b"%d-1" % clock, b"f", b"v"]],
            [[b"MULTI"], [b"XADD", STREAMS[0], b"%d-1" % clock, b"f", b"v"], [b"XADD", STREAMS[0], b"%d-2" % clock, b"f", b"w"], [b"EXEC"]],
            [[b"XADD", self.pick(STREAMS), b"%d-1" % clock, b"f", b"v"]],
            [[b"EVAL", b"for n=1,3 do redis.call('XADD',KEYS[1],ARGV[1]..'-'..n,'f','v') end", b"1", self.pick(STREAMS), b"%d" % clock]],
            [[b"XADD", b"tmp", b"%d-1" % clock, b"f", b"v"], [b"XGROUP", b"CREATE", b"tmp", b"g", b"0"], [b"RENAMENX", b"tmp", self.pick(STREAMS)], [b"DEL", b"tmp"]],
            [[b"XGROUP", b"CREATE", self.pick(STREAMS), b"g", self.pick([b"0", b"$"]), b"MKSTREAM"]],
            [[b"ZADD", self.pick(SORTED), b"1.5", b"a", b"2.25", b"b"]],
        ]
        shapes = [shape for shape in shapes if all(args[0].decode() in self.listed for args in shape)]
        return ("change", None, self.pick(shapes))

    def events(self):
        rng = self.rng
        made = [("change", None, [[b"XGROUP", b"CREATE", key, b"g", b"$", b"MKSTREAM"]]) for key in STREAMS if rng.random() < 0.7]
        for clock in range(10, 10 + rng.randint(6, 30)):
            r = rng.random()
            if r < 0.55:
                made.append(self._waiter())
            elif r < 0.95:
                made.append(self._change(clock))
            else:
                made.append(("unblock", rng.randrange(CLIENTS), self.pick([[], [b"TIMEOUT"], [b"ERROR"]])))
        return made


def contents(side):
    found = []
    for key in sorted(side.control.call(b"KEYS", b"*")):
        kind = bytes(side.control.call(b"TYPE", key))
        read = {b"list": (b"LRANGE", key, b"0", b"-1"), b"stream": (b"XRANGE", key, b"-", b"+"),
                b"zset": (b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"), b"string": (b"GET", key)}.get(kind, (b"EXISTS", key))
        found.append([key, kind, side.control.call(*read)])
        if kind == b"stream":
            found.append([side.control.call(b"XPENDING", key, b"g")])
    return found


def play(ports, protocol, events):
    """Returns None, or (what differed, ours, the oracle's)."""
    sides = [Side(port, protocol) for port in ports]
    try:
        for event in events:
            outcomes = [side.play(event) for side in sides]
            (control_a, replies_a), (control_b, replies_b) = outcomes
            fine = doubles(control_a, control_b, None) and replies_a.keys() == replies_b.keys() and \
                all(doubles(replies_a[n], replies_b[n], None) for n in replies_a)
            if not fine:
                return "after " + describe(event), outcomes[0], outcomes[1]
        whole = [contents(side) for side in sides]
        return None if doubles(whole[0], whole[1], None) else ("contents at the end", whole[0], whole[1])
    except NoReply as lost:
        return "no reply: %s" % lost, None, None
    finally:
        for side in sides:
            side.close()


def describe(event):
    kind, who, args = event
    if kind == "change":
        return "control: " + " ; ".join(text_of(one) for one in args)
    return "client %d: %s" % (who, ("(unblocked) " if kind == "unblock" else "") + text_of(args))


def report(ports, protocol, seed, events, found):
    print("MISMATCH seed %s protocol %d: %s" % (seed, protocol, found[0]))
    latest = [found]

    def fails(candidate):
        again = play(ports, protocol, [event for step in candidate for event in step])
        latest[0] = again or latest[0]
        return again is not None
    steps = [[event] for event in events]
    steps = shrink(steps, fails) if fails(steps) else steps
    for step in steps:
        print("    " + describe(step[0]))
    print("  %s\n  under test: %s\n  oracle:     %s" % (latest[0][0], brief(latest[0][1]), brief(latest[0][2])))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=ORACLE)
    parser.add_argument("--oracle", default=ORACLE)
    parser.add_argument("--scenarios", type=int, default=60)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--protocol", choices=["2", "3", "both"], default="both")
    options = parser.parse_args()
    mismatches, count, began = 0, 0, time.monotonic()
    with ServerProcess(options.server) as tested, ServerProcess(options.oracle) as oracle:
        listed = listed_commands(tested.port) & listed_commands(oracle.port)
        for protocol in ([2, 3] if options.protocol == "both" else [int(options.protocol)]):
            for number in range(options.scenarios):
                seed = "%s/%d/%d" % (options.seed, protocol, number)
                events = Scenario(random.Random(seed), listed).events()
                found = play((tested.port, oracle.port), protocol, events)
                count += len(events)
                if found:
                    mismatches += 1
                    report((tested.port, oracle.port), protocol, seed, events, found)
                if mismatches >= 5:
                    return 1
    print("%d events, %d mismatches, %.1f s" % (count, mismatches, time.monotonic() - began))
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
