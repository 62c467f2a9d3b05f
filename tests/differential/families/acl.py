"""Users and their rules. Each step makes its users anew and takes them away; the default user stays as it is.

Rules are compared by what they allow (ACL DRYRUN, and commands sent as the user), since 7.2 tells the rules on commands as
they were given, and 7.0 works out shorter ones.
"""
from family import Family, Row
from pair import Special

RULES = [b"+get", b"-get", b"+set", b"-set", b"+@read", b"-@read", b"+@write", b"-@write", b"+@list", b"-@dangerous", b"+@all", b"-@all",
         b"allcommands", b"nocommands", b"+config|get", b"-config|set", b"+config", b"+select|0", b"+select|1", b"-select", b"+@fast", b"-@slow",
         b"+lpush", b"+publish", b"+@pubsub", b"+client", b"-client|list", b"+multi", b"+exec", b"+eval", b"+ping",
         b"~*", b"allkeys", b"resetkeys", b"~l*", b"~s*", b"%R~h*", b"%W~z*", b"%RW~t*", b"%r~l1", b"~?0", b"~[ls]1", b"~",
         b"&*", b"allchannels", b"resetchannels", b"&c*", b"&news.*", b"&c1", b"&",
         b"on", b"off", b"ON", b">secret", b">other", b"<secret", b"<nosuch", b"nopass", b"resetpass", b"#abc", b"!abc",
         b"#" + b"0" * 64, b"!" + b"0" * 64, b"reset", b"clearselectors", b"sanitize-payload", b"skip-sanitize-payload", b"",
         b"(+get ~s*)", b"(+@all ~l* &c*)", b"(%R~* +@read)", b"()", b"(+nosuch)", b"(on)",
         b"garbage", b"+nosuch", b"-nosuch", b"+@nosuch", b"+config|nosuch", b"+get|x|y", b"+config|get|x", b"-select|0", b"+", b"-", b"+@", b"%X~a", b"%~a",
         b"~a b", b"&a b", b"(", b")", b"(+get", b"++get", b"+@list|x"]
TRIED = [[b"GET", b"s1"], [b"SET", b"s1", b"x"], [b"SET", b"s1", b"x", b"GET"], [b"LPUSH", b"l1", b"x"], [b"LMOVE", b"l0", b"z0", b"LEFT", b"LEFT"],
         [b"HGET", b"h0", b"f"], [b"HSET", b"h0", b"f", b"v"], [b"ZADD", b"z0", b"1", b"m"], [b"ZSCORE", b"z0", b"m"], [b"MSET", b"s0", b"1", b"h0", b"2"],
         [b"MGET", b"s0", b"s1", b"l1"], [b"COPY", b"h0", b"z0"], [b"RENAME", b"s0", b"l0"], [b"DEL", b"t0"], [b"EXISTS", b"z0"], [b"STRLEN", b"z0"],
         [b"BLPOP", b"l0", b"nokey", b"0.001"], [b"EVAL", b"return 1", b"1", b"h0"], [b"EVAL_RO", b"return 1", b"1", b"h0"], [b"PUBLISH", b"c1", b"x"],
         [b"PUBLISH", b"other", b"x"], [b"CONFIG", b"GET", b"timeout"], [b"SELECT", b"0"], [b"PING"], [b"KEYS", b"nosuch*"], [b"XREAD", b"STREAMS", b"h0", b"z0", b"0", b"0"],
         [b"CLIENT", b"GETNAME"], [b"WATCH", b"z0"], [b"UNWATCH"], [b"TYPE", b"s9"], [b"OBJECT", b"ENCODING", b"nokey"],
         [b"SORT", b"l1", b"BY", b"s*", b"LIMIT", b"0", b"0"], [b"SORT", b"l1", b"BY", b"nosort", b"LIMIT", b"0", b"0"], [b"SORT_RO", b"l1", b"GET", b"#"], [b"SORT", b"l1", b"ALPHA", b"STORE", b"l2"]]
ONLY_ASKED = [[b"SUBSCRIBE", b"c1"], [b"SUBSCRIBE", b"c1", b"other"], [b"PSUBSCRIBE", b"c*"], [b"PSUBSCRIBE", b"c1"], [b"SSUBSCRIBE", b"news.x"], [b"UNSUBSCRIBE", b"other"],
              [b"CONFIG", b"SET", b"timeout", b"0"], [b"FLUSHALL"], [b"SHUTDOWN"], [b"CLIENT", b"LIST"], [b"CONFIG", b"NOSUCH"], [b"GET"], [b"NOSUCH"], [b"CONFIG"],
              [b"AUTH", b"x"], [b"ACL", b"WHOAMI"], [b"SELECT", b"1"], [b"MULTI"], [b"DEBUG", b"SLEEP", b"0"]]
NAMES = [b"user1", b"user2"]
NOBODY = [b"nosuch", b"", b"\xff\x01"]


