"""Two servers that are sent the same things: the one under test and the oracle, on one connection each.

A *step* is a list of items that belong together (a MULTI block, a command and the question before it); an item is
(arguments, rule). Items are pipelined; when both servers answer with the same bytes nothing is parsed. A rule that
is a Special runs alone, between two flushes. Knows nothing of how commands are generated.
"""
import os

import known_differences
from compare import RULES, encodings_agree, is_queued, same
from resp import Connection, Error, Incomplete, NoReply, Push, Status, encode, parse_all

UNRULED = "sequence"  # subscribe-mode steps: replies compared as one sequence, pushes as another
NOT_QUEUED = {b"MULTI", b"EXEC", b"DISCARD", b"WATCH", b"RESET", b"QUIT"}


class Mismatch:
    def __init__(self, args, why, a=None, b=None):
        self.args = args
        self.why = why
        self.a = a
        self.b = b
        self.step = None

    def signature(self):
        return (self.args[0].upper() if self.args else b"", self.why.split(":")[0])


class Special:
    """An exchange that needs more than one round trip. `run` returns a Mismatch or None."""

    def run(self, pair, args):
        raise NotImplementedError


class Pair:
    def __init__(self, tested_port, oracle_port, protocol, later):
        self.ports = (tested_port, oracle_port)
        self.protocol = protocol
        self.later = later
        self.tested = Connection(tested_port, protocol)
        self.oracle = Connection(oracle_port, protocol)
        self._others = None
        self.marker = b"~%b~" % os.urandom(9).hex().encode()
        self.ping = encode([b"PING", self.marker])
        self.end = b"$%d\r\n%b\r\n" % (len(self.marker), self.marker)

    def others(self):
        """A second connection to each server, for what comes from somebody else."""
        if self._others is None:
            self._others = (Connection(self.ports[0], self.protocol), Connection(self.ports[1], self.protocol))
        return self._others

    def close(self):
        for connection in (self.tested, self.oracle) + (self._others or ()):
            connection.close()

    def reset(self):
        for connection in (self.tested, self.oracle):
            connection.call(b"FLUSHALL")
            connection.call(b"SCRIPT", b"FLUSH")

    def run(self, steps):
        """Runs the steps in order, pipelined; returns the first Mismatch or None."""
        items, owners = [], []
        for number, step in enumerate(steps):
            alone = any(rule == UNRULED for _args, rule in step)
            if alone and items:
                found = self._flush(items, owners)
                if found:
                    return found
                items, owners = [], []
            for args, rule in step:
                if isinstance(rule, Special):
                    found = self._flush(items, owners) or self._special(rule, args, number)
                    if found:
                        return found
                    items, owners = [], []
                else:
                    items.append((args, rule))
                    owners.append(number)
            if alone:
                found = self._flush(items, owners)
                if found:
                    return found
                items, owners = [], []
        return self._flush(items, owners)

    def _special(self, special, args, number):
        try:
            found = special.run(self, args)
        except NoReply as lost:
            found = Mismatch(args, "no reply: %s" % lost)
        if found:
            found.step = number
        return found

    def _flush(self, items, owners):
        if not items:
            return None
        blob = b"".join([encode(args) for args, _rule in items]) + self.ping
        received = []
        for connection in (self.tested, self.oracle):
            connection.send_raw(blob)
        for connection in (self.tested, self.oracle):
            try:
                received.append(connection.read_until(self.end))
            except NoReply as lost:
                return self._lost(items, owners, lost, len(received))
        if received[0] == received[1]:
            return None
        found, at = self._compare_batches(items, received)
        if found:
            found.step = owners[at]
        return found

    def _lost(self, items, owners, lost, which):
        try:
            answered = len([v for v in parse_all(lost.received) if not isinstance(v, Push)])
        except (Incomplete, ValueError):
            answered = 0
        at = min(answered, len(items) - 1)
        found = Mismatch(items[at][0], "no reply: %s from %s" % (lost, ("the server under test", "the oracle")[which]))
        found.step = owners[at]
        return found

    def _compare_batches(self, items, received):
        """Returns (Mismatch or None, index of the item)."""
        replies = []
        for data in received:
            try:
                values = parse_all(data)[:-1]
            except (ValueError, Incomplete) as error:
                return Mismatch(items[0][0], "not RESP: %s" % error), 0
            replies.append(([v for v in values if not isinstance(v, Push)], [v for v in values if isinstance(v, Push)]))
        (a, a_pushes), (b, b_pushes) = replies
        if not same(a_pushes, b_pushes):
            return Mismatch(items[-1][0], "pushes", a_pushes, b_pushes), len(items) - 1
        if any(rule == UNRULED for _args, rule in items):
            return (None if same(a, b) else Mismatch(items[-1][0], "sequence", a, b)), 0
        if len(b) != len(items):
            raise AssertionError("the oracle answered %d replies to %d items: %r" % (len(b), len(items), items))
        queue, before = [], None
        for at, ((args, rule), x, y) in enumerate(zip(items, a, b)):
            found = self._compare(args, rule, x, y, before, queue)
            if found:
                return found, at
            before = y
        if len(a) != len(items):
            return Mismatch(items[-1][0], "number of replies", len(a), len(items)), len(items) - 1
        return None, 0

    def _compare(self, args, rule, a, b, before, queue):
        name = args[0].upper()
        if is_queued(b):
            queue.append((args, rule))
        elif name == b"MULTI" and type(b) is Status:
            del queue[:]
        elif name == b"EXEC" and type(b) is list and type(a) is list and len(a) == len(b) == len(queue):
            inner = None
            for (inner_args, inner_rule), x, y in zip(queue, a, b):
                found = self._compare(inner_args, inner_rule, x, y, inner, [])
                if found:
                    found.why = "inside EXEC: " + found.why
                    return found
                inner = y
            return None
        return self.judge(args, rule, a, b, before)

    def judge(self, args, rule, a, b, before=None):
        """One pair of replies under one rule; the known differences count when the server is a later one."""
        if rule == "encoding":
            fine = same(a, b) or (type(a) is bytes and type(b) is bytes and encodings_agree(self.later, a, b, None))
        else:
            fine = RULES[rule](a, b, before)
        if fine or (self.later and known_differences.accepted(args, a, b)):
            return None
        return Mismatch(args, rule, a, b)

    def call(self, *args):
        self.tested.send(*args)
        self.oracle.send(*args)
        return self.tested.read(), self.oracle.read()

    def compare_keyspaces(self, databases=(0, 1, 2, 3)):
        """Every key of every database: existence, type, encoding, expiry and content."""
        tested, oracle = Connection(self.ports[0], 2), Connection(self.ports[1], 2)
        try:
            for number in databases:
                found = self._compare_database(tested, oracle, b"%d" % number)
                if found:
                    return found
        finally:
            tested.close()
            oracle.close()
        return None

    def _compare_database(self, tested, oracle, number):
        for connection in (tested, oracle):
            connection.call(b"SELECT", number)
        size_a, size_b = tested.call(b"DBSIZE"), oracle.call(b"DBSIZE")
        keys = sorted(oracle.call(b"KEYS", b"*"))
        keys_a = sorted(tested.call(b"KEYS", b"*"))
        if keys != keys_a or size_a != size_b:
            return Mismatch([b"KEYS", number], "keyspace", sorted(set(keys_a) - set(keys)) or size_a, sorted(set(keys) - set(keys_a)) or size_b)
        facts = [], []
        for connection, into in ((tested, facts[0]), (oracle, facts[1])):
            connection.send_raw(b"".join(encode([b"TYPE", key]) + encode([b"OBJECT", b"ENCODING", key]) + encode([b"PEXPIRETIME", key])
                                         for key in keys))
            into.extend([connection.read(), connection.read(), connection.read()] for _ in keys)
        for key, (type_a, coded_a, at_a), (kind, coded, at) in zip(keys, *facts):
            if not same(type_a, kind) or not same(at_a, at):
                return Mismatch([b"TYPE", key], "keyspace", [type_a, at_a], [kind, at])
            ask, rule = WALK.get(bytes(kind), (None, None))
            if ask is None:
                continue
            whole_a, whole_b = tested.call(*ask(key)), oracle.call(*ask(key))
            if not RULES[rule](whole_a, whole_b, coded):
                return Mismatch(list(ask(key)), "keyspace", whole_a, whole_b)
            if not encodings_agree(self.later, coded_a, coded, whole_b):
                return Mismatch([b"OBJECT", b"ENCODING", key], "keyspace", coded_a, coded)
        return None


