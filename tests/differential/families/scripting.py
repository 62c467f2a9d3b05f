"""EVAL and its kin: conversions both ways, errors, and other families' commands run from inside a script.

Scripts are Lua 5.1 without anything that iterates a table, or that depends on the clock or on chance.
"""
import hashlib

from family import Family, Row
from pair import UNRULED, Special

CONVERSIONS = [
    b"return 1", b"return 3.99", b"return -3.99", b"return 'text'", b"return ''", b"return true", b"return false", b"return nil", b"",
    b"return {}", b"return {1,2,3}", b"return {1,nil,3}", b"return {1,{2,{3,'x'}},false,true}", b"return {ok='FINE'}", b"return {err='MY bad'}",
    b"return {err='no code'}", b"return {double=3.25}", b"return {map={a=1}}", b"return {set={a=true}}", b"return {big_number='123456789012345678901234567890'}",
    b"return {verbatim_string={format='txt',string='hello'}}", b"return {{ok='a'},{err='ERR b'}}", b"return {'a',{double=1e100},3}",
    b"return 1e15", b"return 9007199254740993", b"return -0", b"return '\\0\\255'", b"return tostring(1e15)", b"return tostring(0.1)", b"return tostring(100)",
    b"return tonumber('0x10')", b"return #ARGV", b"return #KEYS", b"return KEYS", b"return ARGV", b"return {KEYS[1],ARGV[1],ARGV[2]}",
    b"redis.setresp(3) return {double=1.5}", b"redis.setresp(3) return true", b"redis.setresp(3) return {map={k='v'}}",
    b"redis.setresp(3) return {set={one=true}}", b"redis.setresp(3) return redis.call('HGETALL','nokey')",
    b"return redis.error_reply('MY text')", b"return redis.error_reply('-MY text')", b"return redis.status_reply('GOOD')", b"return redis.sha1hex('')",
    b"return redis.sha1hex(ARGV[1] or 'x')", b"return type(redis.pcall('nosuch'))", b"return redis.pcall('nosuch')", b"return redis.call('nosuch')",
    b"return redis.call()", b"return redis.pcall('GET')", b"return redis.call('GET')", b"return redis.call('GET', {})", b"return redis.pcall('GET', 1)",
    b"return redis.call('SET','s0',12.5)", b"return redis.call('PING')", b"return redis.call('ECHO', 3)", b"return redis.call('MULTI')",
    b"return redis.call('SUBSCRIBE','c')", b"local e = redis.pcall('LPUSH','s1') return e.err", b"return redis.call('LRANGE','l0',0,-1)",
    b"return {redis.call('SET','s0','1'),redis.call('INCR','s0')}", b"return redis.call('MGET','s0','nokey')[2] == false",
    b"redis.call('RPUSH','l1','from script') error('stop')", b"error({err='MY table'})", b"return string.format('%.17g %d %s', 0.1, 3, 'x')",
    b"return table.concat({1,2,3},',')", b"return string.rep('ab',3)", b"return ({1,2,3})[2]", b"return select('#',1,2,3)",
    b"local t={5,3,1} table.sort(t) return t", b"return string.gsub('hello','l','L')", b"return math.floor(-2.5)", b"return unpack({1,2,3})",
    b"for i=1,10 do redis.call('RPUSH','l2',i) end return redis.call('LLEN','l2')", b"return redis.log(redis.LOG_DEBUG,'x')",
    b"return tonumber('abc')", b"return 10/3", b"return redis.call('ZSCORE','z0','m1')", b"return redis.REDIS_VERSION ~= nil",
    b"#!lua\nreturn 7", b"#!lua flags=no-writes\nreturn redis.call('SET','s0','x')", b"#!nosuch\nreturn 1", b"#!lua flags=bad\nreturn 1",
    b"return redis.breakpoint and 1", b"return redis.replicate_commands()", b"return tostring(nil)", b"return 'a' < 'b'",
    b"setmetatable(_G,{})", b"rawset(_G,'a',1)", b"rawset(redis,'a',1)", b"table.insert(redis,1)", b"a=1", b"return type(os)", b"return os.clock()",
]
# Asked only where both servers have the library.
LIBRARIES = {
    b"cjson": [b"return cjson.encode({1,2,3})", b"return cjson.encode('a\"b')", b"return cjson.decode('[1,2.5,\"x\",null,true]')[2]", b"return cjson.encode(cjson.decode(ARGV[1] or '{}'))",
               b"return cjson.decode('{\"a\":{\"b\":[1,2]}}').a.b[2]", b"return cjson.encode({a=1})", b"return cjson.encode({})", b"return cjson.encode(1e15)", b"return cjson.encode(0.1)"],
    b"cmsgpack": [b"return cmsgpack.pack({1,2,'x'})", b"return cmsgpack.unpack(cmsgpack.pack('abc'))", b"return cmsgpack.pack(1.5)", b"return cmsgpack.pack(-70000)"],
    b"struct": [b"return struct.pack('>I4','7')", b"return {struct.unpack('<HH','\\1\\2\\3\\4')}", b"return struct.size('iI4')"],
    b"bit": [b"return bit.band(12,10)", b"return bit.bor(1,2,4)", b"return bit.lshift(1,31)", b"return bit.tohex(255)", b"return bit.bxor(5,1)"],
}
CALLS = [b"return redis.call(unpack(ARGV))", b"return redis.pcall(unpack(ARGV))", b"local r = redis.call(unpack(ARGV)) return r",
         b"redis.setresp(3) return redis.pcall(unpack(ARGV))"]
