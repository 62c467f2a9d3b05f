"""What a command may look like: a small template language and the words it draws from.

    "key value+ ( NX | XX | EX seconds ) [ GET ]"

    UPPER      that keyword, in a random case        word       one word of the vocabulary below
    'text      that text, as it stands
    word+      one to four (at times hundreds)       word*      none to three
    [ a ]      half of the time                      { a | b }  exactly one
    ( a | b )  option soup: none to three alternatives, in any order, with repeats

A template is compiled once to closures; drawing from it costs a few microseconds. All randomness comes from
the one generator handed in, so that a seed is a run.
"""
import string

I64_MAX = b"9223372036854775807"
I64_MIN = b"-9223372036854775808"

BINARY = bytes(range(256))
# No small positive integer is in here: as a relative expiry it could fire in the middle of a run.
ODD = [b"", b"0", b"-1", b"abc", b"1.5", b" 1", b"1 ", b"+7", b"-0", b"0x10", b"\x00", b"\r\n", b"nan", b"inf", b"1e500",
       I64_MAX, I64_MIN, b"9223372036854775808", b"18446744073709551615", b"99999999999999999999999", BINARY,
       "grüße".encode(), b"\xff\xfe"]
INTEGERS = [b"%d" % n for n in range(-6, 12)] * 3 + [b"100", b"-100", b"1000000", b"4294967296", b"-4294967297"] + \
           [I64_MAX, I64_MIN, b"9223372036854775808", b"abc", b"", b"1.5", b" 1", b"01", b"-0", b"+1"]
SMALL = [b"%d" % n for n in range(0, 8)] * 4 + [b"-1", b"-2", b"30", b"1000", b"abc", b"", I64_MAX]
# Without the highest number there is, which the oracle counts on from, below zero.
TALLIES = [word for word in SMALL if word != I64_MAX]
OFFSETS = [b"%d" % n for n in range(0, 12)] * 4 + [b"-1", b"-3", b"-100", b"63", b"300", b"5000", b"abc"]
FLOATS = [b"0", b"1", b"-1", b"2.5", b"0.1", b"0.2", b"3.14159", b"-7.25", b"1e3", b"5.0e3", b"1e-7", b"123456789.125",
          b"1e17", b"-1e20", b"1e300", b"0.30000000000000004", b"17179869184", b"9007199254740993", b"1.7976931348623157e308"] * 2 + \
         [b"inf", b"+inf", b"-inf", b"nan", b"1e400", b"abc", b"", b" 1", b"0x1p3", b"-0", b"1.", b".5"]
BOUNDS = [b"-inf", b"+inf", b"inf", b"(-inf", b"(+inf"] * 3 + FLOATS + [b"(" + f for f in FLOATS] + [b"((1", b"("]
LEX = [b"-", b"+", b"[a", b"(a", b"[m", b"(m3", b"[z", b"[", b"("] * 3 + [b"a", b"", b"[\xff", b"*", b"++"]
WORDS = [b"a", b"b", b"c", b"job", b"payload", b"hello world", b"{\"id\":17,\"args\":[1,2]}"]
PATTERNS = [b"*", b"l*", b"?1", b"[a-m]*", b"[^a]?", b"\\*", b"*[", b"h\\", b"s?", b"", b"\x00*", b"z[0-3]", b"*3*", b"**a**", b"[z-a]1"]
# Absolute times: far ahead (years 2100 and later), long ago, or no time at all. Nothing expires while a run lasts.
AT_SECONDS = [b"4102444800", b"4102444801", b"4200000000", b"5000000000"] * 4 + [b"1", b"1000000000", b"0", b"-1", I64_MAX, I64_MIN, b"abc", b"1.5", b""]
AT_MS = [b"4102444800123", b"4102444800124", b"4200000000000", b"5000000000999"] * 4 + [b"1", b"1000000000000", b"0", b"-1", I64_MIN, b"abc", b"1.5", b""]
SECONDS = [b"1000", b"100000", b"31536000"] * 4 + [b"0", b"-1", I64_MAX, b"9223372036854775", I64_MIN, b"abc", b"1.5", b""]
MS = [b"1000000", b"100000000", b"31536000000"] * 4 + [b"0", b"-1", I64_MAX, I64_MIN, b"abc", b"1.5", b""]
# Never 0 and never long: a blocking command that finds nothing waits this long.
TIMEOUTS = [b"0.001", b"0.002", b"1e-3", b".001"] * 3 + [b"-1", b"abc", b"", b"nan", b"inf", b"1e300", I64_MAX, b"-0.5"]
DATABASES = [b"0", b"1", b"2", b"3"] * 5 + [b"15", b"16", b"-1", b"abc", b"", I64_MAX]

