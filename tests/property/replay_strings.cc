// Strings, their ranges, counters and bit fields.
#include "property/replay_patterns.h"

namespace sluice::test {

namespace {

constexpr Pattern kPatterns[] = {
    {"set", "%string %value"},
    {"set", "%string %value EX %seconds"},
    {"set", "%string %value PX %millis"},
    {"set", "%string %value PXAT %millis_at GET"},
    {"set", "%string %value EXAT %at NX"},
    {"set", "%string %value PX %millis XX"},
    {"set", "%string %value NX GET"},
    {"set", "%string %value XX GET KEEPTTL"},
    {"set", "%string %value KEEPTTL"},
    {"set", "%counter %int"},
    {"set", "%string %member IFEQ m1 PX %millis"},
    {"set", "%string %member IFNE m2 KEEPTTL"},
    {"set", "%string %member IFNE %value GET"},
    {"set", "%string %member IFDNE 0123456789abcdef"},
    {"delex", "%key", Effect::kLessens},
    {"delex", "%string IFEQ %member", Effect::kLessens},
    {"delex", "%string IFDNE 0123456789abcdef", Effect::kLessens},
    {"delifeq", "%string %member", Effect::kLessens},
    {"msetex", "2 %string %value %counter %int"},
    {"msetex", "2 %string %value %string %value NX PX %millis"},
    {"msetex", "2 %string %value %string %member XX KEEPTTL"},
    {"msetex", "1 %string %value PXAT %millis_at"},
    {"setex", "%string %seconds %value"},
    {"psetex", "%string %millis %value"},
    {"setnx", "%string %value"},
    {"getset", "%string %value"},
    {"getdel", "%string"},
    {"getex", "%string", Effect::kReads},
    {"getex", "%string EX %seconds"},
    {"getex", "%string PX %millis"},
    {"getex", "%string EXAT %at"},
    {"getex", "%string PXAT %millis_at"},
    {"getex", "%string PERSIST"},
    {"mset", "%string %value %counter %int"},
    {"mset", "%string %value %string %value"},
    {"msetnx", "%string %value %string %value"},
    {"append", "%string %value"},
    {"append", "%counter %int"},
    {"setrange", "%string %count %value"},
    {"setrange", "%string 70 %value"},
    {"bitfield", "%string SET u8 %count %count INCRBY i5 %count %int"},
    {"bitfield", "%string GET u4 0 OVERFLOW FAIL INCRBY u2 %count 3"},
    {"bitfield", "%string OVERFLOW SAT INCRBY i8 #%count %int OVERFLOW WRAP INCRBY u3 500 %int"},
    {"bitfield", "%counter SET i64 %count %int"},
    {"bitfield", "%string GET u8 0", Effect::kReads},
    {"setbit", "%string %count 1"},
    {"setbit", "%counter 20 0"},
    {"bitop", "AND %string %string %counter"},
    {"bitop", "OR %string %string %string %counter"},
    {"bitop", "XOR %key %string %counter", Effect::kLessens},
    {"bitop", "NOT %string %string"},
    {"incr", "%counter"},
    {"decr", "%counter"},
    {"incrby", "%counter %int"},
    {"decrby", "%counter %int"},
    {"incrbyfloat", "%counter %float"},
    {"increx", "%counter"},
    {"increx", "%counter BYINT %int LBOUND -20 UBOUND 20 SATURATE PX %millis ENX"},
    {"increx", "%counter BYFLOAT %float UBOUND 40 EX %seconds"},
    {"increx", "%counter BYINT %int PERSIST"},
    {"increx", "%counter BYINT %int PXAT %millis_at", Effect::kLessens},
    {"get", "%string", Effect::kReads},
    {"mget", "%string %counter", Effect::kReads},
    {"getrange", "%string 0 2", Effect::kReads},
    {"digest", "%string", Effect::kReads},
    {"lcs", "%counter %counter", Effect::kReads},
    {"bitfield_ro", "%string GET u8 0", Effect::kReads},
    {"bitcount", "%string", Effect::kReads},
};

}  // namespace

std::span<const Pattern> string_patterns() {
  return kPatterns;
}

}  // namespace sluice::test
