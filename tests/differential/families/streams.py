"""Streams, with ids given by the client: an id from the clock would differ between the servers."""
from family import Family, Row

TRIM = "{ MAXLEN | MINID } [ { = | ~ } ] { small | id } [ LIMIT small ]"

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
    Row("XSETID", "key id", weight=0.3),
    Row("OBJECT ENCODING", "key", "encoding"),
    Row("DEL", "key", weight=0.2),
])