FAMILY_KEYS = {"lists": b"l", "strings": b"s", "hashes": b"h", "sets": b"t", "zsets": b"z", "streams": b"x"}
STRANGE_KEYS = [b"", b"\x00\xff", b"k with space", b"{tag}k", b"\r\n", b"K" * 300]
KEYS_PER_FAMILY = 6


class Words:
    """The vocabulary of one run. `family` decides which keys are likely; families share all else."""

    def __init__(self, rng):
        self.random = rng.random
        self.rng = rng
        self.clock = 0
        self.pools = {
            "int": INTEGERS, "small": SMALL, "tally": TALLIES, "offset": OFFSETS, "float": FLOATS, "bound": BOUNDS, "lex": LEX,
            "pattern": PATTERNS, "atsec": AT_SECONDS, "atms": AT_MS, "seconds": SECONDS, "ms": MS, "timeout": TIMEOUTS,
            "db": DATABASES, "odd": ODD, "script_int": [b"1", b"2", b"-3", b"0", b"7.9"],
            "member": [b"m%d" % n for n in range(24)] + [b"%d" % n for n in range(24)] + [b"", BINARY[:40], b"M" * 65, I64_MAX, b"01"],
            "intmember": [b"%d" % n for n in range(-9, 40)] + [b"70000", b"-70000", b"5000000000", I64_MIN],
            "channel": [b"c1", b"c2", b"news.x", b"news.y", b"", b"\x00"],
            "numeric": [b"%d" % n for n in (0, 1, 5, -3, 1000, 10 ** 17)] + [b"3.5", b"1e5", I64_MAX, I64_MIN],
            # A count below zero asks for that many draws with repeats: a huge one would be a reply of gigabytes.
            "draws": [b"%d" % n for n in range(-8, 9)] + [b"100", b"-150", b"abc", b"", I64_MAX],
            "bitval": [b"0", b"1", b"1", b"2", b"abc"],
            "anykey": [letter + b"%d" % n for letter in FAMILY_KEYS.values() for n in range(KEYS_PER_FAMILY)],
            # Groups and consumers; idle times are none, or days: nothing becomes idle while a run lasts.
            "group": [b"g1", b"g2", b"g3"] * 6 + [b"", b"\x00g"], "consumer": [b"c1", b"c2", b"c3"] * 6 + [b"", BINARY[:20]],
            "minidle": [b"0"] * 6 + [b"100000000"] * 6 + [b"-5", b"abc", b"", I64_MAX, I64_MIN],
            "idle": [b"0", b"900000000", b"1000000000"] * 4 + [b"-1", b"abc", b""],
            "moment": [b"1600000000000", b"1700000000000", b"1"] * 4 + [b"-1", b"abc", b"", I64_MAX],
            "bigcount": [b"60", b"200"] * 3 + [b"0", b"-1", b"abc", I64_MAX], "brief": [b"1", b"2"] * 4 + [b"-1", b"abc", b""],
            "nokey": [b"nokey"], "lexkey": [b"y0", b"y1", b"y2", b"y3"],
            "subcommand": [b"FOO", b"", b"help me", b"\x00"],
        }
        self.generators = {"value": self._value, "id": self._stream_id, "newid": self._new_stream_id, "topid": self._top_stream_id,
                           "range_id": self._range_id}
        self.key_pools = {family: [letter + b"%d" % n for n in range(KEYS_PER_FAMILY)]
                          for family, letter in FAMILY_KEYS.items()}

    def pick(self, pool):
        return pool[int(self.random() * len(pool))]

    def key_maker(self, family):
        own = self.key_pools.get(family, self.pools["anykey"])
        every = self.pools["anykey"]
        random = self.random

        def key():
            r = random()
            if r < 0.94:
                return own[int(random() * len(own))]
            if r < 0.985:
                return every[int(random() * len(every))]
            return self.pick(STRANGE_KEYS)
        return key

    def _value(self):
        r = self.random()
        if r < 0.35:
            return b"%d" % int(self.random() * 40)
        if r < 0.75:
            return self.pick(WORDS)
        if r < 0.90:
            return self.pick(ODD)
        if r < 0.97:
            return self.pick(WORDS) * int(self.random() * 40)
        if r < 0.995:
            return string.ascii_letters.encode() * int(1 + self.random() * 20)
        return b"L" * int(4000 + self.random() * 9000)

    def _new_stream_id(self):
        r = self.random()
        if r < 0.86:
            self.clock += 1 if r < 0.6 else 0
            return b"%d-%d" % (1000 + self.clock, int(self.random() * 6)) if r < 0.75 else b"%d-*" % (1000 + self.clock)
        if r < 0.90:
            return b"%d" % (1000 + self.clock)
        return self._stream_id()

    def _top_stream_id(self):
        self.clock += 1
        return b"%d-0" % (1000 + self.clock)

    def _stream_id(self):
        r = self.random()
        if r < 0.7:
            return b"%d-%d" % (1000 + int(self.random() * (self.clock + 2)), int(self.random() * 4))
        if r < 0.8:
            return b"%d" % (1000 + int(self.random() * (self.clock + 2)))
        return self.pick([b"0", b"0-0", b"0-1", b"1-1", b"abc", b"", b"1-", b"-1", b"1-2-3", b"1-x", b"18446744073709551615-18446744073709551614",
                          b"18446744073709551616", b"-", b"+", b"$"])

    def _range_id(self):
        r = self.random()
        if r < 0.4:
            return b"-" if r < 0.2 else b"+"
        if r < 0.6:
            return b"(" + self._stream_id()
        return self._stream_id()


