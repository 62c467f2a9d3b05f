"""Hashes. Packed ones answer in insertion order, tables in any."""
from family import ENCODING, Family, Row
from pair import ScanWhole

FAMILY = Family("hashes", [
    Row("HSET", "key member value", weight=2),
    Row("HSET", "key member value member value member value", weight=2),
    Row("HSET", "key member value+"),
    Row("HMSET", "key member value member value"),
    Row("HSETNX", "key member value"),
    Row("HGET", "key member"),
    Row("HMGET", "key member+"),
    Row("HGETALL", "key", "pairs_by_encoding", before=ENCODING),
    Row("HKEYS", "key", "by_encoding", before=ENCODING),
    Row("HVALS", "key", "by_encoding", before=ENCODING),
    Row("HDEL", "key member+"),
    Row("HEXISTS", "key member"),
    Row("HLEN", "key"),
    Row("HSTRLEN", "key member"),
    Row("HINCRBY", "key member int"),
    Row("HINCRBY", "key intmember int"),
    Row("HINCRBYFLOAT", "key member float", before="HSETNX @ present 1"),
    Row("HRANDFIELD", "key [ draws ]", "drawn_from", before="HKEYS @", fixed=True),
    Row("HRANDFIELD", "key draws WITHVALUES", "drawn_from", before="HGETALL @", fixed=True),
    Row("HSCAN", "key 0 ( MATCH pattern | COUNT small )", ScanWhole(2, paired=True), weight=0.1),
    Row("OBJECT ENCODING", "key", "encoding"),
    Row("DEL", "key", weight=0.3),
])
