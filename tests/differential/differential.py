#!/usr/bin/python3
"""Sends the same seeded random commands to the server under test and to redis-server 7.0.15 and compares replies.

    differential.py --server build/dev/sluice-server [--commands N] [--seconds S] [--seed S]
                    [--protocol 2|3|both] [--family NAME ...] [--mismatches N]
    differential.py --check        commands.txt and README.md say what the code says
    differential.py --write        write commands.txt and the README's table anew

Exit status 0: nothing differed. README.md beside this file tells the rules and the known differences.
"""
import argparse
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))

import exclusions  # noqa: E402
import families  # noqa: E402
import known_differences  # noqa: E402
from family import Generator  # noqa: E402
from grammar import Words  # noqa: E402
from pair import Mismatch, Pair, Special  # noqa: E402
from resp import Connection, NoReply  # noqa: E402
from server_process import ServerProcess  # noqa: E402
from shrink import shrink  # noqa: E402

ORACLE = "/usr/bin/redis-server"
OPTIONS = ["--enable-debug-command", "yes"]
CHUNK = 3000        # commands between two comparisons of whole keyspaces; a mismatch is searched inside one chunk
BATCH = 400         # steps in one pipeline
TABLE_BEGIN, TABLE_END = "<!-- known differences -->\n", "<!-- end -->\n"


def listed_commands(port):
    """Names from COMMAND LIST, and `CONTAINER SUBCOMMAND` from COMMAND INFO, in upper case."""
    connection = Connection(port)
    rows = connection.call(b"COMMAND")
    if not isinstance(rows, list):
        raise RuntimeError("COMMAND does not list the server's commands: %r" % rows)
    names = {name.decode().upper() for name in connection.call(b"COMMAND", b"LIST")}
    for row in rows:
        if isinstance(row, list) and len(row) > 9 and isinstance(row[9], list):
            names.update(sub[0].decode().upper().replace("|", " ") for sub in row[9])
    connection.close()
    return names


# Subcommands that COMMAND does not list: DEBUG has none, OBJECT's and others are listed.
UNLISTED_SUBCOMMANDS = ("DEBUG ",)


def version_of(port):
    connection = Connection(port)
    text = connection.call(b"INFO", b"server").decode()
    connection.close()
    line = [line for line in text.splitlines() if line.startswith("redis_version:")][0]
    return tuple(int(part) for part in line.split(":")[1].split("."))


def common_libraries(ports):
    found = []
    for name in (b"cjson", b"cmsgpack", b"struct", b"bit"):
        answers = []
        for port in ports:
            connection = Connection(port)
            answers.append(connection.call(b"EVAL", b"return type(" + name + b")", b"0"))
            connection.close()
        if answers == [b"table", b"table"]:
            found.append(name)
    return found


class Run:
    """One protocol, one seed, the two servers."""

    def __init__(self, tested, oracle, protocol, seed, options):
        self.tested, self.oracle = tested, oracle
        self.protocol, self.seed = protocol, seed
        self.later = version_of(tested.port) >= (7, 2, 0)
        self.words = Words(random.Random("%s/%d" % (seed, protocol)))
        self.words.protocol = protocol
        self.words.libraries = common_libraries((tested.port, oracle.port))
        both = listed_commands(tested.port) & listed_commands(oracle.port)

        def listed(command):
            return command.split()[0] in both if command.startswith(UNLISTED_SUBCOMMANDS) else command in both or command in BARE_CONTAINERS
        generators = []
        for one in families.ALL:
            generators.append(Generator(one, self.words, listed, generators))
        wanted = options.family or [one.name for one in families.ALL]
        chosen = [g for g in generators if g.family.name in wanted and g.usable()]
        self.generators = [g for g in chosen for _ in range(max(1, round(100 * g.family.share)))]
        self.skipped = sorted({name for g in generators if g.family.name in wanted for name in g.skipped})
        self.compared = 0
        self.seen = {}

    def pair(self):
        return Pair(self.tested.port, self.oracle.port, self.protocol, self.later)

    def chunk(self, size):
        steps, count = [], 0
        while count < size:
            generator = self.generators[int(self.words.random() * len(self.generators))]
            step = generator.draw()
            if step:
                steps.append(step)
                count += len(step)
        return steps, count

    def play(self, steps, batch):
        """From FLUSHALL. Returns (Mismatch or None, number of the last step involved)."""
        pair = None
        try:
            pair = self.pair()
            pair.reset()
            for start in range(0, len(steps), batch):
                found = pair.run(steps[start:start + batch])
                if found:
                    return found, start + found.step
            return pair.compare_keyspaces(), len(steps) - 1
        except (NoReply, OSError) as lost:
            return Mismatch([b"(connection)"], "no reply: %s" % lost), len(steps) - 1
        finally:
            if pair:
                pair.close()

    def revive(self):
        """A server that died is a mismatch already reported; the run goes on with a new one."""
        for server in (self.tested, self.oracle):
            if not server.responds():
                print("the server %s died or hangs:\n%s" % (server.program, server.log_tail()))
                server.kill()
                server.start()

    def compare(self, commands, seconds, limit):
        """Returns the number of distinct mismatches."""
        end = time.monotonic() + seconds if seconds else None
        while self.compared < commands and (end is None or time.monotonic() < end):
            steps, count = self.chunk(min(CHUNK, commands - self.compared))
            found, last = self.play(steps, BATCH)
            self.compared += count
            if found:
                self.revive()
                signature = found.signature()
                self.seen[signature] = self.seen.get(signature, 0) + 1
                if self.seen[signature] == 1:
                    self.report(found, steps[:last + 1])
                if len(self.seen) >= limit:
                    break
        return len(self.seen)

    def report(self, found, steps):
        signature = found.signature()
        latest = [found]

        def fails(candidate):
            again, _last = self.play(candidate, 1)
            self.revive()
            if again and again.signature() == signature:
                latest[0] = again
                return True
            return False
        print("MISMATCH seed %s protocol %d: %s (%s)" % (self.seed, self.protocol, text_of(found.args), found.why))
        if fails(steps):
            steps = shrink(steps, fails)
        else:
            print("  (does not repeat from FLUSHALL; the whole chunk is the sequence, its end follows)")
            steps = steps[-5:]
        for step in steps:
            for args, rule in step:
                print("    %s%s" % (text_of(args), "" if rule == "exact" else "    [%s]" % (type(rule).__name__ if isinstance(rule, Special) else rule)))
        print("  under test: %s\n  oracle:     %s" % (brief(latest[0].a), brief(latest[0].b)))
        sys.stdout.flush()


