#!/usr/bin/python3
"""Writes redis_commands.txt: what a redis-server answers to COMMAND and COMMAND DOCS, as lines that commands_test.cc compares with ours.

    capture_redis_commands.py [redis-server] > tests/contract/redis_commands.txt
    capture_redis_commands.py --check tests/contract/redis_commands.txt

The second asks the redis-server installed here whether the file still is what it answers: status 77 if that is none, or another version.

Prose is left out: the summaries, and what changed in the releases that a history names. An argument is written TOKEN=name:type@since@-deprecated since(arguments)#key spec, with ?
when optional, * multiple, + multiple with its token.
"""
import difflib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, *words):
    answer = subprocess.run(["redis-cli", "-p", str(port), "-3", "--json", *words], capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def shown(argument):
    text = argument["token"] + "=" if "token" in argument else ""
    text += argument["name"] + ":" + argument["type"]
    if "since" in argument:
        text += "@" + argument["since"]
    if "deprecated_since" in argument:
        text += "@-" + argument["deprecated_since"]
    if "arguments" in argument:
        text += "(" + " ".join(shown(child) for child in argument["arguments"]) + ")"
    if "key_spec_index" in argument:
        text += "#%d" % argument["key_spec_index"]
    flags = argument.get("flags", [])
    for flag, sign in (("optional", "?"), ("multiple", "*"), ("multiple_token", "+")):
        text += sign if flag in flags else ""
    return text


def shown_key(spec):
    begin, find = spec["begin_search"], spec["find_keys"]
    pairs = lambda part: "".join(" %s=%s" % pair for pair in sorted(part["spec"].items()))
    return "%s; %s%s; %s%s" % (" ".join(sorted(spec["flags"])), begin["type"], pairs(begin), find["type"], pairs(find))


def lines_of(command, docs):
    yield "command " + command[0]
    yield "arity %d" % command[1]
    yield "flags " + " ".join(sorted(command[2]))
    yield "range %d %d %d" % tuple(command[3:6])
    yield "categories " + " ".join(sorted(command[6]))
    yield "tips " + " ".join(sorted(command[7]))
    for spec in command[8]:
        yield "key " + shown_key(spec)
    yield "since " + docs["since"]
    yield "group " + docs["group"]
    told = {"complexity": "told" if "complexity" in docs else ""}  # prose: the contract only asks whether there is one
    told.update((text, docs.get(text, "")) for text in ("deprecated_since", "replaced_by"))
    told["doc_flags"] = " ".join(sorted(docs.get("doc_flags", [])))
    told["history"] = " ".join(version for version, _ in docs.get("history", []))
    yield from (field + " " + text for field, text in told.items() if text)
    yield "arguments " + " ".join(shown(argument) for argument in docs.get("arguments", []))
    for sub in sorted(command[9], key=lambda row: row[0]):
        yield from lines_of(sub, docs["subcommands"][sub[0]])


def captured(server):
    """The lines of the file."""
    version = [word for word in subprocess.run([server, "--version"], capture_output=True, text=True).stdout.split() if word.startswith("v=")]
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([server, "--port", str(port), "--save", "", "--dir", folder, "--bind", "127.0.0.1"], stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True).stdout != b"PONG\n":
                if time.monotonic() > deadline:
                    sys.exit("redis-server does not answer")
                time.sleep(0.05)
            commands, docs = ask(port, "command"), ask(port, "command", "docs")
        finally:
            process.terminate()
            process.wait()
    yield "# What redis-server %s answers to COMMAND and COMMAND DOCS; written by %s." % (version[0][2:], os.path.basename(__file__))
    for command in sorted(commands, key=lambda row: row[0]):
        for line in lines_of(command, docs[command[0]]):
            yield line.rstrip()


def check(path):
    if shutil.which("redis-server") is None:
        print("no redis-server here")
        return 77
    with open(path) as file:
        kept = file.read().splitlines()
    now = list(captured("redis-server"))
    if now[0] != kept[0]:
        print("another version: " + now[0])
        return 77
    sys.stdout.writelines(difflib.unified_diff(kept, now, "kept", "now", lineterm="\n"))
    return 0 if now == kept else 1


def main():
    if sys.argv[1:2] == ["--check"]:
        sys.exit(check(sys.argv[2]))
    for line in captured(sys.argv[1] if len(sys.argv) > 1 else "redis-server"):
        print(line)


if __name__ == "__main__":
    main()