# Random or clocked in a script, not allowed in 7.0, or (SELECT, SCRIPT) state of the connection.
NEVER_INSIDE = {b"SPOP", b"TIME", b"SELECT", b"SWAPDB", b"SCRIPT", b"EVAL", b"EVALSHA", b"EVAL_RO", b"EVALSHA_RO", b"HELLO", b"CLIENT", b"RESET", b"QUIT",
                b"AUTH", b"CONFIG", b"COMMAND", b"DEBUG", b"SLOWLOG", b"LATENCY", b"OBJECT", b"MOVE", b"COPY", b"XREAD", b"PUBLISH"}
INNER = ("lists", "strings", "keys", "hashes", "sets", "zsets", "streams")


def scripts_known(generator):
    return CONVERSIONS + [text for name in generator.words.libraries for text in LIBRARIES[name]]


def script(generator):
    words = generator.words
    random = words.random
    r = random()
    if r < 0.45:
        text = words.pick(scripts_known(generator))
        args = [b"1", words.pick(words.pools["anykey"])] if random() < 0.6 else [b"0"]
        if random() < 0.04:
            args[0] = words.pick([b"-1", b"abc", b"99", b"2", b""])
        args += [words.pick(words.pools["member"]) for _ in range(int(random() * 3))]
        return _run(words, text, args, "doubles")
    inner = [one for one in generator.context if one.family.name in INNER]
    drawn = words.pick(inner).draw() if inner else []
    if any(rule == "drawn_from" for _args, rule in drawn):
        return drawn  # judged by the reply before it, which must come from the command itself
    step, loads = [], []
    for args, rule in drawn:
        if isinstance(rule, Special) or rule in (UNRULED, "drawn_from") or args[0].upper() in NEVER_INSIDE:
            step.append((args, rule))
        else:
            text = words.pick(CALLS)
            if b"setresp" in text:  # sets and maps become Lua tables, whose order is each interpreter's own
                rule = {"by_encoding": "set", "pairs_by_encoding": "pairs"}.get(rule, rule)
                rule = "pairs" if args[0].upper() == b"LCS" else rule
            *load, call = _run(words, text, [b"0"] + args, "doubles" if rule == "exact" else rule)
            loads.extend(load)  # first, since a rule may look at the item just before
            step.append(call)
    return loads + step


def _run(words, text, args, rule):
    r = words.random()
    if r < 0.7:
        return [([b"EVAL", text] + args, rule)]
    sha = hashlib.sha1(text).hexdigest().encode()
    if r < 0.72:
        return [([b"EVALSHA", sha.upper()] + args, rule)]
    return [([b"SCRIPT", b"LOAD", text], "exact"), ([b"EVALSHA", sha] + args, rule)]


FAMILY = Family("scripting", [
    Row("SCRIPT EXISTS", "odd odd", weight=0.5),
    Row("SCRIPT LOAD", "value", weight=0.3),
    Row("SCRIPT FLUSH", "[ { SYNC | ASYNC | odd } ]", weight=0.1),
    Row("SCRIPT", "subcommand", weight=0.2),
    Row("SCRIPT KILL", "", weight=0.1),
    Row("EVALSHA", "odd 0"),
    Row("EVAL", "odd"),
    Row("EVAL_RO", "odd int"),
    Row("EVALSHA_RO", "odd 0"),
], extra=script, extra_covers=["EVAL", "EVALSHA", "SCRIPT LOAD"], extra_share=0.93, share=0.6)
