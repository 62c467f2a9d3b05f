// What a server sends to its log rebuilds what it holds: for random commands of every kind that writes, sent
// alone, in transactions, by blocked clients and scripts, while time passes, the recorded effects are
// replayed into a fresh server whose clock says something else, and both must hold the same.
#include <map>

#include <doctest/doctest.h>

#include "property/write_patterns.h"
#include "resp/parser.h"
#include "support/harness.h"

namespace sluice::test {

namespace {

constexpr int kSeeds = 200;
constexpr int kSteps = 1500;

// How often each command ran well, and how often it changed something.
struct Seen {
  uint64_t done = 0;
  uint64_t changed = 0;
};
using Tally = std::map<std::string, Seen, std::less<>>;

class Writers {
 public:
  Writers(Harness& harness, uint64_t seed, Tally& tally) : harness_(harness), dice_(seed), tally_(tally) {
    for (int i = 0; i < 4; ++i) peers_.push_back(&harness.client());
  }

  void step() {
    if (dice_.one_in(15)) harness_.advance(std::chrono::milliseconds(dice_.below(400)));
    Peer& peer = *peers_[dice_.below(peers_.size())];
    if (peer.client.has(client::kBlocked)) {
      if (dice_.one_in(4)) harness_.executor.unblock(peer.client, {});
      drain(peer);
      return;
    }
    if (dice_.one_in(25)) send(peer, {"SELECT", std::to_string(dice_.below(3))});
    if (dice_.one_in(12)) {
      send(peer, {"MULTI"});
      for (uint64_t i = dice_.below(4) + 1; i > 0; --i) send(peer, random_request());
      send(peer, {"EXEC"});
      return;
    }
    // A rare flush, or nothing would ever grow.
    std::vector<std::string> request = random_request();
    const bool flush = request[0] == "flushall" || request[0] == "flushdb";
    if (!flush || dice_.one_in(10)) run(peer, request);
  }

 private:
  std::vector<std::string> random_request() {
    return dice_.roll(patterns_[dice_.below(patterns_.size())], harness_.clock.unix_us() / 1000);
  }

  void run(Peer& peer, const std::vector<std::string>& request) {
    const uint64_t changes = harness_.stats.changes_since_save;
    send(peer, request);
    Seen& seen = tally_[request[0]];
    if (!last_was_error_) ++seen.done;
    if (harness_.stats.changes_since_save != changes) ++seen.changed;
  }

  void send(Peer& peer, const std::vector<std::string>& request) {
    peer.send_words(request);
    last_was_error_ = false;
    drain(peer);
  }

  void drain(Peer& peer) {
    while (const auto reply = peer.reply()) last_was_error_ = reply->is_error();
  }

  Harness& harness_;
  Dice dice_;
  Tally& tally_;
  const std::vector<Pattern> patterns_ = write_patterns();
  std::vector<Peer*> peers_;
  bool last_was_error_ = false;
};

// Half of the runs with limits so low that everything changes its form.
void configure(Harness& h, uint64_t seed) {
  if (seed % 2 == 0) return;
  h.configure("list-max-listpack-size", "4");
  h.configure("hash-max-listpack-entries", "4");
  h.configure("set-max-intset-entries", "3");
  h.configure("set-max-listpack-entries", "5");
  h.configure("zset-max-listpack-entries", "4");
  h.configure("stream-node-max-entries", "3");
}

void replay(Harness& into, base::ByteView wire) {
  client::Client loader(into.clients.next_id());
  resp::Parser parser;
  while (!wire.empty()) {
    REQUIRE(parser.next(wire, resp::ParserLimits{}) == resp::Parser::Status::kRequest);
    const auto done = into.executor.replay(loader, parser.args());
    REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
    wire.remove_prefix(parser.consumed());
  }
}

// Encodings of strings and lists say how they came about, and that is not in the log, here as in Redis: what
// INCRBYFLOAT made is replayed by SET, and a refused LSET may leave a list with the encoding it would have
// needed. Of these only the contents count.
std::string comparable(std::string digest) {
  for (const std::string_view encoding :
       {" string int", " string embstr", " string raw", " list quicklist"}) {
    const std::string plain(encoding.substr(0, encoding.find(' ', 1)));
    for (size_t at = digest.find(encoding); at != std::string::npos; at = digest.find(encoding, at)) {
      digest.replace(at, encoding.size(), plain == " list" ? " list listpack" : plain);
    }
  }
  return digest;
}

// Where they part, as a person can read it.
std::string first_difference(const std::string& left, const std::string& right) {
  size_t at = 0;
  while (at < left.size() && at < right.size() && left[at] == right[at]) ++at;
  const size_t from = at < 300 ? 0 : at - 300;
  const auto shown = [from](const std::string& text) {
    std::string part = text.size() < from ? "" : text.substr(from, 500);
    for (char& c : part) c = (c < ' ' || c > '~') && c != '\n' ? '?' : c;
    return part;
  };
  return "--- held\n" + shown(left) + "\n--- replayed\n" + shown(right);
}

}  // namespace

TEST_CASE("Replay: every command that writes has a pattern, and every pattern a command") {
  Harness h;
  const std::vector<Pattern> patterns = write_patterns();
  const auto known = [&](std::string_view name) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const Pattern& p) { return p.command == name; });
  };
  h.table.for_each([&](const exec::Command& command) {
    if (!command.has(exec::kWrite) || command.spec->handler == nullptr) return;
    CHECK_MESSAGE(known(command.full_name), ("no pattern in write_patterns.cc for " + command.full_name));
  });
  for (const Pattern& pattern : patterns) {
    CHECK_MESSAGE(h.table.find_full(pattern.command) != nullptr, std::string(pattern.command));
  }
}

TEST_CASE("Replay: what was recorded rebuilds what is held, whatever was sent") {
  Tally tally;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    Harness original(seed);
    configure(original, seed);
    Writers writers(original, seed, tally);
    for (int i = 0; i < kSteps; ++i) writers.step();
    original.settle();

    Harness copy(seed + 1000);
    configure(copy, seed);
    copy.clock.advance_us(3'600'000'000);
    copy.executor.refresh_clock();
    replay(copy, original.sink.wire);
    const std::string held = comparable(original.digest());
    const std::string replayed = comparable(copy.digest());
    const bool same = held == replayed;
    REQUIRE_MESSAGE(same, first_difference(held, replayed));
  }
  // A property that no command puts to the test would hold for nothing.
  for (const Pattern& pattern : write_patterns()) {
    const std::string name(pattern.command.substr(0, pattern.command.find('|')));
    CAPTURE(name);
    CHECK(tally[name].done > 0);
    CHECK(tally[name].changed > 0);
  }
}

}  // namespace sluice::test
