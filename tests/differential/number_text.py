#!/usr/bin/python3
"""Numbers and their text: what goes in as a double or a long double comes out as the same one.

    number_text.py --server build/dev/sluice-server [--numbers N] [--seed S] [--expect-mismatch]

Every number goes to both servers as a score, and as a term of ZINCRBY, INCRBYFLOAT and HINCRBYFLOAT. Scores that come
back are equal to the oracle's by value, in RESP2 and RESP3, and the text of ours is what 7.2 prints: the digits of an
integer, else the shortest text that reads back the same. Long doubles are equal to the byte. What one refuses the other
refuses with the same words.
"""
import argparse
import math
import os
import random
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from differential import ORACLE  # noqa: E402
from resp import Connection, Double, Error  # noqa: E402
from server_process import ServerProcess  # noqa: E402

BATCH = 500
MOST_SHOWN = 5
LARGEST_INTEGER = float((2**63 - 1) // 2)  # 7.2 prints integers up to here as integers
EDGES = ["0", "-0", "0.0", "1", "-1", "inf", "-inf", "+inf", "Infinity", "-INFINITY", "nan", "NaN", "-nan", "", " 1", "1 ", "1x", "x", ".", ".5",
         "5.", "-.5", "+.5", "1e", "1e5", "1E+5", "1e-5", "1e400", "-1e400", "1e-400", "0x1p4", "0x1.8p-2", "0X10", "1_000", "1,5", "++1",
         "4.9e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "9007199254740991", "9007199254740992", "9007199254740993",
         "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616", "0.1", "0.30000000000000004", "3.0",
         "100000000000000000000", "123456789012345678", "1e15", "1e16", "1e17", "1e21", "1e22", "0.0001", "0.00001", "1e-7", "1.5e300"]


def any_double(dice):
    """A double of any exponent, by its bits."""
    while True:
        value = struct.unpack("<d", struct.pack("<Q", dice.getrandbits(64)))[0]
        if math.isfinite(value):
            return repr(value)


def decimal(dice):
    """What people write: some digits, perhaps a point among them."""
    digits = "".join(dice.choice("0123456789") for _ in range(dice.randint(1, 19)))
    at = dice.randint(0, len(digits))
    return dice.choice(["", "-", "", "+"]) + digits[:at] + ("." + digits[at:] if dice.random() < 0.6 else digits[at:])


def scientific(dice):
    return "%s%de%d" % (dice.choice(["", "-"]), dice.randint(0, 10**dice.randint(1, 17)), dice.randint(-30, 30))


def whole(dice):
    return str(dice.randint(-1, 1) * dice.getrandbits(dice.randint(1, 66)))


def timestamp(dice):
    return "%.*f" % (dice.randint(0, 7), 1.6e9 + dice.random() * 2e8)


def edge(dice):
    return dice.choice(EDGES)


KINDS = [any_double, any_double, decimal, decimal, scientific, whole, timestamp, edge]


def commands(dice, numbers):
    """A batch that leaves nothing behind: [(arguments, how the replies are compared)]"""
    batch = [([b"DEL", b"z", b"h"], "bytes")]
    for place in range(numbers):
        text, other = (dice.choice(KINDS)(dice).encode() for _ in range(2))
        member = b"m%d" % place
        batch += [([b"ZADD", b"z", text, member], "bytes"), ([b"ZSCORE", b"z", member], "score"),
                  ([b"ZINCRBY", b"z", other, member], "score"), ([b"SET", b"n", text], "bytes"), ([b"INCRBYFLOAT", b"n", other], "bytes"),
                  ([b"HINCRBYFLOAT", b"h", member, text], "bytes"), ([b"HINCRBYFLOAT", b"h", member, other], "bytes")]
    batch.append(([b"ZRANGE", b"z", b"0", b"-1", b"WITHSCORES"], "scores"))
    return batch


def is_number(reply):
    return isinstance(reply, (bytes, float)) and not isinstance(reply, Error)


def same_bits(a, b):
    return struct.pack("<d", a) == struct.pack("<d", b) or (math.isnan(a) and math.isnan(b))


def digits_of(text):
    """Without exponent, point, sign and zeros at either end."""
    return text.lower().split("e")[0].replace(".", "").lstrip("-+0").rstrip("0")


def prints_as_72(text, value):
    if value == int(value) and abs(value) <= LARGEST_INTEGER:
        return text == ("-0" if str(value) == "-0.0" else str(int(value)))
    return digits_of(text) == digits_of(repr(value))


def judge_score(ours, theirs):
    """Why the two do not count as the same score, or None."""
    if not is_number(ours) or not is_number(theirs):
        return None if ours == theirs else "one has a score, the other has not"
    value = float(ours)
    if not same_bits(value, float(theirs)):
        return "different numbers"
    if isinstance(ours, Double) or not math.isfinite(value) or prints_as_72(ours.decode(), value):
        return None
    return "not the text of 7.2"


def judge(how, ours, theirs):
    if how == "score":
        return judge_score(ours, theirs)
    if how == "bytes":
        return None if ours == theirs else "different"
    flat = [[part for pair in side for part in pair] if side and isinstance(side[0], list) else side for side in (ours, theirs)]
    if len(flat[0]) != len(flat[1]) or flat[0][::2] != flat[1][::2]:
        return "another order of members"
    return next((why for pair in zip(flat[0][1::2], flat[1][1::2]) if (why := judge_score(*pair))), None)


def play(connection, batch):
    for args, _how in batch:
        connection.send(*args)
    return [connection.read() for _ in batch]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=ORACLE)
    parser.add_argument("--numbers", type=int, default=50000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--expect-mismatch", action="store_true", help="succeed only if something differs")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    began, done, shown = time.monotonic(), 0, 0
    with ServerProcess(options.server) as tested, ServerProcess(ORACLE) as oracle:
        pairs = [(Connection(tested.port, protocol), Connection(oracle.port, protocol)) for protocol in (2, 3)]
        while done < options.numbers and shown < MOST_SHOWN:
            batch = commands(dice, BATCH)
            ours, theirs = (play(connection, batch) for connection in pairs[done // BATCH % 2])
            done += BATCH
            for (args, how), a, b in zip(batch, ours, theirs):
                why = judge(how, a, b)
                if why and shown < MOST_SHOWN:
                    shown += 1
                    print("seed %s, number %d: %s: %s\n  tested: %r\n  oracle: %r" % (options.seed, done, b" ".join(args), why, a, b))
        for connections in pairs:
            for connection in connections:
                connection.close()
    print("%d numbers, %d mismatches, %.1f s" % (done, shown, time.monotonic() - began))
    return int(bool(shown) != options.expect_mismatch)


if __name__ == "__main__":
    sys.exit(main())
