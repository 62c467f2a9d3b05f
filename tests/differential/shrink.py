"""Delta debugging: the shortest list of steps that still shows a mismatch of the same kind.

Steps are dropped in halves, quarters and so on (ddmin), then single items inside what is left. Each trial is a
re-run from FLUSHALL, so the budget is a number of trials and a time.
"""
import time

TRIALS = 600
SECONDS = 40.0


class Budget:
    def __init__(self):
        self.trials = TRIALS
        self.deadline = time.monotonic() + SECONDS

    def spend(self):
        self.trials -= 1
        return self.trials >= 0 and time.monotonic() < self.deadline


def shortest(sequence, fails, budget):
    """`fails(candidate)` runs a candidate from scratch; REQUIRES that the whole sequence fails."""
    pieces = 2
    while len(sequence) >= 2:
        size = max(1, len(sequence) // pieces)
        smaller = None
        for start in range(0, len(sequence), size):
            candidate = sequence[:start] + sequence[start + size:]
            if not budget.spend():
                return sequence
            if candidate and fails(candidate):
                smaller = candidate
                break
        if smaller is not None:
            sequence = smaller
            pieces = max(pieces - 1, 2)
        elif size == 1:
            return sequence
        else:
            pieces = min(pieces * 2, len(sequence))
    return sequence


def shrink(steps, fails):
    """Steps first, then the items of each step that remains."""
    budget = Budget()
    steps = shortest(steps, fails, budget)
    for at in range(len(steps)):
        def with_items(items):
            return steps[:at] + [items] + steps[at + 1:]
        if len(steps[at]) > 1:
            steps = with_items(shortest(steps[at], lambda items: fails(with_items(items)), budget))
    return steps
