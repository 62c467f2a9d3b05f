"""When two replies count as the same: the rules of design.md, "Differential rules", one function each.

A rule receives the reply of the server under test, the oracle's, and the oracle's reply to the item before it
(a row that needs the encoding or the members asks for them in that item). Knows nothing of connections.
"""
import math
import re

from resp import Double, Error, Null, Status

# TTLs of the two servers are taken at slightly different moments.
NEAR_MS = 5000
SET_LISTPACK_ENTRIES = 128
SET_LISTPACK_VALUE = 64


def same(a, b):
    """Equal to the byte and to the wire type, doubles by value."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Double):
        return a == b or (math.isnan(a) and math.isnan(b))
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Null):
        return a is b
    return a == b


def same_double(a, b):
    """RESP2 carries doubles as bulk strings: equal when they read as the same number."""
    if type(a) is bytes and type(b) is bytes and a != b:
        try:
            left, right = float(a), float(b)
        except ValueError:
            return False
        return left == right or (math.isnan(left) and math.isnan(right))
    return same(a, b)


def doubles(a, b, _before):
    if isinstance(a, list) and type(a) is type(b) and len(a) == len(b):
        return all(doubles(x, y, None) for x, y in zip(a, b))
    return same_double(a, b)


def scores(a, b, _before):
    """A single score, or member-score pairs (flat or nested): only the second of a pair is a number."""
    if not isinstance(a, list) or type(a) is not type(b) or len(a) != len(b):
        return same_double(a, b)
    for at, (x, y) in enumerate(zip(a, b)):
        if isinstance(x, list):
            if not scores(x, y, None):
                return False
        elif not (same_double(x, y) if at % 2 else same(x, y)):
            return False
    return True


def freeze(value):
    """A sortable picture of a reply, doubles as numbers."""
    if isinstance(value, list):
        return (type(value).__name__,) + tuple(freeze(item) for item in value)
    if isinstance(value, Double):
        return ("Double", repr(float(value)))
    return (type(value).__name__, repr(value))


def as_set(a, b, _before):
    if not isinstance(a, list) or type(a) is not type(b):
        return same(a, b)
    return sorted(map(freeze, a)) == sorted(map(freeze, b))


def _pairs(flat):
    return sorted((freeze(flat[at]), freeze(flat[at + 1])) for at in range(0, len(flat) - 1, 2))


def as_pairs(a, b, _before):
    if not isinstance(a, list) or type(a) is not type(b) or len(a) != len(b):
        return same(a, b)
    return _pairs(a) == _pairs(b)


_ORDERED = (b"intset", b"listpack", b"ziplist")


def by_encoding(a, b, before):
    """Packed values keep their order; tables are sets. The item before asked for the encoding."""
    return same(a, b) if before in _ORDERED else as_set(a, b, None)


def collated(a, b, _before):
    """In the order of strcoll, which sees texts up to their first NUL: those that are equal to it may change places."""
    if not isinstance(a, list) or not isinstance(b, list):
        return same(a, b)
    seen = [[text.split(b"\0")[0] if type(text) is bytes else text for text in side] for side in (a, b)]
    return len(a) == len(b) and all(map(same, *seen))


def unless_set(a, b, before):
    """In order, but where the item before said that the key holds a set, which has none: so many of its members."""
    return same(a, b) if before != b"set" else type(a) is type(b) and (not isinstance(a, list) or len(a) == len(b))


def pairs_by_encoding(a, b, before):
    return same(a, b) if before in _ORDERED else as_pairs(a, b, None)


def drawn_from(a, b, before):
    """Random members: same number and shape, and ours are members of what the oracle listed just before."""
    before = _flat(before)
    if not isinstance(a, list) or not isinstance(b, list):
        if isinstance(a, bytes) and type(a) is bytes and type(b) is bytes:
            return isinstance(before, list) and a in before
        return same(a, b)
    return type(a) is type(b) and len(a) == len(b) and all(_drawn(item, before) for item in a)


def _flat(before):
    if isinstance(before, list) and before and isinstance(before[0], list):
        return [item for pair in before for item in pair]
    return before


def _drawn(item, before):
    if isinstance(item, list):  # [member, score] or [field, value] in RESP3
        return bool(item) and _drawn(item[0], before)
    return isinstance(before, list) and (isinstance(item, Double) or item in before or _number_in(item, before))


def _number_in(item, before):
    return any(type(other) is bytes and same_double(item, other) for other in before)


def near(a, b, _before):
    if type(a) is int and type(b) is int and a >= 0 and b >= 0:
        return abs(a - b) <= NEAR_MS
    return same(a, b)


def handshake(a, b, _before):
    """HELLO's map: the version and the connection's id are each server's own."""
    if not isinstance(a, list) or type(a) is not type(b) or len(a) != len(b):
        return same(a, b)
    for at in range(0, len(a), 2):
        if not same(a[at], b[at]):
            return False
        if a[at] not in (b"version", b"id") and not same(a[at + 1], b[at + 1]):
            return False
    return True


def same_type(a, b, _before):
    """For texts that are prose or figures of each server's own: only the wire type, or the error, is compared."""
    if isinstance(a, Error) or isinstance(b, Error):
        return same(a, b)
    return type(a) is type(b)


def _first_words(rules):
    """What rules on commands begin with: from there on 7.2 tells what was said, 7.0 what comes to the same."""
    return re.sub(rb"([+-]@all)(?: [+-][^ ()]+)*", rb"\1", rules)