class Template:
    def __init__(self, text, words, family):
        self.words = words
        self.key = words.key_maker(family)
        self.tokens = text.split()
        self.at = 0
        self.parts = self._sequence(())

    def draw(self, out):
        for part in self.parts:
            part(out)
        return out

    def _sequence(self, stops):
        parts = []
        while self.at < len(self.tokens) and self.tokens[self.at] not in stops:
            token = self.tokens[self.at]
            self.at += 1
            parts.append(self._group(token) if token in "[{(" else self._word(token))
        return parts

    def _group(self, opening):
        closing = {"[": "]", "{": "}", "(": ")"}[opening]
        alternatives = [self._sequence(("|", closing))]
        while self.tokens[self.at] == "|":
            self.at += 1
            alternatives.append(self._sequence(("|", closing)))
        self.at += 1
        random = self.words.random

        def one(out):
            for part in alternatives[int(random() * len(alternatives))]:
                part(out)

        if opening == "{":
            return one

        def maybe(out):
            if random() < 0.5:
                one(out)

        def soup(out):
            while random() < 0.5 and len(out) < 40:
                one(out)
        return maybe if opening == "[" else soup

    def _word(self, token):
        repeat = token[-1] if token[-1] in "+*" and len(token) > 1 else ""
        name = token[:-1] if repeat else token
        random = self.words.random
        if name == "counted_keys":
            return self._counted_keys
        if name == "key":
            make = self.key
        elif name in self.words.generators:
            make = self.words.generators[name]
        elif name in self.words.pools:
            pool = self.words.pools[name]

            def make():
                return pool[int(random() * len(pool))]
        elif name[0] == "'":
            pool = [name[1:].encode()]

            def make():
                return pool[0]
        elif name == name.upper():
            literal = name.encode()
            cases = [literal] * 4 + [literal.lower()] * 2 + [literal.capitalize()]

            def make():
                return cases[int(random() * 7)]
        else:
            raise ValueError("no such word: " + name)
        if not repeat:
            return lambda out: out.append(make())
        many = 0.01 if name in ("value", "member", "intmember") else 0.0

        def repeated(out):
            count = int(random() * 4) + (1 if repeat == "+" else 0)
            if many and random() < many:
                count = int(random() * 300)
            for _ in range(count):
                out.append(make())
        return repeated

    def _counted_keys(self, out):
        count = int(1 + self.words.random() * 3)
        wrong = self.words.random() < 0.04
        out.append(self.words.pick(ODD) if wrong else b"%d" % count)
        for _ in range(count):
            out.append(self.key())
