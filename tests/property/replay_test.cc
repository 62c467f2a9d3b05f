// What a server sends to its log rebuilds what it holds: for random commands of every kind that writes, sent
// alone, in transactions, by waiting clients and scripts, while time passes, the effects go into a real log
// on a disk in memory; a fresh server whose clock and chance say something else loads it, and both must hold
// the same.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include <doctest/doctest.h>

#include "property/harness_log.h"
#include "property/replay_patterns.h"
#include "property/replay_writers.h"
#include "support/harness.h"
#include "support/seeds.h"

namespace sluice::test {

namespace {

constexpr int kSteps = 4000;
constexpr int kStepsPerTurn = 7;

constexpr testing::SeedCount kStories{300, 40, 15};

// Everything changes its form after a few elements, or after many.
enum class Limits : uint8_t { kLow, kUsual };

Limits other(Limits limits) {
  return limits == Limits::kLow ? Limits::kUsual : Limits::kLow;
}

void configure(Harness& h, Limits limits) {
  if (limits == Limits::kLow) lower_limits(h);
}

// What need not be equal.
struct Neutral {
  std::string_view shown;
  std::string_view instead;
};

// Encodings of strings, lists and sets say how they came about, and that is not in the log, here as in Redis:
// what INCRBYFLOAT made is replayed by SET; LSET out of range, LINSERT without its pivot and LTRIM of nothing
// log nothing, but may leave a list with the encoding it would have needed; and what is stored from a table
// of members is added in the table's order, which chance decides, and a set that met its fourth number before
// its first word went another way than one that met the word first. Of these only the contents count.
constexpr Neutral kHistory[] = {
    {" string int", " string"},           {" string embstr", " string"},
    {" string raw", " string"},           {" list quicklist", " list listpack"},
    {" set hashtable", " set listpack"},  {" set intset", " set listpack"},
    {" zset skiplist", " zset listpack"},
};
// What follows from limits, besides.
constexpr Neutral kForms[] = {
    {" hash hashtable", " hash listpack"},
    {" hash listpackex", " hash listpack"},
};

std::string without(std::string digest, std::span<const Neutral> neutral) {
  for (const Neutral& one : neutral) {
    for (size_t at = digest.find(one.shown); at != std::string::npos; at = digest.find(one.shown, at)) {
      digest.replace(at, one.shown.size(), one.instead);
    }
  }
  return digest;
}

// The lines of one digest that the other has not, each behind the line of its key; the beginning of them.
std::string only_in(const std::string& left, const std::string& right) {
  constexpr int kShownLines = 12;
  const auto lines_of = [](const std::string& text) {
    std::vector<std::string> lines;
    std::string key;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      if (end == at) key.clear();
      std::string line = key + " / " + text.substr(at, std::min<size_t>(end - at, 120));
      for (char& c : line) c = c < ' ' || c > '~' ? '?' : c;
      if (key.empty()) key = text.substr(at, std::min<size_t>(end - at, 60));
      lines.push_back(std::move(line));
      at = end + 1;
    }
    return lines;
  };
  const std::vector<std::string> others = lines_of(right);
  const std::set<std::string> known(others.begin(), others.end());
  std::string shown;
  int count = 0;
  for (const std::string& line : lines_of(left)) {
    if (known.find(line) == known.end() && ++count <= kShownLines) shown += line + "\n";
  }
  return shown;
}

std::string difference_of(const std::string& held, const std::string& loaded) {
  return "--- only held\n" + only_in(held, loaded) + "--- only loaded\n" + only_in(loaded, held);
}

// Sends the first `steps` of a story and loads its log. Says what differs; empty: nothing.
std::string tell(uint64_t seed, int steps, Tally& tally) {
  const Limits limits = seed % 2 == 0 ? Limits::kUsual : Limits::kLow;
  Harness original(seed);
  configure(original, limits);
  testing::MemoryFs disk;
  HarnessLog log(original, disk, aof::SyncMode::kNo);
  REQUIRE(log.running.start_error.empty());
  Writers writers(original, seed, tally);
  for (int i = 0; i < steps; ++i) {
    writers.step();
    if (i % kStepsPerTurn == 0) log.running.turn();
  }
  REQUIRE(log.running.writer.close().ok());
  for (const std::string& line : original.sink.records) tally.records.insert(line.substr(0, line.find(' ')));
  const int64_t now_ms = original.clock.unix_us() / 1000;
  const std::string content = debug_digest(original, now_ms);

  Harness copy(seed + 1'000'000);
  configure(copy, limits);
  copy.clock.advance_us(3'600'000'000);
  if (const std::string error = load_log(copy, disk).error; !error.empty()) {
    return error + "\n" + writers.last_sent();
  }
  const std::string held = without(original.digest(), kHistory);
  const std::string loaded = without(copy.digest(), kHistory);
  if (held != loaded) return difference_of(held, loaded) + "after " + writers.last_sent();
  if (content != debug_digest(copy, now_ms)) return "DEBUG DIGEST differs after " + writers.last_sent();

  // What limits decide (how much `~` trims) is decided in the log already.
  Harness changed(seed + 2'000'000);
  configure(changed, other(limits));
  if (const std::string error = load_log(changed, disk).error; !error.empty()) {
    return error + "\n" + writers.last_sent();
  }
  if (content == debug_digest(changed, now_ms)) return {};
  return "with other limits: " +
         difference_of(without(held, kForms), without(without(changed.digest(), kHistory), kForms)) +
         "after " + writers.last_sent();
}

// A story that ends in a difference, cut to its shortest beginning that still does.
std::string shortest(uint64_t seed, std::string difference) {
  Tally unused;
  int same = 0;
  int differs = kSteps;
  while (same + 1 < differs) {
    const int steps = (same + differs) / 2;
    std::string found = tell(seed, steps, unused);
    (found.empty() ? same : differs) = steps;
    if (!found.empty()) difference = std::move(found);
  }
  return "seed " + std::to_string(seed) + ", step " + std::to_string(differs) + "\n" + difference;
}

// What waits, chooses by chance or counts from now is in the log only as what became of it.
void check_records(const Tally& tally) {
  constexpr std::string_view kIntentions[] = {"EXPIRE", "PEXPIRE",     "SETEX",        "PSETEX", "GETEX",
                                              "SPOP",   "INCRBYFLOAT", "HINCRBYFLOAT", "EVAL",   "EVALSHA"};
  constexpr std::string_view kFrame[] = {"SELECT", "MULTI", "EXEC"};
  Harness h;
  for (const std::string& name : tally.records) {
    CAPTURE(name);
    if (name == "#SLUICE") continue;  // checked where each is made
    if (std::find(std::begin(kFrame), std::end(kFrame), name) != std::end(kFrame)) continue;
    const exec::Command* command = h.table.find(name);
    REQUIRE(command != nullptr);
    if (!command->subcommands.empty()) continue;  // those of its subcommands that are logged have patterns
    CHECK(command->has(exec::kWrite));
    CHECK_FALSE(command->has(exec::kBlocking));
    const bool intends = std::any_of(std::begin(kIntentions), std::end(kIntentions),
                                     [&](std::string_view one) { return h.table.find(one) == command; });
    CHECK_FALSE(intends);
  }
}

// A property that something does not put to the test would hold for nothing.
void check_coverage(const Tally& tally) {
  const std::vector<Pattern> patterns = all_patterns();
  std::map<std::string_view, PatternCount> commands;
  for (size_t i = 0; i < patterns.size(); ++i) {
    const PatternCount& count = tally.patterns[i];
    commands[patterns[i].command].logged += count.logged;
    commands[patterns[i].command].served += count.served;
    const bool expected = patterns[i].effect == Effect::kReads || count.logged + count.served > 0;
    CHECK_MESSAGE(expected, ("never logged: " + std::string(patterns[i].command) + " " +
                             std::string(patterns[i].arguments)));
  }
  Harness h;
  h.table.for_each([&](const exec::Command& command) {
    if (!command.has(exec::kWrite) || command.spec->handler == nullptr) return;
    const PatternCount& count = commands[command.full_name];
    CHECK_MESSAGE(count.logged > 0, ("never logged: " + command.full_name));
    const bool waited = !command.has(exec::kBlocking) || count.served > 0;
    CHECK_MESSAGE(waited, ("never logged after it had to wait: " + command.full_name));
  });
  CHECK(tally.expired_in_time > 0);
  CHECK(tally.expired_by_reading > 0);
  CHECK(tally.transactions > 0);
  CHECK(tally.aborted > 0);
}

}  // namespace

TEST_CASE("Replay: every command that writes has a pattern, and every pattern a command") {
  Harness h;
  const std::vector<Pattern> patterns = all_patterns();
  h.table.for_each([&](const exec::Command& command) {
    if (!command.has(exec::kWrite) || command.spec->handler == nullptr) return;
    const bool known = std::any_of(patterns.begin(), patterns.end(), [&](const Pattern& pattern) {
      return pattern.command == command.full_name && pattern.effect != Effect::kReads;
    });
    CHECK_MESSAGE(known, ("no pattern in replay_<family>.cc for " + command.full_name));
  });
  for (const Pattern& pattern : patterns) {
    CHECK_MESSAGE(h.table.find_full(pattern.command) != nullptr, std::string(pattern.command));
  }
}

TEST_CASE("Replay: what was logged rebuilds what is held, whatever was sent") {
  Tally tally;
  const std::vector<uint64_t> stories = testing::seeds(kStories);
  for (const uint64_t seed : stories) {
    std::string difference = tell(seed, kSteps, tally);
    if (!difference.empty()) difference = shortest(seed, std::move(difference));
    REQUIRE_MESSAGE(difference.empty(), difference);
  }
  check_records(tally);
  if (stories.size() >= kStories.daily) check_coverage(tally);  // fewer do not meet everything
}

}  // namespace sluice::test