def acl_list(a, b, _before):
    """ACL LIST, rules on commands only by their beginning; 7.2 makes users with a flag that 7.0 knows but does not set."""
    if not isinstance(a, list) or not isinstance(b, list):
        return same(a, b)
    return [_first_words(line.replace(b" sanitize-payload", b"")) for line in a] == \
        [_first_words(line.replace(b" sanitize-payload", b"")) for line in b]


def acl_user(a, b, _before):
    """ACL GETUSER, and a selector in it: the same."""
    if not isinstance(a, list) or type(a) is not type(b) or len(a) != len(b):
        return same(a, b)
    for at in range(0, len(a), 2):
        x, y = a[at + 1], b[at + 1]
        if a[at] == b"flags":
            fine = set(x) - {b"sanitize-payload"} == set(y) - {b"sanitize-payload"}
        elif a[at] == b"commands":
            fine = _first_words(x) == _first_words(y)
        elif a[at] == b"selectors":
            fine = len(x) == len(y) and all(acl_user(left, right, None) for left, right in zip(x, y))
        else:
            fine = same(x, y)
        if not (fine and same(a[at], b[at])):
            return False
    return True


def acl_log(a, b, _before):
    """ACL LOG without times, connections and what 7.2 added."""
    if not isinstance(a, list) or type(a) is not type(b) or len(a) != len(b):
        return same(a, b)
    return all(type(x) is type(y) and same(x[:10], y[:10]) and x[10] == y[10] == b"age-seconds" for x, y in zip(a, b))


def _near(a, b):
    return type(a) is int and type(b) is int and (a == b or (a >= 0 and b >= 0 and abs(a - b) <= NEAR_MS))


def pending(a, b, _before):
    """XPENDING: idle times, third of each entry, were taken at slightly different moments."""
    if not isinstance(a, list) or type(a) is not type(b) or len(a) != len(b):
        return same(a, b)
    return all(same(x, y) if not isinstance(x, list) or len(x) != 4 else
               same(x[:2], y[:2]) and _near(x[2], y[2]) and same(x[3:], y[3:]) for x, y in zip(a, b))


def _facts(flat):
    return {bytes(flat[at]): flat[at + 1] for at in range(0, len(flat), 2)}


# What later servers tell besides, what is counted another way (and checked by GroupsCounted), and figures of a radix tree.
_NOT_COMPARED = (b"nacked-count", b"active-time", b"inactive", b"seen-time", b"lag", b"radix-tree-nodes")
_LATER_FACTS = (b"idmp-", b"pids-", b"iids-")


def _stream_facts(a, b):
    """One map of XINFO. A consumer that has nothing may be there on one side only: 7.2 makes it earlier, and a
    crossed DUMP takes it to the other side."""
    if type(a) is not type(b):
        return False
    a, b = _facts(a), _facts(b)
    for name in set(a) | set(b):
        if name in _NOT_COMPARED or name.startswith(_LATER_FACTS):
            continue
        if name not in a or name not in b or not _stream_fact(name, a[name], b[name]):
            return False
    return True


def _stream_fact(name, a, b):
    if name == b"groups" and isinstance(a, list):
        return len(a) == len(b) and all(map(_stream_facts, a, b))
    if name == b"consumers":
        return not isinstance(a, list) or stream_consumers(a, b, None)
    if name == b"idle":
        return _near(a, b)
    if name == b"pending" and isinstance(a, list):  # the time is the last but one
        return len(a) == len(b) and all(same(x[:-2] + x[-1:], y[:-2] + y[-1:]) and _near(x[-2], y[-2]) for x, y in zip(a, b))
    return same(a, b)


def stream_info(a, b, _before):
    """XINFO STREAM, with FULL or without."""
    return _stream_facts(a, b) if isinstance(a, list) and isinstance(b, list) else same(a, b)


def stream_groups(a, b, _before):
    """XINFO GROUPS; how many consumers there are is compared where they are listed."""
    if not isinstance(a, list) or not isinstance(b, list):
        return same(a, b)
    return len(a) == len(b) and all(map(_stream_facts, a, b))


def stream_consumers(a, b, _before):
    """XINFO CONSUMERS, and the consumers of a group in full: those that have something pending."""
    if not isinstance(a, list) or not isinstance(b, list):
        return same(a, b)
    busy = [[one for one in side if _facts(one).get(b"pending") not in (0, [])] for side in (a, b)]
    return len(busy[0]) == len(busy[1]) and all(map(_stream_facts, *busy))


RULES = {"pending": pending, "stream_info": stream_info, "stream_groups": stream_groups, "stream_consumers": stream_consumers,
         "exact": lambda a, b, _before: same(a, b), "doubles": doubles, "scores": scores, "set": as_set,
         "pairs": as_pairs, "acl_list": acl_list, "acl_user": acl_user, "acl_log": acl_log, "by_encoding": by_encoding, "unless_set": unless_set, "collated": collated, "pairs_by_encoding": pairs_by_encoding,
         "drawn_from": drawn_from, "near": near, "handshake": handshake, "same_type": same_type}


def is_queued(reply):
    return type(reply) is Status and reply == b"QUEUED"


def encodings_agree(later, a, b, value):
    """`later`: the server under test behaves as 7.2. `value` is the oracle's content, None when not at hand."""
    if a == b:
        return True
    if not later:
        return False
    if b == b"quicklist":
        return a == b"listpack"
    if b == b"hashtable" and a == b"listpack":
        return value is None or (len(value) <= SET_LISTPACK_ENTRIES and all(len(m) <= SET_LISTPACK_VALUE for m in value))
    return False