# type -> (how to read the whole value, rule)
WALK = {
    b"string": (lambda key: (b"GET", key), "exact"),
    b"list": (lambda key: (b"LRANGE", key, b"0", b"-1"), "exact"),
    b"hash": (lambda key: (b"HGETALL", key), "pairs_by_encoding"),
    b"set": (lambda key: (b"SMEMBERS", key), "by_encoding"),
    b"zset": (lambda key: (b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"), "scores"),
    b"stream": (lambda key: (b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0"), "stream_info"),
}


class PopMirrored(Special):
    """SPOP draws at random: what the server under test popped is taken from the oracle by SREM.

    A counted SPOP that leaves little may build the set anew in a smaller encoding, which SREM never does. So its
    rest is compared and the key dropped.
    """

    def run(self, pair, args):
        a = pair.tested.call(*args)
        if isinstance(a, Error) or len(args) < 2:
            b = pair.oracle.call(*args)
            return pair.judge(args, "exact", a, b)
        members = [a] if type(a) is bytes else list(a) if isinstance(a, list) else []
        if not members:
            b = pair.oracle.call(*args)
            return pair.judge(args, "exact", a, b)
        size = pair.oracle.call(b"SCARD", args[1])
        wanted = min(size, int(args[2])) if len(args) > 2 else 1
        removed = pair.oracle.call(b"SREM", args[1], *members)
        if removed != wanted or len(members) != wanted:
            return Mismatch(args, "mirror", members, "SREM removed %r of %r, %r wanted" % (removed, len(members), wanted))
        if len(args) == 2:
            return None
        found = pair.judge(args, "set", *pair.call(b"SMEMBERS", args[1]))
        pair.call(b"DEL", args[1])
        return found


class ScanWhole(Special):
    """A full SCAN loop, followed by its cursors; what came is compared as a set (a key may come twice)."""

    def __init__(self, cursor_at, paired=False, scored=False):
        self.cursor_at = cursor_at
        self.paired = paired or scored
        self.scored = scored

    def _walk(self, connection, args):
        args, seen = list(args), set()
        for _ in range(20000):
            reply = connection.call(*args)
            if not isinstance(reply, list) or len(reply) != 2:
                return reply
            found = reply[1]
            if self.paired:
                seen.update(zip(found[::2], found[1::2]))
            else:
                seen.update(found)
            if reply[0] == b"0":
                return sorted(seen)
            args[self.cursor_at] = reply[0]
        return "the loop does not end"

    def run(self, pair, args):
        if len(args) <= self.cursor_at or args[self.cursor_at] != b"0":
            a, b = pair.call(*args)
            if isinstance(b, Error) or isinstance(a, Error):
                return pair.judge(args, "exact", a, b)
            return None  # a cursor that no loop gave out: only the absence of an error is comparable
        a, b = self._walk(pair.tested, args), self._walk(pair.oracle, args)
        if self.scored and isinstance(a, list) and isinstance(b, list):
            a, b = [_by_value(p) for p in a], [_by_value(p) for p in b]
        return None if a == b else Mismatch(args, "scan", a, b)


def _by_value(pair):
    try:
        return pair[0], float(pair[1])
    except ValueError:
        return pair


class DumpCrossed(Special):
    """Each server restores what the other one dumped, over the same key: what they hold is compared from there on."""

    def run(self, pair, args):
        a, b = pair.call(*args)
        if type(a) is not bytes or type(b) is not bytes or len(args) != 2:
            return pair.judge(args, "exact", a, b)
        at = max(0, pair.oracle.call(b"PEXPIRETIME", args[1]))
        restored = [connection.call(b"RESTORE", args[1], b"%d" % at, payload, b"REPLACE", b"ABSTTL")
                    for connection, payload in ((pair.tested, b), (pair.oracle, a))]
        if restored != [b"OK", b"OK"]:
            return Mismatch([b"RESTORE", args[1]], "crossed", *restored)
        return self._same_order(pair, args[1], b, at)

    @staticmethod
    def _same_blocks(pair, key, payload, at):
        """Deleted entries that were dropped from a block are not in its dump, and count toward its end no more: both take
        the dump in which they are."""
        held = pair.call(b"XRANGE", key, b"-", b"+")
        for connection in (pair.tested, pair.oracle):
            connection.call(b"RESTORE", key, b"%d" % at, payload, b"REPLACE", b"ABSTTL")
        return None if held[0] == held[1] else Mismatch([b"RESTORE", key], "crossed", *held)

    @staticmethod
    def _same_order(pair, key, payload, at):
        """A hash dumped from a table comes in the table's order, which is chance, and a small one keeps it from there on:
        compared as a set once, then taken from one dump by both."""
        types = pair.call(b"TYPE", key)
        if types == (b"stream", b"stream"):
            return DumpCrossed._same_blocks(pair, key, payload, at)
        if types != (b"hash", b"hash"):
            return None
        held = []
        for connection in (pair.tested, pair.oracle):
            fields = sorted(connection.call(b"HKEYS", key))
            held.append(list(zip(fields, connection.call(b"HMGET", key, *fields))))
            connection.call(b"RESTORE", key, b"%d" % at, payload, b"REPLACE", b"ABSTTL")
        return None if held[0] == held[1] else Mismatch([b"RESTORE", key], "crossed", *held)


class GroupsCounted(Special):
    """XINFO GROUPS; each `lag` is what the oracle shows behind the group's last id, also where it has no figure itself."""

    def run(self, pair, args):
        a, b = pair.call(*args)
        if not isinstance(a, list):
            return pair.judge(args, "stream_groups", a, b)
        for group in a if pair.later and len(args) == 3 else []:
            facts = {bytes(group[at]): group[at + 1] for at in range(0, len(group), 2)}
            last = facts[b"last-delivered-id"]
            ahead = pair.oracle.call(b"XRANGE", args[2], b"(" + last, b"+")
            if facts[b"lag"] != (len(ahead) if isinstance(ahead, list) else 0):
                return Mismatch(args, "lag", facts[b"lag"], ahead)
        return pair.judge(args, "stream_groups", a, b)


class FromElsewhere(Special):
    """Sent on another connection (PUBLISH while the first one is subscribed)."""

    def __init__(self, rule="exact"):
        self.rule = rule

    def run(self, pair, args):
        tested, oracle = pair.others()
        return pair.judge(args, self.rule, tested.call(*args), oracle.call(*args))


class RawBytes(Special):
    """Bytes as they are on connections of their own: inline commands and broken protocol. args = [bytes]."""

    def run(self, pair, args):
        outcomes = []
        for port in pair.ports:
            connection = Connection(port, 2)
            connection.send_raw(args[0] + pair.ping)
            outcomes.append(connection.read_to_end(pair.end))
            connection.close()
        return None if outcomes[0] == outcomes[1] else Mismatch(args, "raw", *outcomes)
