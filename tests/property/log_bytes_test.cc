// The log of a server, cut at every byte and with every byte changed: a few hundred units of every command
// that writes, told to a log on a disk in memory; the digest of what was held after each unit is the model.
// Every damaged directory is loaded as at a start: a cut loses only what stood behind it, a changed byte is
// refused or reported, and what is loaded was held at some moment. The same for the base a rewrite made.
// A daily run tries a sample of the bytes, begun at SLUICE_SEED; a long one all of them.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "property/harness_log.h"
#include "property/replay_patterns.h"
#include "support/seeds.h"

namespace sluice::test {

namespace {

using testing::MemoryFs;

constexpr int kMostRounds = 1500;  // a pattern that leaves no record by then never will
constexpr int kRoundsToEmptiness = 40;
constexpr int kFillingPerRound = 10;  // so that what takes away finds something
constexpr size_t kFew = 20;
constexpr size_t kMostRequestBytes = 600;  // of one request: bytes, not bulk, are what is tried

enum class Plan : uint8_t { kTwoIncrements, kBaseAndIncrement };

// What was held when a unit had been appended.
struct Moment {
  int increment = 0;     // the how-manieth that was written to
  uint64_t file_at = 0;  // where the unit ends in it
  std::string digest;
};

// A log of every command that writes, and what was held after each unit.
class VariedLog {
 public:
  explicit VariedLog(Plan plan) : plan_(plan), dice_(5) {
    peer_ = &harness_.client();
    harness_.configure("stream-node-max-entries", "3");  // or an XTRIM that may leave some never trims
    for (const std::string_view script : writing_scripts()) {
      harness_.run("SCRIPT", "LOAD", std::string(script));
    }
    // What there is before the first unit.
    moments.push_back({0, 0, digest()});
    open_log({});
    send_every_pattern();
    log_->running.turn();
    log_.reset();
    const auto names = disk_.list_dir("./appendonlydir");
    for (const std::string& name : *names) {
      const std::string path = "./appendonlydir/" + name;
      files[path] = disk_.content(path);
    }
  }

  // What a cut of the last increment at `file_at` leaves.
  [[nodiscard]] const std::string& digest_at(uint64_t file_at) const {
    const Moment* last = &moments.front();
    for (const Moment& moment : moments) {
      if (moment.increment < moments.back().increment || moment.file_at <= file_at) last = &moment;
    }
    return last->digest;
  }
  [[nodiscard]] bool was_held(const std::string& what) const {
    return std::any_of(moments.begin(), moments.end(),
                       [&](const Moment& moment) { return moment.digest == what; });
  }
  [[nodiscard]] const std::string& held() const { return moments.back().digest; }

  std::vector<Moment> moments;
  std::map<std::string, base::Bytes> files;   // by path
  std::set<std::string, std::less<>> logged;  // full names of the commands that left a record

 private:
  void open_log(aof::StartPoint start) {
    ++increment_;
    log_ = std::make_unique<HarnessLog>(harness_, disk_, aof::SyncMode::kAlways, std::move(start));
    REQUIRE(log_->running.start_error.empty());
    log_->after_unit = [this] {
      const aof::Writer& writer = log_->running.writer;
      const uint64_t in_batch = writer.offset() - writer.written();
      moments.push_back({increment_, writer.increment_bytes() + in_batch, digest()});
    };
  }
  std::string digest() { return debug_digest(harness_, kBeforeAnyDeadline); }

  void send_every_pattern() {
    std::vector<Pattern> left = all_patterns();
    // A hash of more fields than go at once is longer than what is sent here.
    std::erase_if(left, [](const Pattern& pattern) {
      return pattern.effect == Effect::kReads ||
             pattern.arguments.find("%wide_hash") != std::string_view::npos;
    });
    std::vector<Pattern> growing = left;
    std::erase_if(growing, [](const Pattern& pattern) { return pattern.effect != Effect::kLogged; });
    const size_t all = left.size();
    for (int round = 0; round < kMostRounds && !left.empty(); ++round) {
      // Or keys that became another type stay so, and what needs the first one never finds it.
      if (round % kRoundsToEmptiness == kRoundsToEmptiness - 1) harness_.run("FLUSHALL");
      std::erase_if(left, [&](const Pattern& pattern) { return send(pattern); });
      for (int i = 0; i < kFillingPerRound; ++i) send(pick_filling(growing, left));
      if (increment_ == 1 && left.size() < all / 2) begin_another();
    }
    for (const Pattern& pattern : left) {
      FAIL_CHECK("never logged: " << std::string(pattern.command) << " " << std::string(pattern.arguments));
    }
  }

