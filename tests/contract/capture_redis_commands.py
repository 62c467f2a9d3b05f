#!/usr/bin/python3
"""Writes redis_commands.txt: what a redis-server answers to COMMAND and COMMAND DOCS, as lines that commands_test.cc compares with ours.

    capture_redis_commands.py [redis-server] > tests/contract/redis_commands.txt

Prose (summaries, complexities, histories) is left out. Argument trees are brought into one form, since several mean the same to whoever reads a
command line: a mandatory block without a token is its contents; a block around one argument is that argument; names of blocks and choices go.
"""
import json
import os
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


def normal(argument):
    """The list of arguments that stands for one."""
    flags = list(argument.get("flags", []))
    if argument["type"] != "block":
        if "arguments" in argument:
            choices = []
            for choice in argument["arguments"]:
                within = normal(choice)
                choices.append(within[0] if len(within) == 1 else {"type": "block", "arguments": within})
            argument = dict(argument, arguments=choices)
        return [dict(argument, flags=flags)]
    within = [part for child in argument["arguments"] for part in normal(child)]
    token = argument.get("token")
    if not flags and not token:
        return within
    if len(within) == 1 and not (token and within[0].get("token")):
        only = within[0]
        merged = dict(only, flags=sorted(set(flags) | set(only["flags"])))
        if token:
            merged["token"] = token
        return [merged]
    return [dict(argument, arguments=within, flags=flags)]


def shown(argument):
    text = ""
    if argument["type"] == "pure-token":
        text = argument["token"]
    else:
        if argument.get("token"):
            text = argument["token"] + "="
        if argument["type"] in ("oneof", "block"):
            text += argument["type"] + "(" + " ".join(shown(child) for child in argument["arguments"]) + ")"
        else:
            text += argument["name"] + ":" + argument["type"]
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
    arguments = [part for argument in docs.get("arguments", []) for part in normal(argument)]
    yield "arguments " + " ".join(shown(argument) for argument in arguments)
    for sub in sorted(command[9], key=lambda row: row[0]):
        yield from lines_of(sub, docs["subcommands"][sub[0]])


def main():
    server = sys.argv[1] if len(sys.argv) > 1 else "redis-server"
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
            version = [line for line in subprocess.run([server, "--version"], capture_output=True, text=True).stdout.split() if line.startswith("v=")]
        finally:
            process.terminate()
            process.wait()
    print("# What redis-server %s answers to COMMAND and COMMAND DOCS; written by %s." % (version[0][2:], os.path.basename(__file__)))
    for command in sorted(commands, key=lambda row: row[0]):
        for line in lines_of(command, docs[command[0]]):
            print(line.rstrip())


if __name__ == "__main__":
    main()
