"""Reads the log of `ctest -V` and prints one line a test, the end of what each failed one said, and the totals.

Usage: ctest_summary.py <log> <exit status of ctest>. A doctest program counts by test case, and a program whose own
last line is `N passed, N failed` by that line; any other counts as one. A program that failed counts at least one
failure, whatever it printed: it may have crashed before its summary.
"""

import re
import sys
from collections import defaultdict

TAIL_LINES = 60
RESULT = re.compile(r"^\s*\d+/\d+ Test\s+#(\d+): (\S+) \.*\s*(.*?)\s+([\d.]+) sec")
OUTPUT = re.compile(r"^(\d+): (.*)$")
DOCTEST = re.compile(r"^\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed")
OWN_COUNT = re.compile(r"^(\d+) passed, (\d+) failed$")
# The sanitizers close with a map of shadow memory that pushes what matters off the end.
SHADOW = re.compile(r"^(?:=>|  )0x[0-9a-f]+: ?|^  [A-Z][\w' ]+: +(?:[0-9a-f]{2} ?)+$|^Shadow byte")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def main() -> int:
    log, status = sys.argv[1], int(sys.argv[2])
    output, results = defaultdict(list), {}
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            line = COLOUR.sub("", line.rstrip("\n"))
            if said := OUTPUT.match(line):
                output[said[1]].append(said[2])
            elif result := RESULT.match(line):
                results[result[1]] = (result[2], result[3], float(result[4]))

    passed = failed = 0
    for number, (name, verdict, seconds) in results.items():
        good, bad = 0, 0
        for line in output[number]:
            if count := DOCTEST.match(line) or OWN_COUNT.match(line):
                good, bad = int(count[1]), int(count[2])
        ok = verdict == "Passed"
        if ok and good == bad == 0:
            good = 1
        if not ok:
            bad = max(bad, 1)
        passed, failed = passed + good, failed + bad
        print(f"   {name}: {good} passed, {bad} failed, {seconds:.1f} s{'' if ok else ' ' + verdict}")
        if not ok:
            said = [line for line in output[number] if not SHADOW.match(line)]
            print("\n".join("      " + line for line in said[-TAIL_LINES:]))
    if not results or (status != 0 and failed == 0):
        with open(log, encoding="utf-8", errors="replace") as lines:
            print("".join(lines.readlines()[-TAIL_LINES:]))
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
