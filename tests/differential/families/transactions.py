"""MULTI, EXEC, DISCARD, WATCH: blocks of other families' commands, well-formed and broken ones."""
from family import Family, Row
from pair import UNRULED, Special


def block(generator):
    words = generator.words
    random = words.random
    inner = [one for one in generator.context if one.family.name not in ("transactions", "pubsub", "protocol")]
    step = []
    if random() < 0.4:
        key = words.pick(words.pools["anykey"])
        step.append(([b"WATCH", key, b"nokey"], "exact"))
        if random() < 0.3:
            step.append(([b"SET", key, b"touched"], "exact"))
        if random() < 0.2:
            step.append(([b"UNWATCH"], "exact"))
    step.append(([b"MULTI"], "exact"))
    for _ in range(int(random() * 6)):
        drawn = words.pick(inner).draw()
        if any(isinstance(rule, Special) or rule == UNRULED or _never_inside(args) for args, rule in drawn):
            continue
        step.extend(drawn)
    r = random()
    if r < 0.06:
        step.append(([words.pick([b"MULTI", b"WATCH", b"nosuch", b"GET", b"SUBSCRIBE"])], "exact"))
    step.append(([b"DISCARD"], "exact") if r > 0.93 else ([b"EXEC"], "exact"))
    return step


def _never_inside(args):
    """A word too many is refused at once by the oracle, which aborts the block, and queued by 7.2, which knows it."""
    return args[0].upper() in NEVER_INSIDE or (args[0].upper() in (b"ZRANK", b"ZREVRANK") and len(args) > 3)


# Blocking is ruled out by EXEC itself; HELLO and RESET leave the block, CLIENT REPLY hides replies.
NEVER_INSIDE = {b"HELLO", b"RESET", b"QUIT", b"AUTH", b"MULTI", b"WATCH", b"UNWATCH", b"EXEC", b"DISCARD", b"SHUTDOWN", b"MONITOR"}

FAMILY = Family("transactions", [
    Row("EXEC", "", weight=0.5),
    Row("DISCARD", "", weight=0.5),
    Row("UNWATCH", ""),
    Row("WATCH", "key+", weight=0.5, after="UNWATCH"),
    Row("WATCH", "", fixed=True, weight=0.3),
    Row("MULTI", "odd", fixed=True, weight=0.3),
    Row("EXEC", "odd", fixed=True, weight=0.3),
], extra=block, extra_covers=["MULTI", "EXEC", "DISCARD", "WATCH"], extra_share=0.8, share=0.3)
