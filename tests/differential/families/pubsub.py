"""Publish and subscribe. Each step leaves the connection unsubscribed; publishers sit on a second connection.

At most one pattern of a step matches a channel: Redis delivers to several in the order of a table.
"""
from family import Family, Row
from pair import UNRULED, FromElsewhere

CHANNELS = [b"c1", b"c2", b"news.x", b"news.y", b"", b"\x00\xff"]
PATTERNS = [b"news.*", b"c[12]", b"?1", b"\\*", b"nothing*"]


def session(generator):
    words = generator.words
    random = words.random
    channels = list({words.pick(CHANNELS) for _ in range(1 + int(random() * 3))})
    pattern = words.pick(PATTERNS)
    step = [([b"SUBSCRIBE"] + sorted(channels), UNRULED)]
    if random() < 0.6:
        step.append(([b"PSUBSCRIBE", pattern], UNRULED))
    if random() < 0.3:
        step.append(([b"SUBSCRIBE", channels[0]], UNRULED))
    shards = random() < 0.3
    if shards:
        step.append(([b"SSUBSCRIBE"] + channels[:1], UNRULED))
        step.append(([b"SPUBLISH", words.pick(channels), words.pick(words.pools["member"])], FromElsewhere()))
        step.append(([b"PUBSUB", b"SHARDNUMSUB"] + channels, FromElsewhere()))
        step.append(([b"PUBSUB", b"SHARDCHANNELS"], FromElsewhere("set")))
    for _ in range(int(random() * 4)):
        step.append(([b"PUBLISH", words.pick(CHANNELS), words.pick(words.pools["member"])], FromElsewhere()))
    if random() < 0.5:
        step.append((words.pick([[b"PING"], [b"PING", b"x"], [b"PING", b"x", b"y"], [b"GET", b"s0"], [b"nosuch"], [b"SUBSCRIBE"], [b"UNSUBSCRIBE", b"never"],
                                 [b"PUNSUBSCRIBE", b"never*"], [b"ECHO", b"x"]]), UNRULED))
    if random() < 0.5:
        step.append(([b"PUBSUB", b"NUMSUB"] + channels, FromElsewhere()))
        step.append(([b"PUBSUB", b"CHANNELS"] + ([b"n*"] if random() < 0.5 else []), FromElsewhere("set")))
        step.append(([b"PUBSUB", b"NUMPAT"], FromElsewhere()))
    step.append(([b"PUNSUBSCRIBE"], UNRULED))
    step.append(([b"UNSUBSCRIBE"] + (sorted(channels) if len(channels) > 1 else []), UNRULED))
    if shards:
        step.append(([b"SUNSUBSCRIBE"] + ([b"never"] if random() < 0.3 else []), UNRULED))
        step.append(([b"SUNSUBSCRIBE"], UNRULED))
    return step


def to_oneself(generator):
    """RESP3 only: the publisher is subscribed; reply and push are compared as two sequences."""
    words = generator.words
    channel = words.pick(CHANNELS)
    return [([b"SUBSCRIBE", channel], UNRULED), ([b"PUBLISH", channel, b"own"], UNRULED), ([b"UNSUBSCRIBE", channel], UNRULED)]


def step(generator):
    return to_oneself(generator) if generator.words.protocol == 3 and generator.words.random() < 0.2 else session(generator)


FAMILY = Family("pubsub", [
    Row("PUBLISH", "channel value", weight=3),
    Row("PUBSUB CHANNELS", "[ pattern ]", "set"),
    Row("PUBSUB NUMSUB", "channel*"),
    Row("PUBSUB NUMPAT", ""),
    Row("SPUBLISH", "channel value"),
    Row("PUBSUB SHARDCHANNELS", "[ pattern ]", "set"),
    Row("PUBSUB SHARDNUMSUB", "channel*"),
    Row("PUBSUB", "subcommand"),
], extra=step, extra_covers=["SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "PUBLISH", "PUBSUB CHANNELS", "PUBSUB NUMSUB", "PUBSUB NUMPAT", "SSUBSCRIBE",
                                                "SUNSUBSCRIBE", "SPUBLISH", "PUBSUB SHARDCHANNELS", "PUBSUB SHARDNUMSUB"],
    extra_share=0.3, share=0.1)
