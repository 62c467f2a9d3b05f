"""Sets. Intsets answer in ascending order, all else in any order."""
from family import ENCODING, Family, Row
from pair import PopMirrored, ScanWhole

FAMILY = Family("sets", [
    Row("SADD", "key member+", weight=2),
    Row("SADD", "key intmember+", weight=3),
    Row("SREM", "key member+"),
    Row("SREM", "key intmember+"),
    Row("SCARD", "key"),
    Row("SISMEMBER", "key member"),
    Row("SMISMEMBER", "key member+"),
    Row("SMEMBERS", "key", "by_encoding", before=ENCODING),
    Row("SMOVE", "key key member"),
    Row("SPOP", "key [ small ]", PopMirrored(), weight=0.2),
    Row("SRANDMEMBER", "key [ draws ]", "drawn_from", before="SMEMBERS @", fixed=True),
    Row("SINTER", "key+", "set"),
    Row("SUNION", "key+", "set"),
    Row("SDIFF", "key+", "set"),
    Row("SINTERCARD", "counted_keys ( LIMIT small )"),
    Row("SINTERSTORE", "key key+"),
    Row("SUNIONSTORE", "key key+"),
    Row("SDIFFSTORE", "key key+"),
    Row("SSCAN", "key 0 ( MATCH pattern | COUNT small )", ScanWhole(2), weight=0.1),
    Row("SORT", "key ALPHA ( DESC | LIMIT small small )", "collated"),
    Row("SORT", "key ( DESC | LIMIT small small )", weight=0.5),
    Row("SORT", "key BY 'nosort", "set", weight=0.3),
    Row("SORT", "key BY 'nosort STORE 'sorted", weight=0.3, fixed=True),
    Row("LRANGE", "'sorted 0 -1", weight=0.3),
    Row("OBJECT ENCODING", "key", "encoding"),
    Row("DEL", "key", weight=0.3),
])
