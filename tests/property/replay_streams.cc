// Streams: entries, trims, what a stream remembers of its ids, and consumer groups.
#include "property/replay_patterns.h"

namespace sluice::test {

namespace {

constexpr Pattern kPatterns[] = {
    {"xadd", "%stream * %member %value"},
    {"xadd", "%stream * %member %value"},
    {"xadd", "%stream %id %member %value %member %value"},
    {"xadd", "%stream %ms %member %value"},
    {"xadd", "%stream NOMKSTREAM * %member %value"},
    {"xadd", "%stream NOMKSTREAM MAXLEN = 5 * %member %value", Effect::kLessens},
    {"xadd", "%stream MAXLEN 0 * %member %value", Effect::kLessens},
    {"xadd", "%stream MAXLEN ~ 8 * %member %value"},
    {"xadd", "%stream MAXLEN ~ 2 LIMIT 4 %id %member %value", Effect::kLessens},
    {"xadd", "%stream MINID %old_id * %member %value", Effect::kLessens},
    {"xadd", "%stream MINID ~ %old_id LIMIT 0 %ms %member %value", Effect::kLessens},
    {"xdel", "%stream %old_id %old_id"},
    {"xdel", "%stream %old_id %old_id %old_id %old_id %old_id %old_id"},
    {"xtrim", "%stream MAXLEN %count", Effect::kLessens},
    {"xtrim", "%stream MAXLEN ~ %count"},
    {"xtrim", "%stream MAXLEN ~ %count LIMIT 3"},
    {"xtrim", "%stream MINID = %old_id", Effect::kLessens},
    {"xtrim", "%stream MINID ~ %old_id LIMIT 10", Effect::kLessens},
    {"xdelex", "%stream IDS 2 %old_id %old_id"},
    {"xdelex", "%stream DELREF IDS 3 %old_id %old_id %old_id"},
    {"xdelex", "%stream ACKED IDS 3 %old_id %old_id %old_id"},
    {"xackdel", "%stream g0 IDS 8 %old_id %old_id %old_id %old_id %old_id %old_id %old_id %old_id"},
    {"xackdel", "%stream g1 DELREF IDS 8 %old_id %old_id %old_id %old_id %old_id %old_id %old_id %old_id"},
    {"xackdel", "%stream %group ACKED IDS 8 %old_id %old_id %old_id %old_id %old_id %old_id %old_id %old_id"},
    {"xtrim", "%stream MAXLEN %count ACKED", Effect::kLessens},
    {"xtrim", "%stream MINID %old_id DELREF", Effect::kLessens},
    {"xadd", "%stream MAXLEN 4 ACKED * %member %value"},
    {"xadd", "%stream DELREF MAXLEN ~ 6 %id %member %value"},
    {"xadd", "%stream IDMP %member %count * %member %value"},
    {"xadd", "%stream IDMPAUTO %member MAXLEN ~ 9 * %member %member"},
    {"xcfgset", "%stream IDMP-DURATION 2 IDMP-MAXSIZE %count", Effect::kLessens},
    {"xidmprecord", "%stream %member %member %old_id"},
    {"xsetid", "%stream %id"},
    {"xsetid", "%stream %id ENTRIESADDED 100 MAXDELETEDID 1-1"},
    {"xsetid", "%stream %id MAXDELETEDID %old_id"},
    {"xgroup|create", "%stream %group 0 MKSTREAM"},
    {"xgroup|create", "%stream %group $ MKSTREAM ENTRIESREAD %count"},
    {"xgroup|create", "%stream %group %old_id"},
    {"xgroup|setid", "%stream %group %old_id"},
    {"xgroup|setid", "%stream %group 0"},
    {"xgroup|setid", "%stream %group $ ENTRIESREAD %count"},
    {"xgroup|createconsumer", "%stream %group %consumer"},
    {"xgroup|delconsumer", "%stream %group %consumer", Effect::kLessens},
    {"xgroup|destroy", "%stream %group", Effect::kLessens},
    {"xreadgroup", "GROUP %group %consumer COUNT %count STREAMS %stream >"},
    {"xreadgroup", "GROUP %group %consumer COUNT %count STREAMS %stream >"},
    {"xreadgroup", "GROUP %group %consumer STREAMS %stream >"},
    {"xreadgroup", "GROUP %group %consumer NOACK COUNT %count STREAMS %stream >"},
    {"xreadgroup", "GROUP %group %consumer COUNT %count STREAMS %stream 0"},
    {"xreadgroup", "GROUP %group %consumer BLOCK 0 COUNT 2 STREAMS %stream >"},
    {"xreadgroup", "GROUP %group %consumer BLOCK 900 CLAIM 100 COUNT 3 STREAMS %stream >"},
    {"xreadgroup", "GROUP %group %consumer NOACK CLAIM 0 MAXCOUNT 4 STREAMS %stream %stream > >"},
    {"xreadgroup", "GROUP %group %consumer MAXSIZE 200 STREAMS %stream >"},
    {"xack", "%stream %group %old_id %old_id %old_id %old_id %old_id %old_id %old_id %old_id"},
    {"xnack", "%stream %group SILENT IDS 8 %old_id %old_id %old_id %old_id %old_id %old_id %old_id %old_id"},
    {"xnack", "%stream %group FATAL FORCE IDS 3 %old_id %old_id %old_id"},
    {"xnack", "%stream %group FAIL IDS 3 %old_id %old_id %old_id RETRYCOUNT %count"},
    {"xclaim", "%stream %group %consumer 0 %old_id %old_id %old_id %old_id"},
    {"xclaim", "%stream %group %consumer 50 %old_id %old_id %old_id IDLE 70 RETRYCOUNT %count JUSTID"},
    {"xclaim", "%stream %group %consumer 0 %old_id %old_id %old_id FORCE TIME %millis_at"},
    {"xclaim", "%stream %group %consumer 0 %old_id FORCE LASTID %old_id"},
    {"xautoclaim", "%stream %group %consumer 0 0 COUNT %count"},
    {"xautoclaim", "%stream %group %consumer 100 - JUSTID"},
    {"xpending", "%stream %group - + 10", Effect::kReads},
    {"xinfo|stream", "%stream FULL", Effect::kReads},
    {"xrange", "%stream - +", Effect::kReads},
    {"xread", "STREAMS %stream 0", Effect::kReads},
};

}  // namespace

std::span<const Pattern> stream_patterns() {
  return kPatterns;
}

}  // namespace sluice::test
