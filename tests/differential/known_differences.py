"""Where Redis 7.2.4 shows a client something else than the oracle, 7.0.15, and how the comparison treats it.

`ROWS` is the table of README.md, row for row (the check keeps them in step). A row with an `accepts` function
is consulted when a rule failed and the server under test reports 7.2 or later; the others are treated where
the third column says. Arguments come as the client sent them.
"""
import re

from resp import Error


def _name(args):
    return args[0].upper() if args else b""


def _zrank_extra(args, a, b):
    """Beyond three words the oracle's table refuses; 7.2 leaves the fourth, and the text, to the command."""
    return _name(args) in (b"ZRANK", b"ZREVRANK") and len(args) >= 4 and isinstance(b, Error) and \
        b.startswith((b"ERR wrong number of arguments", b"ERR Wrong number of args calling")) and \
        (not isinstance(a, Error) or a.startswith((b"ERR syntax error", b"WRONGTYPE", b"ERR wrong number of arguments")))


def _partial_id_exhausted(args, a, b):
    return _name(args) == b"XADD" and isinstance(a, Error) and isinstance(b, Error) and \
        any(re.fullmatch(rb"\d+-\*", arg) for arg in args) and b"equal or smaller than the target stream top item" in a


def _lpos_rank(args, a, b):
    return _name(args) == b"LPOS" and b"-9223372036854775808" in args and isinstance(a, Error) and b"out of range" in a


def _unbalanced(args, a, b):
    return _name(args) in (b"XREAD", b"XREADGROUP") and isinstance(a, Error) and isinstance(b, Error) and \
        a.startswith(b"ERR Unbalanced '") and b.startswith(b"ERR Unbalanced ")


def _endless_timeout(args, a, b):
    endless = any(arg == b"9223372036854775807" for arg in args)
    return a == b"ERR timeout is out of range" and (b == b"ERR timeout is negative" or (_name(args).startswith(b"XREAD") and endless))


def _sloppy_count(args, a, b):
    return _name(args) == b"COMMAND" and len(args) > 4 and args[2].upper().startswith(b"EVAL") and \
        re.fullmatch(rb"0|-?[1-9][0-9]*", args[4]) is None and a == [] and isinstance(b, list)


def _old_range_error(args, a, b):
    """The oracle reads errno without clearing it: a number out of range spoils every SORT that follows."""
    return _name(args).startswith(b"SORT") and isinstance(a, list) and \
        isinstance(b, Error) and b.startswith(b"ERR One or more scores can't be converted")


def _equal_to_the_nul(args, a, b):
    return _name(args).startswith(b"SORT") and isinstance(a, list) and isinstance(b, list) and \
        any(isinstance(item, bytes) and b"\0" in item for item in a) and sorted(map(repr, a)) == sorted(map(repr, b))


def _compiler_text(args, a, b):
    opening = b"ERR Error compiling script (new function): user_script:"
    return isinstance(a, Error) and isinstance(b, Error) and a.startswith(opening) and b.startswith(opening) and \
        any(byte >= 0x80 for arg in args for byte in arg)


def _acl_kind(text):
    """What a refusal refuses, in the wording of either release; None for anything else."""
    found = re.fullmatch(rb"(?:EXECABORT Transaction discarded because of: )?(?:NOPERM )?(?:User \S*|[Tt]his user) has no permissions to run the '(.*)' command", text, re.DOTALL)
    if found:
        return found.group(1)
    found = re.fullmatch(rb"(?:User \S*|This user) has no permissions to access the ('.*' (?:key|channel))", text, re.DOTALL)
    if found:
        return found.group(1)
    if re.match(rb"NOPERM .*access (one of the keys|a key)|ERR .* script.*(one of the keys|access a key)", text):
        return b"key"
    if re.match(rb"NOPERM .*access (one of the channels|a channel)|ERR .* script.*(the channel|access a channel)", text):
        return b"channel"
    if re.match(rb"ERR (The user executing the script can't run this command|ACL failure in script: User \S* has no permissions to run)", text):
        return b"scripted command"
    return None


def _acl_wording(args, a, b):
    texts = isinstance(a, bytes) and isinstance(b, bytes) and type(a) is type(b)
    return texts and _acl_kind(b) is not None and _acl_kind(a) == _acl_kind(b)


def _queued_zrank(args, a, b):
    """In MULTI the arity error comes at queue time on the oracle."""
    return _zrank_extra(args, a, b) or (_name(args) in (b"ZRANK", b"ZREVRANK") and len(args) == 4 and a == b"QUEUED")


def _consumer_made_before(args, a, b):
    return _name(args) == b"XGROUP" and len(args) > 1 and args[1].upper() == b"CREATECONSUMER" and (a, b) in ((0, 1), (1, 0))


