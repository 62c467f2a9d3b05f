"""Blocking commands that do not wait: data is ready, or the wait is a few milliseconds. See blocking_clients.py for waiters."""
from family import Family, Row

# Fixed: a mutated timeout could be 0 on empty keys, which waits for ever.
FAMILY = Family("blocking", [
    Row("BLPOP", "key+ timeout", fixed=True),
    Row("BRPOP", "key+ timeout", fixed=True),
    Row("BLMOVE", "key key { LEFT | RIGHT } { LEFT | RIGHT | odd } timeout", fixed=True),
    Row("BRPOPLPUSH", "key key timeout", fixed=True),
    Row("BLMPOP", "timeout counted_keys { LEFT | RIGHT } ( COUNT small )", fixed=True),
    Row("BLPOP", "key 0", before="RPUSH @ a b", fixed=True),
    Row("BRPOP", "key nokey 0", before="RPUSH @ a b c", fixed=True),
    Row("BLMOVE", "key key { LEFT | RIGHT } { LEFT | RIGHT } 0", before="RPUSH @ one two", fixed=True),
    Row("BRPOPLPUSH", "key key 0", before="RPUSH @ one two", fixed=True),
    Row("BLMPOP", "0 1 key { LEFT | RIGHT } ( COUNT small )", before="RPUSH @ one two three", fixed=True, key_at=3),
    Row("BZPOPMIN", "key+ timeout", "doubles", fixed=True),
    Row("BZPOPMAX", "key+ timeout", "doubles", fixed=True),
    Row("BZMPOP", "timeout counted_keys { MIN | MAX } ( COUNT small )", "scores", fixed=True),
    Row("XREAD", "COUNT small BLOCK { 1 | 2 } STREAMS key range_id", fixed=True),
    Row("XREAD", "BLOCK odd STREAMS key", fixed=True),
    Row("XREADGROUP", "GROUP group consumer ( COUNT small | NOACK ) BLOCK brief STREAMS key { > | > | 0 | id }", before="XGROUP CREATE x0 g1 0 MKSTREAM", fixed=True),
    Row("XREADGROUP", "BLOCK brief GROUP 'g1 consumer ( COUNT small ) STREAMS { 'x0 > | 'x0 'x1 > > }", before=["XGROUP CREATE x0 g1 0 MKSTREAM", "XGROUP CREATE x1 g1 $ MKSTREAM"], fixed=True),
    Row("RPUSH", "key value+", weight=4),
    Row("BLPOP", "", fixed=True, weight=0.2),
    Row("BLMOVE", "key key LEFT", fixed=True, weight=0.2),
], share=0.03)
