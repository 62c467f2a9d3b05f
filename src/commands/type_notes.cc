#include "commands/notes.h"

namespace sluice::commands {

namespace {

// By name, as notes_of() searches them.
constexpr Notes kNotes[] = {
    {"append",
     "O(1). The amortized time complexity is O(1) assuming the appended value is small and the already "
     "present value is of any size, since the dynamic string library used by Redis will double the free "
     "space available on every reallocation."},
    {"bitfield", "O(1) for each subcommand specified"},
    {"bitfield_ro", "O(1) for each subcommand specified"},
    {"blmove", "O(1)"},
    {"blmpop", "O(N+M) where N is the number of provided keys and M is the number of elements returned."},
    {"blpop",
     "O(N) where N is the number of provided keys.",
     {{{"6.0.0", "a timeout can be a fraction of a second"}}}},
    {"brpop",
     "O(N) where N is the number of provided keys.",
     {{{"6.0.0", "a timeout can be a fraction of a second"}}}},
    {"brpoplpush",
     "O(1)",
     {{{"6.0.0", "a timeout can be a fraction of a second"}}},
     "6.2.0",
     "`BLMOVE` with the `RIGHT` and `LEFT` arguments"},
    {"bzmpop",
     "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the "
     "sorted set, and M being the number of elements popped."},
    {"bzpopmax",
     "O(log(N)) with N being the number of elements in the sorted set.",
     {{{"6.0.0", "a timeout can be a fraction of a second"}}}},
    {"bzpopmin",
     "O(log(N)) with N being the number of elements in the sorted set.",
     {{{"6.0.0", "a timeout can be a fraction of a second"}}}},
    {"decr", "O(1)"},
    {"decrby", "O(1)"},
    {"get", "O(1)"},
    {"getdel", "O(1)"},
    {"getex", "O(1)"},
    {"getrange",
     "O(N) where N is the length of the returned string. The complexity is ultimately determined by the "
     "returned length, but because creating a substring from an existing string is very cheap, it can be "
     "considered O(1) for small strings."},
    {"getset", "O(1)", {}, "6.2.0", "`SET` with the `!GET` argument"},
    {"hdel", "O(N) where N is the number of fields to be removed.", {{{"2.4.0", "several fields at once"}}}},
    {"hexists", "O(1)"},
    {"hget", "O(1)"},
    {"hgetall", "O(N) where N is the size of the hash."},
    {"hincrby", "O(1)"},
    {"hincrbyfloat", "O(1)"},
    {"hkeys", "O(N) where N is the size of the hash."},
    {"hlen", "O(1)"},
    {"hmget", "O(N) where N is the number of fields being requested."},
    {"hmset",
     "O(N) where N is the number of fields being set.",
     {},
     "4.0.0",
     "`HSET` with multiple field-value pairs"},
    {"hrandfield", "O(N) where N is the number of fields returned"},
    {"hscan",
     "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to "
     "return back to 0. N is the number of elements inside the collection.."},
    {"hset",
     "O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called "
     "with multiple field/value pairs.",
     {{{"4.0.0", "several fields at once"}}}},
    {"hsetnx", "O(1)"},
    {"hstrlen", "O(1)"},
    {"hvals", "O(N) where N is the size of the hash."},
    {"incr", "O(1)"},
    {"incrby", "O(1)"},
    {"incrbyfloat", "O(1)"},
    {"lindex",
     "O(N) where N is the number of elements to traverse to get to the element at index. This makes asking "
     "for the first or the last element of the list O(1)."},
    {"linsert",
     "O(N) where N is the number of elements to traverse before seeing the value pivot. This means that "
     "inserting somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere "
     "on the right end (tail) is O(N)."},
    {"llen", "O(1)"},
    {"lmove", "O(1)"},
    {"lmpop", "O(N+M) where N is the number of provided keys and M is the number of elements returned."},
    {"lpop", "O(N) where N is the number of elements returned", {{{"6.2.0", "a count"}}}},
    {"lpos",
     "O(N) where N is the number of elements in the list, for the average case. When searching for elements "
     "near the head or the tail of the list, or when the MAXLEN option is provided, the command may run in "
     "constant time."},
    {"lpush",
     "O(1) for each element added, so O(N) to add N elements when the command is called with multiple "
     "arguments.",
     {{{"2.4.0", "several elements at once"}}}},
    {"lpushx",
     "O(1) for each element added, so O(N) to add N elements when the command is called with multiple "
     "arguments.",
     {{{"4.0.0", "several elements at once"}}}},
    {"lrange",
     "O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or "
     "TAIL) for large lists; and N is the number of elements in the specified range."},
    {"lrem", "O(N+M) where N is the length of the list and M is the number of elements removed."},
    {"lset",
     "O(N) where N is the length of the list. Setting either the first or the last element of the list is "
     "O(1)."},
    {"ltrim", "O(N) where N is the number of elements to be removed by the operation."},
    {"mget", "O(N) where N is the number of keys to retrieve."},
    {"mset", "O(N) where N is the number of keys to set."},
    {"msetnx", "O(N) where N is the number of keys to set."},
    {"psetex", "O(1)"},
    {"rpop", "O(N) where N is the number of elements returned", {{{"6.2.0", "a count"}}}},
    {"rpoplpush", "O(1)", {}, "6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments"},
    {"rpush",
     "O(1) for each element added, so O(N) to add N elements when the command is called with multiple "
     "arguments.",
     {{{"2.4.0", "several elements at once"}}}},
    {"rpushx",
     "O(1) for each element added, so O(N) to add N elements when the command is called with multiple "
     "arguments.",
     {{{"4.0.0", "several elements at once"}}}},
    {"sadd",
     "O(1) for each element added, so O(N) to add N elements when the command is called with multiple "
     "arguments.",
     {{{"2.4.0", "several members at once"}}}},
    {"scard", "O(1)"},
    {"sdiff", "O(N) where N is the total number of elements in all given sets."},
    {"sdiffstore", "O(N) where N is the total number of elements in all given sets."},
    {"set",
     "O(1)",
     {{{"2.6.12", "NX, XX, EX and PX"},
       {"6.0.0", "KEEPTTL"},
       {"6.2.0", "GET, EXAT and PXAT"},
       {"7.0.0", "GET together with NX"}}}},
    {"setex", "O(1)"},
    {"setnx", "O(1)"},
    {"setrange",
     "O(1), not counting the time taken to copy the new string in place. Usually, this string is very small "
     "so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being the length of the "
     "value argument."},
    {"sinter",
     "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets."},
    {"sintercard",
     "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets."},
    {"sinterstore",
     "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets."},
    {"sismember", "O(1)"},
    {"smembers", "O(N) where N is the set cardinality."},
    {"smismember", "O(N) where N is the number of elements being checked for membership"},
    {"smove", "O(1)"},
    {"spop",
     "Without the count argument O(1), otherwise O(N) where N is the value of the passed count.",
     {{{"3.2.0", "a count"}}}},
    {"srandmember",
     "Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.",
     {{{"2.6.0", "a count"}}}},
    {"srem",
     "O(N) where N is the number of members to be removed.",
     {{{"2.4.0", "several members at once"}}}},
    {"sscan",
     "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to "
     "return back to 0. N is the number of elements inside the collection.."},
    {"strlen", "O(1)"},
    {"substr",
     "O(N) where N is the length of the returned string. The complexity is ultimately determined by the "
     "returned length, but because creating a substring from an existing string is very cheap, it can be "
     "considered O(1) for small strings.",
     {},
     "2.0.0",
     "`GETRANGE`"},
    {"sunion", "O(N) where N is the total number of elements in all given sets."},
    {"sunionstore", "O(N) where N is the total number of elements in all given sets."},
    {"xadd",
     "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.",
     {{{"6.2.0", "NOMKSTREAM, MINID and LIMIT"},
       {"7.0.0", "ids with a given time and the next free number: ms-*"}}}},
    {"xdel", "O(1) for each single item to delete in the stream, regardless of the stream size."},
    {"xlen", "O(1)"},
    {"xrange",
     "O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the "
     "first 10 elements with COUNT), you can consider it O(1).",
     {{{"6.2.0", "ranges that leave out their ends"}}}},
    {"xread",
     "For each stream mentioned: O(N) with N being the number of elements being returned, it means that "
     "XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will pay O(M) time "
     "in order to serve the M clients blocked on the stream getting new data."},
    {"xrevrange",
     "O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first "
     "10 elements with COUNT), you can consider it O(1).",
     {{{"6.2.0", "ranges that leave out their ends"}}}},
    {"xsetid", "O(1)", {{{"7.0.0", "ENTRIESADDED and MAXDELETEDID"}}}},
    {"xtrim",
     "O(N), with N being the number of evicted entries. Constant times are very small however, since entries "
     "are organized in macro nodes containing multiple entries that can be released with a single "
     "deallocation.",
     {{{"6.2.0", "MINID and LIMIT"}}}},
    {"zadd",
     "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
     {{{"2.4.0", "several members at once"}, {"3.0.2", "XX, NX, CH and INCR"}, {"6.2.0", "GT and LT"}}}},
    {"zcard", "O(1)"},
    {"zcount", "O(log(N)) with N being the number of elements in the sorted set."},
    {"zincrby", "O(log(N)) where N is the number of elements in the sorted set."},
    {"zlexcount", "O(log(N)) with N being the number of elements in the sorted set."},
    {"zmpop",
     "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the "
     "sorted set, and M being the number of elements popped."},
    {"zmscore", "O(N) where N is the number of members being requested."},
    {"zpopmax",
     "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements "
     "popped."},
    {"zpopmin",
     "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements "
     "popped."},
    {"zrandmember", "O(N) where N is the number of elements returned"},
    {"zrange",
     "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements "
     "returned.",
     {{{"6.2.0", "BYSCORE, BYLEX, REV and LIMIT"}}}},
    {"zrangebylex",
     "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being "
     "returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider "
     "it O(log(N)).",
     {},
     "6.2.0",
     "`ZRANGE` with the `BYLEX` argument"},
    {"zrangebyscore",
     "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being "
     "returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider "
     "it O(log(N)).",
     {{{"2.0.0", "WITHSCORES"}}},
     "6.2.0",
     "`ZRANGE` with the `BYSCORE` argument"},
    {"zrangestore",
     "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored "
     "into the destination key."},
    {"zrank", "O(log(N))"},
    {"zrem",
     "O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be "
     "removed.",
     {{{"2.4.0", "several members at once"}}}},
    {"zremrangebylex",
     "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed "
     "by the operation."},
    {"zremrangebyrank",
     "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed "
     "by the operation."},
    {"zremrangebyscore",
     "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed "
     "by the operation."},
    {"zrevrange",
     "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements "
     "returned.",
     {},
     "6.2.0",
     "`ZRANGE` with the `REV` argument"},
    {"zrevrangebylex",
     "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being "
     "returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider "
     "it O(log(N)).",
     {},
     "6.2.0",
     "`ZRANGE` with the `REV` and `BYLEX` arguments"},
    {"zrevrangebyscore",
     "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being "
     "returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider "
     "it O(log(N)).",
     {{{"2.1.6", "ranges that leave out their ends"}}},
     "6.2.0",
     "`ZRANGE` with the `REV` and `BYSCORE` arguments"},
    {"zrevrank", "O(log(N))"},
    {"zscan",
     "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to "
     "return back to 0. N is the number of elements inside the collection.."},
    {"zscore", "O(1)"},
};
static_assert(notes_are_sorted(kNotes));

}  // namespace

std::span<const Notes> type_notes() {
  return kNotes;
}

}  // namespace sluice::commands