  // Something to be there for those left; once they are few, of the family of one of them.
  const Pattern& pick_filling(const std::vector<Pattern>& growing, const std::vector<Pattern>& left) {
    if (left.empty() || left.size() > kFew) return growing[dice_.below(growing.size())];
    const char family = left[dice_.below(left.size())].command.front();
    while (true) {
      const Pattern& filling = growing[dice_.below(growing.size())];
      if (filling.command.front() == family || dice_.one_in(100)) return filling;
    }
  }

  // True when it left a record. Some of the requests form transactions, some units share a turn.
  bool send(const Pattern& pattern) {
    const std::vector<std::string> words = dice_.roll(pattern, harness_.clock.unix_us() / 1000);
    size_t bytes = 0;
    for (const std::string& word : words) bytes += word.size();
    if (bytes > kMostRequestBytes) return false;
    if (dice_.one_in(8)) harness_.advance(std::chrono::milliseconds(dice_.below(200)));
    const size_t before = moments.size();
    const bool grouped = dice_.one_in(10);
    if (grouped) {
      peer_->send("MULTI");
      peer_->send("RPUSH", "list0", "before", "the", "group");
    }
    const uint64_t changes = harness_.stats.changes_since_save;
    peer_->send_words(words);
    if (grouped) peer_->send("EXEC");
    if (peer_->client.has(client::kBlocked)) harness_.executor.unblock(peer_->client, "");
    while (peer_->reply()) {
    }
    const bool done = moments.size() != before && harness_.stats.changes_since_save > changes && !grouped;
    if (done) logged.insert(std::string(pattern.command));
    if (!dice_.one_in(3)) log_->running.turn();
    return done;
  }

  void begin_another() {
    log_->running.turn();
    if (plan_ == Plan::kTwoIncrements) {
      REQUIRE(log_->running.writer.close().ok());
      log_.reset();
      aof::LoaderOptions look_only;
      look_only.repair = false;
      open_log(testing::load(disk_, look_only).start);
      return;
    }
    log_->begin_rewrite(true);
    while (log_->rewrite.active()) {
      log_->running.turn();
      (void)log_->rewrite.step(log_->running.now_us, true);
      log_->recorder.run_pending();
    }
    REQUIRE(log_->rewrite.take_end()->ok());
    ++increment_;
    // The base holds what was held now; nothing before can come back.
    moments = {{increment_, 0, digest()}};
  }

  const Plan plan_;
  Harness harness_;
  MemoryFs disk_;
  Dice dice_;
  Peer* peer_;
  std::unique_ptr<HarnessLog> log_;
  int increment_ = 0;
};

// Loads one directory after another, each into an empty keyspace.
class Reload {
 public:
  Reload() { harness_.configure("stream-node-max-entries", "3"); }

  struct Outcome {
    std::string error;
    bool reported = false;
    std::string digest;  // if it loaded

    [[nodiscard]] bool refused() const { return !error.empty(); }
  };

  Outcome operator()(const std::map<std::string, base::Bytes>& files) {
    harness_.run("FLUSHALL");
    while (harness_.keyspace.graveyard().step(1000, harness_.keyspace.deadlines())) {
    }
    harness_.propagated();
    MemoryFs disk;
    for (const auto& [path, bytes] : files) disk.put(path, bytes);
    const LogLoad load = load_log(harness_, disk);
    Outcome outcome{load.error, !load.reported.empty(), {}};
    if (!outcome.refused()) outcome.digest = debug_digest(harness_, kBeforeAnyDeadline);
    return outcome;
  }

