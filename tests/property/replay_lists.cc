// Lists, and those who wait for their elements.
#include "property/replay_patterns.h"

namespace sluice::test {

namespace {

constexpr Pattern kPatterns[] = {
    {"rpush", "%list 0 1 2"},  // the numbers of keys: SORT looks behind them
    {"lpush", "%list %value"},
    {"lpush", "%list %value %value %value"},
    {"rpush", "%list %value %member %value %member"},
    {"rpush", "%list %member %member %member %member %member %member %member"},
    {"lpushx", "%list %value %value"},
    {"rpushx", "%list %value"},
    {"lpop", "%list"},
    {"lpop", "%list %count"},
    {"lpop", "%list 0", Effect::kReads},
    {"rpop", "%list"},
    {"rpop", "%list %count"},
    {"lset", "%list %index %value"},
    {"linsert", "%list BEFORE %member %value"},
    {"linsert", "%list AFTER %member %value"},
    {"lrem", "%list %int %member"},
    {"ltrim", "%list %index %index", Effect::kLessens},
    {"ltrim", "%list 0 20"},
    {"lmove", "%list %list %end %end"},
    {"rpoplpush", "%list %list"},
    {"lmpop", "1 %list %end"},
    {"lmpop", "2 %list %list %end COUNT %count"},
    {"blpop", "%list %list 0.01"},
    {"blpop", "%list 0"},
    {"brpop", "%list 0"},
    {"brpop", "%list %list %list 0.3"},
    {"blmove", "%list %list %end %end 0.02"},
    {"blmove", "%list %list %end %end 0"},
    {"brpoplpush", "%list %list 0"},
    {"blmpop", "0.1 2 %list %list %end COUNT %count"},
    {"blmpop", "0 1 %list %end"},
    {"lmovem", "%list %list %end %end"},
    {"lmovem", "%list %list %end %end COUNT %count OBO"},
    {"lmovem", "%list %list %end %end COUNT %count BULK"},
    {"lmovem", "%list %list %end %end EXACTLY %count BULK"},
    {"lmovem", "list0 list0 %end %end COUNT 9 OBO"},
    {"blmovem", "%list %list %end %end 0 EXACTLY %count OBO"},
    {"blmovem", "%list %list %end %end 0.1 COUNT %count BULK"},
    {"lmpop", "2 %list %list %end COUNT %count TO %list %end"},
    {"lmpop", "1 list1 %end TO list1 %end"},
    {"blmpop", "0.1 2 %list %list %end COUNT %count TO %list %end"},
    {"blmpop", "0 1 %list %end TO %list %end"},
    {"lrange", "%list 0 -1", Effect::kReads},
    {"llen", "%list", Effect::kReads},
    {"lindex", "%list 0", Effect::kReads},
};

}  // namespace

std::span<const Pattern> list_patterns() {
  return kPatterns;
}

}  // namespace sluice::test