class CategoryOfBoth(Special):
    """ACL CAT with a category: the commands that both servers have, without subcommands, of which 7.2 has more."""

    def __init__(self):
        self.common = None

    def run(self, pair, args):
        if self.common is None:
            a, b = pair.call(b"COMMAND", b"LIST")
            self.common = set(a) & set(b)
        a, b = pair.call(*args)
        if isinstance(a, list) and isinstance(b, list):
            a, b = ([name for name in names if name in self.common] for names in (a, b))
        return pair.judge(args, "set", a, b)


def rules(words):
    drawn = [words.pick(RULES) for _ in range(int(words.random() * 7))]
    opening = [rule for rule in drawn if rule.startswith(b"(") and not rule.endswith(b")")]
    return [rule for rule in drawn if rule not in opening[1:]]


def user_story(generator):
    words = generator.words
    random = words.random
    name = words.pick(NAMES)
    step = [([b"ACL", b"LOG", b"RESET"], "exact"), ([b"ACL", b"DELUSER"] + NAMES, "exact"),
            ([b"ACL", b"SETUSER", name] + ([b"on", b">secret", b"+@all"] if random() < 0.6 else []), "exact")]
    for _ in range(1 + int(random() * 4)):
        step.append(([b"ACL", b"SETUSER", name] + rules(words), "exact"))
        step.append(([b"ACL", b"GETUSER", name], "acl_user"))
    for _ in range(int(random() * 6)):
        step.append(([b"ACL", b"DRYRUN", name] + words.pick(TRIED + ONLY_ASKED), "exact"))
    if random() < 0.5:
        step.append(([b"ACL", b"LIST"], "acl_list"))
        step.append(([b"ACL", b"USERS"], "exact"))
    if random() < 0.7:
        step += as_user(words, name)
    step.append(([b"ACL", b"LOG"], "acl_log"))
    step.append(([b"ACL", b"DELUSER", name, b"nosuch"], "exact"))
    return step


def as_user(words, name):
    """Logs in, unless that fails, and is the default user again at the end."""
    random = words.random
    step = [([b"AUTH", name, b"secret" if random() < 0.8 else b"wrong"], "exact")]
    if random() < 0.3:
        step.append(([b"MULTI"], "exact"))
        step += [(words.pick(TRIED), "exact") for _ in range(1 + int(random() * 3))]
        step.append((words.pick([[b"EXEC"], [b"DISCARD"]]), "exact"))
    else:
        step += [(words.pick(TRIED), "exact") for _ in range(1 + int(random() * 6))]
    if random() < 0.3:
        call = b",".join(b"'%b'" % word for word in words.pick([tried for tried in TRIED if tried[0] != b"BLPOP"]))
        step.append(([b"EVAL", b"return redis.pcall(%b)" % call, b"0"], "exact"))
        step.append(([b"EVAL", b"return redis.acl_check_cmd(%b)" % call, b"0"], "exact"))
    # RESET is open to all, and makes the connection the default user's again, whatever state it is in.
    step += [([b"RESET"], "exact"), ([b"HELLO", b"%d" % words.protocol], "handshake"), ([b"ACL", b"WHOAMI"], "exact")]
    return step


FAMILY = Family("acl", [
    Row("ACL CAT", "{ 'read | 'WRITE | 'list | 'transaction | 'admin | 'nosuch | 'abc }", CategoryOfBoth(), fixed=True, weight=0.3),
    Row("ACL CAT", "", weight=0.1, fixed=True),
    Row("ACL WHOAMI", ""),
    Row("ACL USERS", ""),
    Row("ACL LIST", "", "acl_list", weight=0.3),
    Row("ACL GETUSER", "{ 'default | 'nosuch | odd }", "acl_user", fixed=True),
    Row("ACL SETUSER", "{ 'user3 'garbage | 'user3 '(a | 'user3 '+nosuch } odd*", fixed=True, weight=0.3),
    Row("ACL DELUSER", "{ 'nosuch | 'default | 'nosuch 'default }", fixed=True),
    Row("ACL DRYRUN", "{ 'default 'GET 'a | 'default 'nosuch | 'nosuch 'GET 'a | 'default 'GET | 'default }", fixed=True),
    Row("ACL GENPASS", "{ 0 | '-1 | 4097 | 'abc | '1.5 | 1 2 }", fixed=True),
    Row("ACL GENPASS", "[ 64 ]", "same_type", fixed=True, weight=0.3),
    Row("ACL LOG", "{ RESET | 'abc | '-1 | 0 | 1 2 }", fixed=True),
    Row("ACL SAVE", "", weight=0.1),
    Row("ACL LOAD", "", weight=0.1),
    Row("ACL", "subcommand", weight=0.3, fixed=True),
], extra=user_story, extra_covers=["ACL SETUSER", "ACL GETUSER", "ACL DRYRUN", "ACL LIST", "ACL LOG", "AUTH", "RESET", "HELLO"], extra_share=0.7, share=0.3)