def _last_entry(args, a, b):
    return _name(args) == b"XREAD" and b"+" in args and isinstance(b, Error) and b.startswith(b"ERR Invalid stream ID") and \
        (not isinstance(a, Error) or a.startswith(b"WRONGTYPE"))


# (what 7.2.4 does (or ours, where it says so), treatment, accepts)
ROWS = [
    ("Doubles are the shortest text that reads back equal; NaN is `nan`", "compared by value wherever a reply is a double (rules `scores`, `doubles`)", None),
    ("Small lists report `listpack` where 7.0 says `quicklist`", "OBJECT ENCODING: `listpack` stands for `quicklist`, never for anything else", None),
    ("Small sets of strings report `listpack` where 7.0 says `hashtable`", "OBJECT ENCODING: `listpack` stands for `hashtable` up to 128 members of at most 64 bytes", None),
    ("Order of the members of a small set of strings", "compared as a set, since the oracle holds a table", None),
    ("A publisher subscribed to the channel gets its reply before the message, also inside MULTI and scripts", "pushes and replies are compared as two sequences; publishing to oneself inside MULTI or a script is not generated", None),
    ("A woken blocked command is executed again: keys in argument order, XREAD returns every ready stream", "blocking_clients.py: a client that waits for several keys never sees two of them filled by one unit", None),
    ("A stream waiter whose key disappears or changes type gets NOGROUP or WRONGTYPE", "not generated: the oracle answers `-UNBLOCKED`; unit tests of our own, and tests/integration/waiting_test.cc", None),
    ("XREADGROUP, XCLAIM and XAUTOCLAIM make the consumer even if they return nothing", "consumers are compared when they have something pending; XGROUP CREATECONSUMER may find one there", _consumer_made_before),
    ("XINFO tells `inactive` and `active-time` of consumers, and `nacked-count` of groups (8.8)", "compared without them", None),
    ("`lag` is counted, also where the oracle has no figure, or counts entries that are gone (ours)", "it must be what the oracle's XRANGE shows behind the group's last id", None),
    ("XAUTOCLAIM goes on to what is idle, however much is not (ours); the oracle stops after ten looks for each entry wanted", "not generated with a low COUNT, unless everything is idle", None),
    ("XREAD takes `+`, for the last entry (7.4)", "the oracle's error is not required", _last_entry),
    ("The nodes of a stream's radix tree", "compared without them: ours are one for each block, and one", None),
    ("Blocking commands inside scripts act as inside MULTI", "not generated inside scripts", None),
    ("One clock reading per command, EXEC or script; nothing expires inside it", "TIME is excluded; expiries are years away or past", None),
    ("SET takes IFEQ, IFNE, IFDEQ and IFDNE (8.4)", "not generated", None),
    ("ZRANK and ZREVRANK take WITHSCORE", "four arguments and more: the oracle's arity error is not required", _queued_zrank),
    ("Text for unbalanced streams of XREAD names the command in quotes", "both errors must begin with `ERR Unbalanced`", _unbalanced),
    ("XADD with a partial id whose sequence is exhausted answers the equal-or-smaller error", "that text is required of the server under test", _partial_id_exhausted),
    ("XSETID below the largest deleted id is refused", "XSETID is asked of new streams only", None),
    ("Lua tables are walked in LuaJIT's order, not PUC Lua's", "sets and maps that went through a script's tables are compared as sets", None),
    ("A byte from 0x80 on is a letter to LuaJIT's compiler, and an unexpected symbol to PUC Lua's", "both must be errors of the compiler", _compiler_text),
    ("LPOS with RANK -2^63 is out of range", "an out-of-range error is required of the server under test", _lpos_rank),
    ("A timeout of more milliseconds than a clock can count is out of range, not negative", "the first text may stand for the second; and for anything where XREAD is told to wait for 2^63 - 1", _endless_timeout),
    ("COMMAND GETKEYS reads the count of keys as strictly as EVAL itself (ours)", "where EVAL refuses the count, no keys may stand for some", _sloppy_count),
    ("CLIENT TRACKING follows the keys that a script reads; the oracle those that it declares",
     "not generated: tracking ends before anything is read; unit tests of our own", None),
    ("A flush is told to the client that another redirects to in its own protocol's null (ours); the oracle sends the other's",
     "not generated; unit tests of our own", None),
    ("HELLO changes nothing unless it succeeds", "HELLO that fails after an option took effect is not generated", None),
    ("HINCRBYFLOAT that fails does not create the key", "a field is created before each HINCRBYFLOAT", None),
    ("CLIENT SETINFO and CLIENT NO-TOUCH exist; lib-name and lib-ver in CLIENT LIST", "absent from the oracle's COMMAND LIST, so not compared", None),
    ("ACL failures have one wording", "both must refuse the same command, key or channel", _acl_wording),
    ("ACL GETUSER and ACL LIST tell rules on commands as they were given; the oracle works out what comes to the same", "only whether they begin with all commands or none; what they allow is compared by ACL DRYRUN and by running commands", None),
    ("A new user has the flag sanitize-payload", "flags of users are compared without it", None),
    ("ACL LOG tells entry-id, timestamp-created and timestamp-last-updated", "what the oracle tells is compared, but for times and connections", None),
    ("`%`, `%R` and other key rules without their `~` are syntax errors (7.2.7); the oracle takes some, and dies of them", "not generated", None),
    ("A selector with unbalanced quotes is a syntax error (ours); the oracle takes it for an empty one", "not generated", None),
    ("A selector that nothing closes is named by the word that opens it; the oracle names the last word that could", "not generated: one opening word at most", None),
    ("ACL LOAD closes subscribers of the default user whose channel the file takes away (7.4); the oracle leaves them", "not generated: no aclfile; unit tests of our own", None),
    ("Blocking commands may be called by scripts, so COMMAND no longer flags them `noscript`", "COMMAND rows are the contract tests' part, which knows the flag", None),
    ("CLIENT PAUSE whose end no clock can count is out of range; the oracle takes it, and is paused for good", "such a pause is not generated; a unit test of our own", None),
    ("The REDIS_VERSION and REDIS_VERSION_NUM of scripts are those of 7.2.4", "not generated", None),
    ("HELLO before AUTH names its options as 7.2 does (`HELLO <proto> AUTH`); 7.0 left the version out", "not generated: no server under comparison asks for a password", None),
    ("A command ended by a timeout or by CLIENT UNBLOCK counts in total_commands_processed when it ends, not when it began", "INFO is excluded; a unit test of our own", None),
    ("client-query-buffer-limit counts all that a client makes the server hold: half a request, its big arguments, the queue of MULTI (ours). The oracle's count leaves out a big argument once it has a buffer of its own, and the queue", "not generated: the limits of both are 1 GB; integration tests of our own", None),
    ("A NUL is a byte like any other in an inline request (ours); the oracle looks for the line end up to the NUL only, and waits", "inline requests are generated without NUL", None),
    ("An inline request longer than 64 KB is refused whether or not it came whole, and a `*` with 64 KB of digits as too big a count (ours); the oracle asks whether its line end arrived with the same read", "not generated: where the oracle's reads end is chance", None),
    ("A protocol error is told to a client that turned replies off as well (ours): the connection closes, and the text says why", "not generated after CLIENT REPLY OFF", None),
    ("notify-keyspace-events shows `n` beside `A` (ours); the oracle hides it, though it is on", "CONFIG SET asks for classes without `n`", None),
    ("maxmemory above 2^63 - 1 is refused (ours); the oracle takes what fits 64 bits and cuts the rest", "not generated", None),
    ("SORT judges each number by itself (ours); the oracle goes on refusing after one was out of range", "that refusal is not required; numbers are not sorted with STORE", _old_range_error),
    ("Elements that SORT ALPHA finds equal up to a NUL keep an order of their own", "with NULs in them, compared as a set", _equal_to_the_nul),
    ("What a stream and its groups have counted stops at 2^63 - 1 (ours); the oracle goes on below zero", "not generated: no count begins there", None),
    ("SPOP of at least five times what it leaves of a table keeps it a table, since a page of SSCAN may be under way (ours); Redis makes a new set, packed if it fits", "after a counted SPOP the rest is compared and dropped", None),
    ("SORT keeps elements of equal weight in their order, also with LIMIT (ours); the oracle's quicksort does not", "BY with ALPHA is not generated with LIMIT", None),
    ("SORT ALPHA compares bytes (ours); the oracle asks the locale it was started in", "both run in the C locale", None),
    ("A tracked key that is renamed to a tracked one: the new name is told first, then the old one (ours); the oracle tells the old one first",
     "not generated: nothing is tracked while it is renamed", None),
    ("A double with seven or more decimals behind four or more digits is told without an exponent, such as a time in seconds (ours); 7.2 falls back to one",
     "compared by value; number_text.py and unit tests have the texts", None),
    ("INFO, CONFIG and COMMAND report more", "INFO is excluded, CONFIG is asked for single parameters, COMMAND rows are the contract tests' part", None),
]


def accepted(args, a, b):
    """The row under which this pair of replies is allowed to differ, or None."""
    # A script that passes its arguments on is judged by the command it calls.
    inner = args[3:] if _name(args) in (b"EVAL", b"EVALSHA") and args[2:3] == [b"0"] else []
    for title, _treatment, accepts in ROWS:
        if accepts is not None and (accepts(args, a, b) or (inner and accepts(inner, a, b))):
            return title
    return None
