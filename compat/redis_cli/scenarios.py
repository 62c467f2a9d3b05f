"""redis-cli 7.0.15: interactive through a terminal, and its modes."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

CLI = "/usr/bin/redis-cli"


def cli(stage, *arguments):
    return [CLI, "-p", str(stage.server.port)] + list(arguments)


class Terminal:
    """redis-cli on a pseudo terminal, keys typed one after the other."""

    def __init__(self, stage):
        self.stage = stage
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm", HOME=stage.scratch)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))  # else it asks the terminal for its width
            os.execv(CLI, cli(stage))

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern, timeout=10.0):
        """Reads until the pattern is seen; terminal escapes are dropped first."""
        seen, deadline = "", time.monotonic() + timeout
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    seen += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    break
                if re.search(pattern, re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)):
                    return
        raise Failure("the terminal never showed %r, but %r" % (pattern, seen[-2000:]))  # noqa: F821 (given by run.py)

    def command(self, text, pattern):
        """Types a line, reads its answer and the prompt after it: what is typed before the prompt would not be edited."""
        self.type(text + "\r")
        self.expect(r"(?i)\r[\s\S]*" + pattern + r"[\s\S]*> $")

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def interactive(stage):
    """Hints come from the server's COMMAND DOCS; replies are formatted; a transaction changes the prompt."""
    terminal = Terminal(stage)
    try:
        terminal.expect(r"127\.0\.0\.1:%d> " % stage.server.port)
        terminal.type("lpush ")
        terminal.expect(r"key element")
        terminal.command("q one two", r"\(integer\) 2")
        terminal.type("config g\t")
        terminal.expect(r"(?i)config get")
        terminal.command("\x15lrange q 0 -1", r'1\) "two"\s+2\) "one"')
        terminal.command("multi", r"OK\s+\S*\(TX\)")
        terminal.command("llen q", "QUEUED")
        terminal.command("exec", r"1\) \(integer\) 2")
        terminal.command("select 3", r"OK\s+\S*\[3\]")
        terminal.command("help lpush", "summary: ")
        terminal.command("nosuch", r"\(error\) ERR unknown command")
    finally:
        terminal.close()


def modes(stage):
    pipe = b"".join(b"*3\r\n$5\r\nRPUSH\r\n$4\r\npipe\r\n$6\r\n%06d\r\n" % n for n in range(20000))
    output = stage.run(cli(stage, "--pipe"), pipe)
    stage.expect("--pipe", "errors: 0, replies: 20000" in output, True)
    stage.expect("pushed by --pipe", stage.redis.llen("pipe"), 20000)
    stage.redis.hset("h", mapping={"a": 1, "b": 2})
    stage.redis.zadd("z", {"m": 1.5})
    stage.redis.sadd("s", "x", "y")
    stage.redis.set("str", "text")
    stage.redis.xadd("x", {"f": "v"}, id="5-1")
    output = stage.run(cli(stage, "--bigkeys"))
    stage.expect("--bigkeys", bool(re.search(r'Biggest\s+list found .*pipe.* has 20000 items', output)), True)
    stage.expect("--bigkeys total", "Sampled 6 keys in the keyspace!" in output, True)
    stage.expect("--latency", bool(re.match(r"\d+ \d+ [0-9.]+ [1-9]\d*\s*$", stage.run(cli(stage, "--raw", "-i", "1", "--latency")))), True)
    stage.expect("--scan", sorted(stage.run(cli(stage, "--scan")).split()), ["h", "pipe", "s", "str", "x", "z"])
    stage.expect("-3", stage.run(cli(stage, "-3", "hgetall", "h")).split(), ["a", "1", "b", "2"])
    stage.expect("--csv", stage.run(cli(stage, "--csv", "lrange", "pipe", "0", "1")).strip(), '"000000","000001"')
    stage.expect("-x", stage.run(cli(stage, "-x", "set", "from-stdin"), b"\x00\x01").strip(), "OK")
    script = os.path.join(stage.scratch, "push.lua")
    with open(script, "w") as file:
        file.write("return redis.call('RPUSH', KEYS[1], ARGV[1])")
    stage.expect("--eval", stage.run(cli(stage, "--eval", script, "evaled", ",", "v")).strip(), "1")
    stage.expect("-r", stage.run(cli(stage, "-r", "3", "incr", "counter")).split(), ["1", "2", "3"])
    stage.expect("-n", stage.run(cli(stage, "-n", "2", "dbsize")).strip(), "0")


def stat(stage):
    # Line by line: redirected, the C library would keep --stat's lines for a whole block.
    child = stage.spawn("stat", ["/usr/bin/stdbuf", "-oL"] + cli(stage, "--stat", "-i", "0.1"))

    def lines():
        with open(child.log_name) as log:
            return len(re.findall(r"^\d+\s+[0-9.]+[KMG]?\s+\d+\s+\d+\s+\d+ ", log.read(), re.M)) >= 3
    stage.wait("three lines of --stat", lines)


def monitor(stage):
    child = stage.spawn("monitor", cli(stage, "monitor"))

    def seen(pattern):
        def look():
            with open(child.log_name, errors="replace") as log:
                return re.search(pattern, log.read())
        return look
    stage.wait("MONITOR answers", seen(r"^OK"))
    stage.redis.lpush("q", b"a\x00\"b")
    stage.wait("the push is shown", seen(r'\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "LPUSH" "q" "a\\x00\\"b"'))
    stage.redis.eval("return redis.call('LLEN', KEYS[1])", 1, "q")
    stage.wait("a script's command is shown", seen(r'\[0 lua\] "LLEN" "q"'))
    pipeline = stage.redis.pipeline()
    pipeline.rpop("q").execute()
    stage.wait("a transaction is shown", seen(r'"MULTI"\n(.*\n)*.*"RPOP" "q"\n.*"EXEC"'))


SCENARIOS = {"interactive": interactive, "modes": modes, "stat": stat, "monitor": monitor}
