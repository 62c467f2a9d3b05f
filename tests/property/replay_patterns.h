// What the replay property sends: for every command that writes, each shape it can take, a line per shape, in
// one file per family (replay_<family>.cc). Words with a % are rolled anew each time. The property fails
// while a command of the table has no line, and when a line said to be logged never was: it names what is
// missing.
//
//   %list %string %counter %hash %set %zset %stream   a key meant for that type, now and then another
//   %key                   any key                      %db            a database
//   %dump                  a value as DUMP gives it
//   %wide_hash             "FIELDS n field value ...": more than go at once when they are due
//   %wide_member           one of those fields
//   %value                 any bytes, mostly short      %member        few enough to meet again
//   %int %index %count     small numbers; counts > 0    %float %score  numbers
//   %seconds %millis       spans, also past ones        %at %millis_at moments around now
//   %id                    a stream id, rising          %old_id        one that may exist
//   %ms                    the first half of an id      %end           LEFT or RIGHT
//   %group %consumer       names, few enough to meet again
//   %script %sha           a script over KEYS[1] (a list) and ARGV[1], as text or by its name
//   %reader                a script that only reads KEYS[1]
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace sluice::test {

enum class Effect : uint8_t {
  kLogged,   // some of its runs change something
  kLessens,  // the same, but it takes away so much that nothing would grow if it were as frequent
  kReads,    // it changes nothing itself, but may find keys that have expired
};

struct Pattern {
  std::string_view command;  // full name, "xgroup|create" for a subcommand
  std::string_view arguments;
  Effect effect = Effect::kLogged;
};

std::span<const Pattern> key_patterns();
std::span<const Pattern> string_patterns();
std::span<const Pattern> list_patterns();
std::span<const Pattern> hash_patterns();
std::span<const Pattern> set_patterns();
std::span<const Pattern> sorted_set_patterns();
std::span<const Pattern> stream_patterns();
std::span<const Pattern> script_patterns();
std::vector<Pattern> all_patterns();

// What %script and %reader stand for.
std::span<const std::string_view> writing_scripts();
std::span<const std::string_view> reading_scripts();

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}

  // One request of this shape, as sent at this moment.
  std::vector<std::string> roll(const Pattern& pattern, int64_t now_ms);
  uint64_t below(uint64_t bound) { return random_.below(bound); }
  bool one_in(uint64_t chances) { return below(chances) == 0; }

 private:
  int64_t between(int64_t low, int64_t high);
  std::string word(std::string_view slot, int64_t now_ms);
  void wide_hash(std::vector<std::string>& words);
  std::string moment(std::string_view slot, int64_t now_ms);
  std::string stream_id(std::string_view slot, int64_t now_ms);
  std::string number(std::string_view slot);
  std::string key_for(std::string_view type);
  std::string value();
  std::string dump(int64_t now_ms);

  base::Random random_;
  int64_t last_id_ = 1;
};

}  // namespace sluice::test