 private:
  Harness harness_{2};
};

// The bytes to try of a file: about `daily`, evenly spread; in a long run all. Under sanitizers a twelfth.
std::vector<size_t> places(size_t size, size_t daily) {
#ifdef SLUICE_SANITIZED
  constexpr size_t kEvery = 12;
#else
  constexpr size_t kEvery = 1;
#endif
  const size_t step = kEvery * (testing::long_run() ? 1 : std::max<size_t>(1, size / daily));
  std::vector<size_t> all;
  for (size_t at = testing::asked_seed().value_or(1) % step; at < size; at += step) all.push_back(at);
  return all;
}

base::Bytes flipped(base::Bytes bytes, size_t at, int change) {
  bytes[at] = static_cast<char>(bytes[at] ^ change);
  return bytes;
}

// One bit of a byte, and all of them.
std::vector<int> changes(size_t at) {
  const int bit = 1 << (at % 8);
  if (testing::long_run()) return {bit, 0xff};
  return {at % 3 == 0 ? 0xff : bit};
}

const VariedLog& increments() {
  static const VariedLog kLog(Plan::kTwoIncrements);
  return kLog;
}
const VariedLog& with_base() {
  static const VariedLog kLog(Plan::kBaseAndIncrement);
  return kLog;
}

constexpr size_t kDailyCuts = 1200;
constexpr size_t kDailyChanges = 1200;
const std::string kBase = "./appendonlydir/appendonly.aof.1.base.rdb";

}  // namespace

TEST_CASE("Log bytes: every command that writes stands in the log that is cut and changed") {
  const VariedLog& log = increments();
  CHECK(log.moments.size() > 200);
  Harness h;
  h.table.for_each([&](const exec::Command& command) {
    if (!command.has(exec::kWrite) || command.spec->handler == nullptr) return;
    CHECK_MESSAGE(log.logged.contains(command.full_name), ("not in the log: " + command.full_name));
  });
  REQUIRE(log.files.size() == 3);
  CHECK(log.files.contains(testing::kFirstIncrement));
  CHECK(log.files.contains(testing::kSecondIncrement));
  Reload reload;
  const Reload::Outcome whole = reload(log.files);
  CHECK(whole.error.empty());
  CHECK(!whole.reported);
  CHECK(whole.digest == log.held());
}

TEST_CASE("Log bytes: cut at each byte, it loads as what was held after the last whole unit before the cut") {
  const VariedLog& log = increments();
  Reload reload;
  std::map<std::string, base::Bytes> files = log.files;
  const base::Bytes& whole = log.files.at(testing::kSecondIncrement);
  for (const size_t cut : places(whole.size(), kDailyCuts)) {
    CAPTURE(cut);
    files[testing::kSecondIncrement] = whole.substr(0, cut);
    const Reload::Outcome outcome = reload(files);
    REQUIRE(outcome.error.empty());
    REQUIRE(outcome.digest == log.digest_at(cut));
  }
}

TEST_CASE("Log bytes: an increment cut before the last one is refused, unless nothing of it is lost") {
  const VariedLog& log = increments();
  Reload reload;
  std::map<std::string, base::Bytes> files = log.files;
  const base::Bytes& whole = log.files.at(testing::kFirstIncrement);
  size_t refused = 0;
  const std::vector<size_t> cuts = places(whole.size(), kDailyCuts / 2);
  for (const size_t cut : cuts) {
    CAPTURE(cut);
    files[testing::kFirstIncrement] = whole.substr(0, cut);
    const Reload::Outcome outcome = reload(files);
    refused += outcome.refused() ? 1 : 0;
    REQUIRE((outcome.refused() || outcome.digest == log.held()));
  }
  CHECK(refused > cuts.size() * 9 / 10);
}

TEST_CASE("Log bytes: each byte changed is refused or reported, and what is loaded was held") {
  const VariedLog& log = increments();
  Reload reload;
  for (const auto& file : log.files) {
    const std::string& path = file.first;
    const base::Bytes& whole = file.second;
    std::map<std::string, base::Bytes> files = log.files;
    for (const size_t at : places(whole.size(), kDailyChanges)) {
      for (const int change : changes(at)) {
        CAPTURE(path);
        CAPTURE(at);
        CAPTURE(change);
        files[path] = flipped(whole, at, change);
        const Reload::Outcome outcome = reload(files);
        REQUIRE((outcome.refused() || outcome.reported));
        REQUIRE((outcome.refused() || log.was_held(outcome.digest)));
      }
    }
  }
}

TEST_CASE("Log bytes: a base cut or changed at any byte is refused with the offset and the reason") {
  const VariedLog& log = with_base();
  Reload reload;
  REQUIRE(reload(log.files).digest == log.held());
  const base::Bytes& whole = log.files.at(kBase);
  std::map<std::string, base::Bytes> files = log.files;
  const auto check_refused = [&] {
    const Reload::Outcome outcome = reload(files);
    REQUIRE(outcome.refused());
    REQUIRE_MESSAGE(outcome.error.find(kBase) == 0, outcome.error);
    REQUIRE_MESSAGE(outcome.error.find("offset ") != std::string::npos, outcome.error);
  };
  for (const size_t at : places(whole.size(), kDailyChanges)) {
    CAPTURE(at);
    files[kBase] = whole.substr(0, at);
    check_refused();
    for (const int change : changes(at)) {
      CAPTURE(change);
      files[kBase] = flipped(whole, at, change);
      check_refused();
    }
  }
}

TEST_CASE("Log bytes: behind a base, too, a cut loses only what stood behind it") {
  const VariedLog& log = with_base();
  Reload reload;
  std::map<std::string, base::Bytes> files = log.files;
  const auto last = std::find_if(log.files.begin(), log.files.end(), [](const auto& file) {
    return file.first.find(".incr.aof") != std::string::npos;
  });
  REQUIRE(last != log.files.end());
  REQUIRE(log.moments.size() > 100);
  for (const size_t cut : places(last->second.size(), kDailyCuts / 2)) {
    CAPTURE(cut);
    files[last->first] = last->second.substr(0, cut);
    const Reload::Outcome outcome = reload(files);
    REQUIRE(outcome.error.empty());
    REQUIRE(outcome.digest == log.digest_at(cut));
  }
}

}  // namespace sluice::test
