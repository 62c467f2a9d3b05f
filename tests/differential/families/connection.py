"""Connection commands. What changes the connection is put back in the same step."""
from family import Family, Row


def changed_and_back(generator):
    words = generator.words
    hello = [b"HELLO", b"%d" % words.protocol]
    middle = words.pick([
        [([b"RESET"], "exact"), ([b"PING"], "exact")],
        [([b"HELLO", b"2"], "handshake"), ([b"HGETALL", b"nokey"], "exact")],
        [([b"HELLO", b"3"], "handshake"), ([b"HGETALL", b"nokey"], "exact"), ([b"GET", b"nokey"], "exact")],
        [([b"HELLO", b"3", b"SETNAME", b"worker"], "handshake"), ([b"CLIENT", b"GETNAME"], "exact")],
        [([b"HELLO"], "handshake")],
        [([b"HELLO", words.pick([b"1", b"4", b"abc", b"", b"-1"])], "exact")],
        [([b"HELLO", b"2", b"AUTH"], "exact"), ([b"HELLO", b"2", b"nosuch"], "exact")],
        [([b"SELECT", words.pick(words.pools["db"])], "exact"), ([b"DBSIZE"], "exact")],
        [([b"CLIENT", b"SETNAME", b"a-name"], "exact"), ([b"CLIENT", b"GETNAME"], "exact"), ([b"CLIENT", b"SETNAME", b""], "exact")],
        [([b"MULTI"], "exact"), ([b"RESET"], "exact"), ([b"EXEC"], "exact")],
        [([b"MULTI"], "exact"), ([b"SELECT", b"2"], "exact"), ([b"SET", b"s0", b"x"], "exact"), ([b"EXEC"], "exact")],
    ])
    return middle + [(hello, "handshake"), ([b"SELECT", b"0"], "exact")]


FAMILY = Family("connection", [
    Row("PING", "[ value ]"),
    Row("ECHO", "value"),
    Row("SELECT", "db", after="SELECT 0"),
    Row("AUTH", "value [ value ]"),
    Row("CLIENT GETNAME", ""),
    Row("CLIENT SETNAME", "odd", after="CLIENT GETNAME"),
    Row("CLIENT SETINFO", "{ LIB-NAME | LIB-VER | odd } member"),
    Row("CLIENT GETREDIR", ""),
    # Two prefixes at most: the oracle answers twice when two overlap and the first of all is none of them.
    Row("CLIENT TRACKING", "{ ON | OFF | odd } ( BCAST | OPTIN | OPTOUT | NOLOOP | REDIRECT odd | OPTIN OPTOUT | odd ) [ BCAST PREFIX member [ PREFIX member ] ]",
        after=["CLIENT TRACKINGINFO", "CLIENT GETREDIR", "CLIENT TRACKING OFF"], fixed=True),
    Row("CLIENT CACHING", "{ YES | NO | odd }", before=["CLIENT TRACKING ON { OPTIN | OPTOUT | NOLOOP }"],
        after=["CLIENT TRACKINGINFO", "PING", "CLIENT TRACKINGINFO", "CLIENT TRACKING OFF"], fixed=True),
    Row("CLIENT TRACKINGINFO", ""),
    Row("CLIENT NO-EVICT", "{ ON | OFF | odd }"),
    Row("CLIENT NO-TOUCH", "{ ON | OFF | odd }"),
    Row("CLIENT KILL", "{ 127.0.0.1:1 | ID 999999 | ID odd | TYPE odd | ADDR 127.0.0.1:1 | USER 'nosuchuser | LADDR 1.2.3.4:5 | odd odd }", weight=0.7, fixed=True),
    Row("CLIENT UNBLOCK", "{ 999999 | odd } ( TIMEOUT | ERROR | odd )"),
    Row("CLIENT PAUSE", "{ 0 | 'abc | -1 } ( WRITE | ALL | odd )", fixed=True),
    Row("CLIENT UNPAUSE", ""),
    Row("CLIENT REPLY", "{ ON | odd }", fixed=True),
    Row("CLIENT LIST", "{ TYPE odd | ID odd | odd }", fixed=True, weight=0.3),
    Row("CLIENT INFO", "", "same_type", fixed=True, weight=0.3),
    Row("CLIENT ID", "", "same_type", fixed=True, weight=0.3),
    Row("CLIENT", "subcommand"),
], extra=changed_and_back, extra_covers=["HELLO", "RESET", "SELECT", "CLIENT GETNAME", "CLIENT SETNAME"], extra_share=0.4, share=0.15)
