// Sorted sets, their ranges, and those who wait for their ends.
#include "property/replay_patterns.h"

namespace sluice::test {

namespace {

constexpr Pattern kPatterns[] = {
    {"zadd", "%zset %score %member %score %member"},
    {"zadd", "%zset %score %member %score %member %score %member %score %member %score %member"},
    {"zadd", "%zset 0 m0 0 m1 0 m2 0 m3 0 m4"},
    {"zadd", "%zset NX %score %member"},
    {"zadd", "%zset XX CH %score %member"},
    {"zadd", "%zset GT %score %member %score %member"},
    {"zadd", "%zset LT CH %score %member %score %member"},
    {"zadd", "%zset XX GT CH %score %member"},
    {"zadd", "%zset INCR %float %member"},
    {"zadd", "%zset NX INCR %score %member"},
    {"zadd", "%zset XX LT INCR %score %member"},
    {"zincrby", "%zset %float %member"},
    {"zrem", "%zset %member %member"},
    {"zpopmin", "%zset"},
    {"zpopmin", "%zset %count"},
    {"zpopmax", "%zset"},
    {"zpopmax", "%zset %count"},
    {"zmpop", "1 %zset MAX"},
    {"zmpop", "2 %zset %zset MIN COUNT %count"},
    {"bzpopmin", "%zset %zset 0.01"},
    {"bzpopmin", "%zset 0"},
    {"bzpopmax", "%zset 0"},
    {"bzpopmax", "%zset %zset 0.2"},
    {"bzmpop", "0.1 1 %zset MAX COUNT %count"},
    {"bzmpop", "0 2 %zset %zset MIN"},
    {"zrangestore", "%zset %zset %index %index", Effect::kLessens},
    {"zrangestore", "%zset %zset 0 2 REV", Effect::kLessens},
    {"zrangestore", "%zset %zset -5 5 BYSCORE LIMIT 0 %count", Effect::kLessens},
    {"zrangestore", "%zset %zset +inf (%score BYSCORE REV", Effect::kLessens},
    {"zrangestore", "%zset %zset [m1 (m6 BYLEX", Effect::kLessens},
    {"zrangestore", "%key %zset 0 -1", Effect::kLessens},
    {"zremrangebyrank", "%zset 0 0"},
    {"zremrangebyrank", "%zset %index %index", Effect::kLessens},
    {"zremrangebyscore", "%zset %int (%float"},
    {"zremrangebyscore", "%zset -inf %score", Effect::kLessens},
    {"zremrangebylex", "%zset [m1 (m4"},
    {"zremrangebylex", "%zset - +", Effect::kLessens},
    {"zunionstore", "%zset 2 %zset %zset", Effect::kLessens},
    {"zunionstore", "%zset 2 %zset %set WEIGHTS %score %float AGGREGATE MAX"},
    {"zunionstore", "%key 1 %set"},
    {"zinterstore", "%zset 2 %zset %zset", Effect::kLessens},
    {"zinterstore", "%zset 2 %zset %zset WEIGHTS 0.5 %score AGGREGATE SUM", Effect::kLessens},
    {"zdiffstore", "%zset 2 %zset %set", Effect::kLessens},
    {"zdiffstore", "%key 2 %zset %zset", Effect::kLessens},
    {"zmpop", "2 %zset %zset MIN COUNT %count DUE %score"},
    {"zmpop", "1 %zset MIN DUE NOW UNIT MS"},
    {"bzmpop", "0.1 2 %zset %zset MIN DUE -5"},
    {"bzmpop", "0 1 %zset MIN COUNT %count DUE"},
    {"bzmovedue", "0.1 2 %zset %zset TO LIST %list %end"},
    {"bzmovedue", "0 1 %zset COUNT %count TO ZSET %zset SCORE %score"},
    {"bzmovedue", "0.2 2 %zset %zset COUNT %count DUE %score UNIT MS TO ZSET %zset"},
    {"bzmovedue", "0.2 1 %zset COUNT %count TO LIST %list %end"},
    {"zrange", "%zset 0 -1", Effect::kReads},
    {"zinter", "2 %zset %set", Effect::kReads},
    {"zscore", "%zset %member", Effect::kReads},
};

}  // namespace

std::span<const Pattern> sorted_set_patterns() {
  return kPatterns;
}

}  // namespace sluice::test
