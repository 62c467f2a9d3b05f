"""One server program of the Redis kind, run as a child on a free port with a temporary folder of its own.

Used by the differential tests and by compat/. The owner starts, restarts, kills and closes it; nothing
is ever left running, since the child gets its own process group and dies with the test's own end.
Knows nothing of what is sent to the server afterwards.
"""
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 15.0


def free_port():
    """Below the range that outgoing connections draw from: a client that reconnects in a loop could else be given
    the port of the very server that is being restarted."""
    draw = random.SystemRandom()
    while True:
        port = draw.randrange(12000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class ServerProcess:
    """REQUIRES: `program` takes redis-server's command line."""

    def __init__(self, program, options=(), appendonly=False):
        self.program = program
        self.directory = tempfile.mkdtemp(prefix="sluice-test-")
        self.options = list(options)
        self.appendonly = appendonly
        self.port = 0
        self.process = None

    def start(self):
        """Starts the server and returns when it answers PING; a port lost to another process is replaced once."""
        keep_port = self.port != 0
        for attempt in range(3):
            if not keep_port:
                self.port = free_port()
            command = [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.directory,
                       "--daemonize", "no", "--logfile", os.path.join(self.directory, "server.log"),
                       "--appendonly", "yes" if self.appendonly else "no", "--save", ""] + self.options
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL, start_new_session=True)
            if self._wait_ready():
                return self
            self.kill()
        raise RuntimeError("%s did not start:\n%s" % (self.program, self.log_tail()))

    def _wait_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                    probe.settimeout(2)
                    probe.sendall(b"PING\r\nINFO server\r\n")
                    answer = b""
                    while b"process_id:" not in answer or not answer.endswith(b"\r\n"):
                        more = probe.recv(65536)
                        if not more or b"-ERR" in answer + more:
                            raise OSError("no INFO")
                        answer += more
                    # Some other server may have taken the port first.
                    if answer.startswith(b"+PONG") and b"process_id:%d\r\n" % self.process.pid in answer:
                        return True
            except OSError:
                pass
            time.sleep(0.02)
        return False

    def responds(self):
        """False for a server that is gone, and for one that keeps a PING waiting."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as probe:
                probe.settimeout(5)
                probe.sendall(b"*1\r\n$4\r\nPING\r\n")
                return self.alive() and bool(probe.recv(64))
        except OSError:
            return False

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL, as a crash would."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait()
        self.process = None

    def stop(self):
        """SIGTERM; returns the exit status. A server that does not go in time is killed and reported."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError("%s ignored SIGTERM" % self.program)
        self.process = None
        return status

    def restart(self, crash):
        """Stops (or kills) the server and starts it again on the same port and folder."""
        if crash:
            self.kill()
        else:
            self.stop()
        return self.start()

    def close(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def log_tail(self, lines=20):
        try:
            with open(os.path.join(self.directory, "server.log"), errors="replace") as log:
                return "".join(log.readlines()[-lines:])
        except OSError:
            return "(no log)"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()
