"""Lists, without the blocking commands."""
from family import ENCODING, Family, Row

FAMILY = Family("lists", [
    Row("LPUSH", "key value+", weight=2),
    Row("RPUSH", "key value+", weight=3),
    Row("LPUSHX", "key value+"),
    Row("RPUSHX", "key value+"),
    Row("LPOP", "key [ small ]"),
    Row("RPOP", "key [ small ]"),
    Row("LLEN", "key"),
    Row("LRANGE", "key int int"),
    Row("LINDEX", "key int"),
    Row("LSET", "key int value"),
    Row("LINSERT", "key { BEFORE | AFTER | odd } value value"),
    Row("LREM", "key int value"),
    Row("LTRIM", "key int int", weight=0.5),
    Row("LPOS", "key value ( RANK int | COUNT small | MAXLEN small )", weight=2),
    Row("LMOVE", "key key { LEFT | RIGHT | odd } { LEFT | RIGHT }"),
    Row("RPOPLPUSH", "key key"),
    Row("LMPOP", "counted_keys { LEFT | RIGHT } ( COUNT small )"),
    Row("OBJECT ENCODING", "key", "encoding"),
    Row("DEL", "key", weight=0.3),
    Row("SORT", "key ( ASC | DESC | ALPHA | LIMIT small small )", before=ENCODING, weight=0.5),
    Row("SORT", "key { ALPHA | BY 'l* | ALPHA BY { 's* | 'h*->m1 | odd } | BY 'nosort } ( DESC | GET { '# | 's* | 'h*->m2 | 's | '*->f | odd } )",
        weight=0.5),
    Row("SORT_RO", "key ( DESC | ALPHA | STORE key | LIMIT small small | GET '# | BY 'nosort )", weight=0.3),
    Row("SORT", "key { ALPHA | BY 'nosort } ( DESC | LIMIT small small | GET '# ) STORE key", weight=0.5, fixed=True),
])
