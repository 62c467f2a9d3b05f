"""A command family: rows of (command, template, rule), each of which draws steps.

`before` and `after` are templates run in the same step; `@` in them is the row's own first key. Rows are mutated
now and then (a missing, an extra, an odd, a repeated argument) unless `fixed`. Knows nothing of sockets.
"""
from grammar import ODD, Template

ENCODING = "OBJECT ENCODING @"
LATER = "PEXPIREAT @ 4102444800123 XX"  # puts an absolute time in place of a relative one


class Row:
    def __init__(self, command, template="", rule="exact", before=(), after=(), weight=1.0, fixed=False, key_at=1):
        self.command = command
        self.template = template
        self.rule = rule
        self.before = [before] if isinstance(before, str) else list(before)
        self.after = [after] if isinstance(after, str) else list(after)
        self.weight = weight
        self.fixed = fixed
        self.key_at = key_at


class Family:
    """`draw` returns one step. Override `extra` for steps that rows cannot express."""

    def __init__(self, name, rows, extra=None, extra_covers=(), extra_share=0.1, share=1.0):
        self.name = name
        self.rows = rows
        self.extra = extra
        self.extra_covers = list(extra_covers)
        self.share = share  # of the steps of a run, next to the other families
        self.extra_share = extra_share if extra else 0.0

    def commands(self):
        """Lower case marks names that no server has (error texts): they are sent always and cover nothing."""
        return sorted(set([row.command for row in self.rows if row.command.isupper()] + self.extra_covers))


def _rules_of_before(text):
    head = text.split()[0]
    return {"OBJECT": "encoding", "SMEMBERS": "set", "HKEYS": "set", "HGETALL": "set", "KEYS": "set"}.get(head, "scores" if head == "ZRANGE" else "exact")


class Generator:
    """One family in one run: its rows compiled against the run's words, restricted to what both servers list."""

    def __init__(self, family, words, listed, context=None):
        self.family = family
        self.words = words
        self.context = context
        self.rows = [row for row in family.rows if not row.command.isupper() or listed(row.command)]
        self.skipped = sorted({row.command for row in family.rows if row.command.isupper() and not listed(row.command)} |
                              {name for name in family.extra_covers if not listed(name)})
        self.listed = listed
        self.compiled = [Template(row.template, words, family.name) for row in self.rows]
        self.names = [[self._cases(part) for part in row.command.encode().split()] for row in self.rows]
        self.choices = [at for at, row in enumerate(self.rows) for _ in range(int(row.weight * 10))]

    @staticmethod
    def _cases(name):
        return [name] * 5 + [name.lower()] * 2 + [name.capitalize()]

    def usable(self):
        return bool(self.choices) or (self.family.extra is not None and all(map(self.listed, self.family.extra_covers)))

    def draw(self):
        words = self.words
        random = words.random
        if self.family.extra and (not self.choices or random() < self.family.extra_share) and \
                all(map(self.listed, self.family.extra_covers)):
            return self.family.extra(self)
        at = self.choices[int(random() * len(self.choices))]
        return self.step_of(at)

    def step_of(self, at):
        words = self.words
        row = self.rows[at]
        args = [cases[int(words.random() * 8)] for cases in self.names[at]]
        self.compiled[at].draw(args)
        if not row.fixed and words.random() < 0.07:
            args = self._mutate(args, len(self.names[at]))
        if not row.before and not row.after:
            return [(args, row.rule)]
        key = args[row.key_at] if len(args) > row.key_at else b"nokey"
        step = [(self._around(text, key), _rules_of_before(text)) for text in row.before]
        step.append((args, row.rule))
        step.extend((self._around(text, key), "exact") for text in row.after)
        return step

    @staticmethod
    def _around(text, key):
        return [key if word == "@" else word.encode() for word in text.split()]

    def _mutate(self, args, fixed_head):
        words = self.words
        kind = int(words.random() * 5)
        if kind == 0:
            return args[:max(fixed_head, len(args) - 1 - int(words.random() * 2))]
        if kind == 1:
            return args + [words.pick(ODD)]
        if kind == 2 and len(args) > fixed_head:
            at = fixed_head + int(words.random() * (len(args) - fixed_head))
            return args[:at] + [words.pick(ODD)] + args[at + 1:]
        if kind == 3 and len(args) > fixed_head:
            return args + args[-1 - int(words.random() * 2):]
        if kind == 4 and len(args) > fixed_head + 1:
            at = fixed_head + int(words.random() * (len(args) - fixed_head - 1))
            args[at], args[at + 1] = args[at + 1], args[at]
        return args
