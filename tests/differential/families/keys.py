"""Keys of every type: names, expiry, moving and copying between databases, scanning."""
from family import LATER, Family, Row
from pair import DumpCrossed, ScanWhole

CONDITION = "( NX | XX | GT | LT )"

FAMILY = Family("keys", [
    Row("DEL", "key+", weight=0.7),
    Row("UNLINK", "key+", weight=0.7),
    Row("EXISTS", "key+"),
    Row("TYPE", "key"),
    Row("RENAME", "key key"),
    Row("RENAMENX", "key key"),
    Row("COPY", "key key ( DB db | REPLACE )"),
    Row("MOVE", "key db"),
    Row("TOUCH", "key+"),
    Row("RANDOMKEY", "", "drawn_from", before="KEYS *"),
    Row("KEYS", "pattern", "set"),
    Row("SCAN", "0 ( MATCH pattern | COUNT small | TYPE { LIST | HASH | STRING | odd } )", ScanWhole(1), weight=0.1),
    Row("SCAN", "{ 0 | odd } ( MATCH pattern | COUNT odd )", ScanWhole(1), weight=0.1),
    Row("DUMP", "key", DumpCrossed()),
    Row("RESTORE", "key { 0 | odd } value ( REPLACE | ABSTTL | FREQ odd | IDLETIME odd )"),
    Row("OBJECT ENCODING", "key", "encoding"),
    Row("OBJECT REFCOUNT", "nokey", weight=0.2),
    Row("OBJECT FREQ", "nokey", weight=0.2),
    Row("OBJECT IDLETIME", "nokey", weight=0.2),
    Row("OBJECT", "subcommand key", weight=0.2),
    Row("EXPIRE", "key seconds " + CONDITION, after=LATER),
    Row("PEXPIRE", "key ms " + CONDITION, after=LATER),
    Row("EXPIREAT", "key atsec " + CONDITION),
    Row("PEXPIREAT", "key atms " + CONDITION),
    Row("EXPIRETIME", "key"),
    Row("PEXPIRETIME", "key"),
    Row("TTL", "key", "near"),
    Row("PTTL", "key", "near"),
    Row("PERSIST", "key"),
    Row("SORT", "key BY { 'nosort | '*->f | 's* } ( ASC | ALPHA )", "set", after="DEL @", weight=0.1, fixed=True),
    Row("RPUSH", "key value+"),
    Row("SET", "key value"),
    Row("SADD", "key member+"),
    Row("HSET", "key member value"),
    Row("ZADD", "key 1 member"),
])
