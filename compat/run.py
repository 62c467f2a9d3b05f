#!/usr/bin/python3
"""Runs scenarios of real job libraries and tools against a server, as their users run them.

    run.py [rq/retries ...] [--server build/dev/sluice-server] [--list]

A scenario is a function in compat/<library>/scenarios.py; it receives a Stage and raises Failure. The server listens on
a free port with a folder of its own. Nothing sleeps for luck: scenarios wait for conditions, each with a bound, and
every process started here is gone afterwards, with its whole process group. Without --server, redis-server is the
control. Exit status 0: all passed.
"""
import argparse
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.remove(HERE)  # the folders here carry the libraries' names
sys.path.insert(0, os.path.join(HERE, "..", "tests", "support"))
sys.dont_write_bytecode = True

import redis  # noqa: E402
from server_process import ServerProcess  # noqa: E402

CONTROL = "/usr/bin/redis-server"
LIBRARIES = ("redis_cli", "redis_benchmark", "rq", "celery", "sidekiq", "streams")
WAIT_S = 30.0
POLL_S = 0.05


class Failure(Exception):
    pass


class Stage:
    """One server and the processes around it. `folder` is the library's own; `scratch` is empty and temporary."""

    def __init__(self, server_program, folder, appendonly):
        self.folder = folder
        self.scratch = tempfile.mkdtemp(prefix="sluice-compat-")
        self.server = ServerProcess(server_program, appendonly=appendonly)
        self.children = []
        self.redis = None

    def open(self):
        self.server.start()
        self.redis = redis.Redis(port=self.server.port)
        return self

    def close(self):
        for child in self.children:
            self._end(child)
        for straggler in self._stragglers():
            os.kill(straggler, signal.SIGKILL)
        if self.redis is not None:
            self.redis.close()
        self.server.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    @staticmethod
    def _end(child):
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()

    def _stragglers(self):
        """Processes that left their parent's group (RQ's work horses do), known by this stage's folder in their environment."""
        mark = ("SLUICE_COMPAT=%s" % self.scratch).encode()
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % entry, "rb") as file:
                    if mark in file.read().split(b"\0"):
                        found.append(int(entry))
            except OSError:
                pass  # gone meanwhile, or somebody else's
        return found

    @property
    def url(self):
        return "redis://127.0.0.1:%d" % self.server.port

    def environment(self):
        found = dict(os.environ, REDIS_URL=self.url + "/0", SLUICE_COMPAT=self.scratch, PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=self.folder, PYTHONWARNINGS="ignore",
                     LC_ALL="C.UTF-8", PATH="/usr/bin:/bin")  # Debian's python3 and ruby, whatever shims stand before them
        found.pop("PYTHONHOME", None)
        return found

    def spawn(self, name, command, stdin=subprocess.DEVNULL):
        """A process in a group of its own; its output goes to a file that a failure shows."""
        log = open(os.path.join(self.scratch, "%s-%d.log" % (name, len(self.children))), "wb")
        child = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdin=stdin, stdout=log, stderr=log, start_new_session=True)
        child.log_name = log.name
        log.close()
        self.children.append(child)
        return child

    def kill_group(self, child):
        """As the machine's out-of-memory killer, or an impatient operator: no warning."""
        self._end(child)

    def terminate(self, child, timeout=WAIT_S):
        child.send_signal(signal.SIGTERM)
        try:
            return child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure("%s ignores SIGTERM" % child.args[0])

    def run(self, command, data=None, timeout=WAIT_S):
        """Runs to the end; returns standard output. Anything but status 0 fails the scenario."""
        child = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        self.children.append(child)
        try:
            output, _ = child.communicate(data, timeout)
        except subprocess.TimeoutExpired:
            raise Failure("%s does not end" % " ".join(command))
        if child.returncode != 0:
            raise Failure("%s ended with %d:\n%s" % (" ".join(command), child.returncode, output.decode(errors="replace")))
        return output.decode(errors="replace")

    def wait_started(self, what, child, condition, timeout=WAIT_S):
        """A process that quits instead of coming up fails the scenario at once."""
        self.wait(what, lambda: child.poll() is not None or condition(), timeout)
        if child.poll() is not None:
            raise Failure("%s quit with %d before: %s" % (child.args[0], child.returncode, what))

    def wait(self, what, condition, timeout=WAIT_S):
        """Polls `condition` until it is true; what it raises while the server restarts counts as not yet."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                last = condition()
                if last:
                    return last
            except (redis.exceptions.ConnectionError, redis.exceptions.BusyLoadingError) as error:
                last = error
            if time.monotonic() > deadline:
                raise Failure("waited %d s for: %s (last: %r)" % (timeout, what, last))
            time.sleep(POLL_S)

    def expect(self, what, got, wanted):
        if got != wanted:
            raise Failure("%s: got %r, wanted %r" % (what, got, wanted))

    def logs(self):
        shown = ["--- server:\n" + self.server.log_tail()]
        for name in sorted(os.listdir(self.scratch)):
            if name.endswith(".log"):
                with open(os.path.join(self.scratch, name), errors="replace") as file:
                    shown.append("--- %s:\n%s" % (name, "".join(file.readlines()[-40:])))
        return "\n".join(shown)


def scenarios_of(library):
    path = os.path.join(HERE, library, "scenarios.py")
    spec = importlib.util.spec_from_file_location("compat_" + library, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    module.Failure = Failure
    sys.path.insert(0, os.path.dirname(path))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module.SCENARIOS


def play(library, name, server):
    scenario = scenarios_of(library)[name]
    if server == CONTROL and getattr(scenario, "beyond_redis", False):
        print("none  %s/%s: about what redis-server does not have" % (library, name))
        return True
    stage = Stage(server, os.path.join(HERE, library), getattr(scenario, "appendonly", False))
    began = time.monotonic()
    try:
        scenario(stage.open())
        print("ok    %s/%s  %.1f s" % (library, name, time.monotonic() - began))
        return True
    except Exception as error:  # whatever went wrong, the logs tell; the next scenario still runs
        print("FAIL  %s/%s  %.1f s: %s: %s\n%s" % (library, name, time.monotonic() - began, type(error).__name__, error, stage.logs()))
        return False
    finally:
        stage.close()
        sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help="library or library/scenario; all without")
    parser.add_argument("--server", default=CONTROL)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--list-is", nargs="+", metavar="SCENARIO", help="succeed only if these are the scenarios that exist")
    options = parser.parse_args()
    every = [(library, name) for library in LIBRARIES for name in scenarios_of(library)]
    chosen = [one for one in every if not options.scenario or one[0] in options.scenario or "/".join(one) in options.scenario]
    if options.list:
        print("\n".join("/".join(one) for one in every))
        return 0
    if options.list_is:
        odd = set(options.list_is) ^ set(map("/".join, every))
        print("only in one of the two lists: " + ", ".join(sorted(odd)) if odd else "the lists agree")
        return 1 if odd else 0
    if not chosen:
        parser.error("no such scenario")
    server = os.path.abspath(options.server)
    if len(chosen) == 1:
        return 0 if play(*chosen[0], server) else 1
    # A process each: the libraries keep connections and finalizers that outlive a scenario's server.
    return max([subprocess.call([sys.executable, __file__, "/".join(one), "--server", server]) for one in chosen])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ctest's timeout still runs the clean-up
    status = main()
    sys.stdout.flush()
    os._exit(status)  # the libraries' finalizers would still talk to servers that are gone
