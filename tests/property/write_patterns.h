// What random writers send: for every command that writes, the shapes it can take. A line per shape; words
// with a % are rolled anew each time. The replay property goes through all of them, and fails while a command
// of the table has none: add lines to the family's list in write_patterns.cc.
//
//   %list %string %counter %hash %set %zset %stream   a key meant for that type, now and then another
//   %key                   any key                      %db            a database
//   %value                 any bytes, mostly short      %member        few enough to meet again
//   %int %index %count     small numbers; counts > 0    %float %score  numbers
//   %seconds %millis       spans, also past ones        %at %millis_at moments around now
//   %id                    a stream id, rising          %old_id        one that may exist
//   %end                   LEFT or RIGHT                %script        a script over KEYS[1] (a list),
//   ARGV[1]
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace sluice::test {

struct Pattern {
  std::string_view command;  // full name, "xgroup|create" for a subcommand
  std::string_view arguments;
};

std::vector<Pattern> write_patterns();

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}

  // One request of this shape, as sent at this moment.
  std::vector<std::string> roll(const Pattern& pattern, int64_t now_ms);
  uint64_t below(uint64_t bound) { return random_.below(bound); }
  bool one_in(uint64_t chances) { return below(chances) == 0; }

 private:
  std::string word(std::string_view slot, int64_t now_ms);
  std::string key_for(std::string_view type);
  std::string value();

  base::Random random_;
  int64_t last_id_ = 1;
};

}  // namespace sluice::test