# Rows such as ("CLIENT", "subcommand") ask a container for a subcommand that does not exist.
BARE_CONTAINERS = {"ACL", "CLIENT", "CONFIG", "COMMAND", "OBJECT", "PUBSUB", "SCRIPT", "SLOWLOG"}


def text_of(args):
    return " ".join(brief(arg)[2:-1] if arg and b" " not in arg else brief(arg)[1:] for arg in args)


def brief(value):
    text = repr(value)
    return text if len(text) <= 700 else text[:700] + "... (%d characters)" % len(text)


def manifest():
    """commands.txt: `family COMMAND` per covered command, then `excluded COMMAND: reason`."""
    lines = ["# Which generator covers which command; written by differential.py --write, read by the contract tests."]
    for family in families.ALL:
        lines += ["%s %s" % (family.name, command) for command in family.commands()]
    lines += ["excluded %s: %s" % row for row in sorted(exclusions.ROWS.items())]
    return "\n".join(lines) + "\n"


def readme_table():
    rows = ["| 7.2.4 | treated |", "|---|---|"]
    rows += ["| %s | %s |" % (title, treatment) for title, treatment, _accepts in known_differences.ROWS]
    return "\n".join(rows) + "\n"


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def check(write):
    readme = read("README.md")
    before, rest = readme.split(TABLE_BEGIN)
    after = rest.split(TABLE_END)[1]
    wanted = {"commands.txt": manifest(), "README.md": before + TABLE_BEGIN + readme_table() + TABLE_END + after}
    stale = 0
    for name, text in wanted.items():
        if write:
            with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
                file.write(text)
        elif read(name) != text:
            print("tests/differential/%s is not what the code says; run differential.py --write" % name)
            stale = 1
    return stale


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=ORACLE, help="the program under test")
    parser.add_argument("--oracle", default=ORACLE)
    parser.add_argument("--commands", type=int, default=200000)
    parser.add_argument("--seconds", type=float, default=0, help="stop after so long, however many commands were compared")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--protocol", choices=["2", "3", "both"], default="both")
    parser.add_argument("--family", action="append", choices=[one.name for one in families.ALL])
    parser.add_argument("--mismatches", type=int, default=8, help="stop after so many different ones")
    parser.add_argument("--server-option", action="append", default=[], metavar="NAME=VALUE", help="for the server under test only")
    parser.add_argument("--expect-mismatch", action="store_true", help="succeed only if something differs")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def main():
    options = arguments()
    if options.check or options.write:
        return check(options.write)
    protocols = [2, 3] if options.protocol == "both" else [int(options.protocol)]
    mismatches = 0
    own = [word for pair in options.server_option for word in ("--" + pair.split("=", 1)[0], pair.split("=", 1)[1])]
    with ServerProcess(options.server, OPTIONS + own) as tested, ServerProcess(options.oracle, OPTIONS) as oracle:
        for protocol in protocols:
            run = Run(tested, oracle, protocol, options.seed, options)
            began = time.monotonic()
            mismatches += run.compare(options.commands // len(protocols), options.seconds / len(protocols), options.mismatches)
            took = time.monotonic() - began
            print("RESP%d: %d commands compared in %.1f s (%d per second), %d kinds of mismatch%s" %
                  (protocol, run.compared, took, run.compared / took, len(run.seen),
                   "; not listed by both servers: " + ", ".join(run.skipped) if run.skipped else ""))
            sys.stdout.flush()
    return int(bool(mismatches) != options.expect_mismatch)


if __name__ == "__main__":
    sys.exit(main())
