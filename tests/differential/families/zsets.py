"""Sorted sets. Ranges by text are defined where all scores are equal: they have keys of their own, on which every score is 0."""
from family import Family, Row
from pair import ScanWhole

LIMIT = "LIMIT { 0 | 1 | small } { -1 | small }"
AGGREGATE = "( WEIGHTS float+ | AGGREGATE { SUM | MIN | MAX | odd } )"

FAMILY = Family("zsets", [
    Row("ZADD", "key ( NX | XX | GT | LT | CH ) float member", weight=2),
    Row("ZADD", "key ( CH | GT ) float member float member float member", weight=2),
    Row("ZADD", "key ( NX | XX | CH | INCR | GT | LT ) float member", "doubles"),
    Row("ZINCRBY", "key float member", "doubles"),
    Row("ZINCRBY", "key { NX | XX | GT | LT | CH | INCR } float", "doubles"),
    Row("ZREM", "key member+"),
    Row("ZCARD", "key"),
    Row("ZSCORE", "key member", "doubles"),
    Row("ZMSCORE", "key member+", "doubles"),
    Row("ZRANK", "key member"),
    Row("ZREVRANK", "key member"),
    Row("ZCOUNT", "key bound bound"),
    Row("ZADD", "lexkey 0 member 0 member 0 member", weight=3, fixed=True),
    Row("ZREM", "lexkey member+"),
    Row("ZLEXCOUNT", "lexkey lex lex"),
    Row("ZRANGE", "key int int ( REV | WITHSCORES )", "scores"),
    Row("ZRANGE", "key bound bound BYSCORE ( REV | WITHSCORES | " + LIMIT + " )", "scores"),
    Row("ZRANGE", "lexkey lex lex BYLEX ( REV | " + LIMIT + " )", "scores"),
    Row("ZREVRANGE", "key int int ( WITHSCORES )", "scores"),
    Row("ZRANGEBYSCORE", "key bound bound ( WITHSCORES | " + LIMIT + " )", "scores"),
    Row("ZREVRANGEBYSCORE", "key bound bound ( WITHSCORES | " + LIMIT + " )", "scores"),
    Row("ZRANGEBYLEX", "lexkey lex lex ( " + LIMIT + " )"),
    Row("ZREVRANGEBYLEX", "lexkey lex lex ( " + LIMIT + " )"),
    Row("ZREMRANGEBYSCORE", "key bound bound", weight=0.5),
    Row("ZREMRANGEBYRANK", "key int int", weight=0.5),
    Row("ZREMRANGEBYLEX", "lexkey lex lex", weight=0.5),
    Row("ZPOPMIN", "key [ small ]", "scores"),
    Row("ZPOPMAX", "key [ small ]", "scores"),
    Row("ZMPOP", "counted_keys { MIN | MAX | odd } ( COUNT small )", "scores"),
    Row("ZRANGESTORE", "key key int int ( REV | BYSCORE | BYLEX | " + LIMIT + " )"),
    Row("ZUNION", "counted_keys " + AGGREGATE + " [ WITHSCORES ]", "scores"),
    Row("ZINTER", "counted_keys " + AGGREGATE + " [ WITHSCORES ]", "scores"),
    Row("ZDIFF", "counted_keys [ WITHSCORES ]", "scores"),
    Row("ZUNIONSTORE", "key counted_keys " + AGGREGATE),
    Row("ZINTERSTORE", "key counted_keys " + AGGREGATE),
    Row("ZDIFFSTORE", "key counted_keys"),
    Row("ZINTERCARD", "counted_keys ( LIMIT small )"),
    Row("ZRANDMEMBER", "key [ draws ]", "drawn_from", before="ZRANGE @ 0 -1", fixed=True),
    Row("ZRANDMEMBER", "key draws WITHSCORES", "drawn_from", before="ZRANGE @ 0 -1 WITHSCORES", fixed=True),
    Row("ZSCAN", "key 0 ( MATCH pattern | COUNT small )", ScanWhole(2, scored=True), weight=0.1),
    # The oracle turns every sorted set that it sorts into a tree, for good: such a set does not go on.
    Row("SORT", "key BY 'nosort ( ASC | DESC | LIMIT small small )", "unless_set", before="TYPE @", after="DEL @", weight=0.2),
    Row("SORT", "key ALPHA ( ASC | DESC | LIMIT small small )", "collated", after="DEL @", weight=0.2),
    Row("OBJECT ENCODING", "key", "encoding"),
    Row("DEL", "key", weight=0.3),
])
