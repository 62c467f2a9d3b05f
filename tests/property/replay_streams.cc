// Streams: entries, trims and what a stream remembers of its ids.
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
    {"xackdel", "%stream group:1 IDS 3 %old_id %old_id %old_id"},
    {"xackdel", "%stream group:2 DELREF IDS 3 %old_id %old_id %old_id"},
    {"xackdel", "%stream group:3 ACKED IDS 2 %old_id %old_id"},
    {"xtrim", "%stream MAXLEN %count ACKED", Effect::kLessens},
    {"xtrim", "%stream MINID %old_id DELREF", Effect::kLessens},
    {"xadd", "%stream MAXLEN 4 ACKED * %member %value"},
    {"xadd", "%stream DELREF MAXLEN ~ 6 %id %member %value"},
    {"xsetid", "%stream %id"},
    {"xsetid", "%stream %id ENTRIESADDED 100 MAXDELETEDID 1-1"},
    {"xsetid", "%stream %id MAXDELETEDID %old_id"},
    {"xrange", "%stream - +", Effect::kReads},
    {"xread", "STREAMS %stream 0", Effect::kReads},
};

}  // namespace

std::span<const Pattern> stream_patterns() {
  return kPatterns;
}

}  // namespace sluice::test
