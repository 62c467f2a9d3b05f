"""Streams, with ids given by the client: an id from the clock would differ between the servers."""
from family import Family, Row
from pair import DumpCrossed, GroupsCounted

TRIM = "{ MAXLEN | MINID } [ { = | ~ } ] { small | id } [ LIMIT small ]"


def set_id(generator):
    """XSETID of a new stream: of one that had entries deleted, 7.2 refuses ids that the oracle takes."""
    words = generator.words
    key = words.pick(words.key_pools["streams"])
    top = words.generators["topid"]
    options = words.pick([[], [b"ENTRIESADDED", words.pick(words.pools["tally"])], [b"MAXDELETEDID", words.generators["id"]()],
                          [b"ENTRIESADDED", b"7", b"MAXDELETEDID", b"5-1"], [b"ENTRIESADDED"], [b"odd", b"1"]])
    ids = [top(), top(), top()]
    aim = words.pick([0, 1, 2, 2, 2])
    return [([b"DEL", key], "exact"), ([b"XADD", key, ids[1], b"f", b"v"], "exact"), ([b"XSETID", key, ids[aim]] + options, "exact")]


def hollow(generator):
    """A stream of which little is left: its blocks end, are cut and are dumped as if nothing had been given back."""
    words = generator.words
    key = words.pick(words.key_pools["streams"])
    size = words.pick([30, 130, 330])
    ids = [b"5-%d" % n for n in range(1, size)]
    steps = [([b"DEL", key], "exact")]
    steps += [([b"XADD", key, one, words.pick([b"f", b"f", b"g"]), b"v" * words.pick([1, 60])], "exact") for one in ids]
    gone = [one for one in ids if words.random() < 0.9]
    steps += [([b"XDEL", key] + gone[at:at + 7], "exact") for at in range(0, len(gone), 7)]
    steps += [([b"XADD", key, b"6-%d" % n, b"f", b"v"], "exact") for n in range(1, words.pick([2, 80]))]
    steps.append(([b"XTRIM", key, words.pick([b"MAXLEN", b"MINID"]), b"~", words.pick([b"5", b"20", b"5-90"])], "exact"))
    steps.append(([b"XRANGE", key, b"-", b"+"], "exact"))
    steps.append(([b"DUMP", key], DumpCrossed()))
    return steps


def set_id_or_hollow(generator):
    return set_id(generator) if generator.words.random() < 0.7 else hollow(generator)


FAMILY = Family("streams", [
    Row("XADD", "key newid member value [ member value ]", weight=4),
    Row("XADD", "key [ NOMKSTREAM ] ( " + TRIM + " ) newid member value", weight=2),
    Row("XADD", "key newid member+", weight=0.5),
    Row("XLEN", "key"),
    Row("XRANGE", "key range_id range_id [ COUNT small ]"),
    Row("XRANGE", "key - + [ COUNT small ]"),
    Row("XREVRANGE", "key range_id range_id [ COUNT small ]"),
    Row("XREVRANGE", "key + - [ COUNT small ]"),
    Row("XREAD", "[ COUNT small ] STREAMS key range_id"),
    Row("XREAD", "( COUNT small ) STREAMS key key id id"),
    Row("XREAD", "STREAMS key+ id+", weight=0.4),
    Row("XDEL", "key id+"),
    Row("XTRIM", "key " + TRIM),
    Row("XGROUP CREATE", "key group { 0 | id | $ } [ MKSTREAM ] [ ENTRIESREAD tally ]", weight=0.8),
    Row("XGROUP SETID", "key group { 0 | id | $ | - | + } [ ENTRIESREAD tally ]", weight=0.5),
    Row("XGROUP CREATECONSUMER", "key group consumer", weight=0.3),
    Row("XGROUP DELCONSUMER", "key group consumer", weight=0.2),
    Row("XGROUP DESTROY", "key group", weight=0.2),
    Row("XREADGROUP", "GROUP group consumer [ COUNT small ] [ NOACK ] STREAMS key { > | > | 0 | id }", weight=4),
    Row("XREADGROUP", "( COUNT small | NOACK ) GROUP group consumer ( COUNT small ) STREAMS key key { > > | > 0 | id > }"),
    Row("XREADGROUP", "GROUP group consumer STREAMS key+ range_id+", weight=0.3),
    Row("XACK", "key group id+", weight=2),
    Row("XPENDING", "key group", weight=0.7),
    Row("XPENDING", "key group [ IDLE minidle ] range_id range_id small [ consumer ]", "pending", weight=0.7),
    Row("XPENDING", "key group [ IDLE minidle ] - + bigcount [ consumer ]", "pending", weight=0.7),
    Row("XCLAIM", "key group consumer minidle id+ ( IDLE idle | TIME moment | RETRYCOUNT small | FORCE | JUSTID | LASTID id )", weight=2),
    # What is not idle the oracle looks at ten times as often as it is to claim, and then stops.
    Row("XAUTOCLAIM", "key group consumer 0 range_id [ COUNT small ] [ JUSTID ]", fixed=True),
    Row("XAUTOCLAIM", "key group consumer minidle range_id [ COUNT bigcount ] [ JUSTID ]"),
    Row("XINFO STREAM", "key", "stream_info", weight=0.5),
    Row("XINFO STREAM", "key FULL [ COUNT small ]", "stream_info", weight=0.5),
    Row("XINFO GROUPS", "key", GroupsCounted(), weight=0.3),
    Row("XINFO CONSUMERS", "key group", "stream_consumers", weight=0.3),
    Row("OBJECT ENCODING", "key", "encoding"),
    Row("DEL", "key", weight=0.2),
], extra=set_id_or_hollow, extra_covers=["XSETID"], extra_share=0.02)
