"""Server commands whose replies are not figures of the server itself."""
from family import Family, Row

PARAMETERS = "{ 'maxmemory | 'DataBases | 'timeout | 'maxmemory-policy | 'appendfsync | 'list-max-listpack-size | 'hash-max-listpack-entries | " \
             "'proto-max-bulk-len | 'lua-time-limit | 'slowlog-max-len | 'notify-keyspace-events | 'nosuch | odd }"

FAMILY = Family("server", [
    Row("DBSIZE", "", weight=2),
    Row("FLUSHDB", "[ { SYNC | ASYNC | odd } ]", weight=0.3),
    Row("FLUSHALL", "[ { SYNC | ASYNC | odd } ]", weight=0.2),
    Row("SWAPDB", "db db", weight=0.5),
    Row("CONFIG GET", PARAMETERS, "pairs"),
    Row("CONFIG SET", "{ 'nosuch 1 | 'maxmemory { 0 | 'abc | '-1 | '1.5 | '9223372036854775807 } | 'timeout 'abc | 'timeout -1 | 'appendfsync 'maybe | 'port 'abc | 'databases 3 | 'timeout 0 'timeout 0 | "
        "'timeout 0 'nosuch 1 | 'slowlog-max-len 128 | 'maxmemory }", fixed=True),
    Row("CONFIG RESETSTAT", "", weight=0.3),
    Row("CONFIG", "subcommand", fixed=True),
    Row("COMMAND GETKEYS", "{ GET key | MSET key value key value | LMPOP 2 key key LEFT | BLPOP key key 0 | EVAL 'x 2 key key value | XREAD COUNT 2 STREAMS key key 0 0 | "
        "ZRANGESTORE key key 0 1 | PING | 'nosuch key | SET key | BLMPOP 0 1 key LEFT | RENAME key key | odd }"),
    Row("COMMAND GETKEYSANDFLAGS", "{ GET key | SET key value | LMOVE key key LEFT RIGHT | EVAL 'x 1 key | PING | 'nosuch }"),
    Row("COMMAND INFO", "{ 'nosuch | odd }", weight=0.3, fixed=True),
    Row("COMMAND", "subcommand", fixed=True),
    Row("ROLE", "", weight=0.3),
    Row("WAIT", "{ 0 0 | 1 1 | '-1 0 | 'abc 0 | 0 '-1 | 0 '1.5 | 0 }", weight=0.3, fixed=True),
    Row("SLOWLOG RESET", "", weight=0.3),
    Row("LATENCY HISTORY", "{ 'command | 'nosuch }", weight=0.3),
    Row("LATENCY RESET", "{ 'command | 'nosuch | }", weight=0.3),
    Row("LATENCY", "{ | 'GRAPH | 'GRAPH 'nosuch | 'HISTORY | 'nosuch }", weight=0.3, fixed=True),
    Row("REPLICAOF", "{ 'no 'ONE | 'no 'two | 'host 'x | 'host '65536 | 'no }", weight=0.2, fixed=True),
    Row("SLAVEOF", "{ 'NO 'one | 'no 'two }", weight=0.2, fixed=True),
    Row("FAILOVER", "{ | ABORT | 'abort 'timeout 5 | 'to 'host | 'to 'host { 1 | 'x } 'force | 'timeout { 0 | 5 | 'x | } | odd }", weight=0.3, fixed=True),
    Row("SLOWLOG", "subcommand", weight=0.3),
    Row("MEMORY PURGE", "{ | odd }", weight=0.1, fixed=True),
    Row("MEMORY", "{ | 'STATS 'x | 'DOCTOR 'x | 'nosuch }", weight=0.2, fixed=True),
    Row("DEBUG SLEEP", "0", weight=0.2, fixed=True),
    Row("DEBUG PROTOCOL", "{ STRING | INTEGER | DOUBLE | NULL | ARRAY | SET | MAP | TRUE | FALSE | VERBATIM | BIGNUM | ATTRIB | odd }", "set", fixed=True, weight=0.5),
    Row("nosuch", "odd* value*"),
    Row("NoSuch", "value", weight=0.5),
], share=0.3)
