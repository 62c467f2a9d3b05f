#include "bench/pending.h"

#include "bench/links.h"
#include "bench/wire.h"

namespace sluice::bench {

namespace {

using Words = std::vector<std::string>;

constexpr uint64_t kEntries = 1'000'000;
constexpr uint64_t kReadCount = 1'000;
constexpr size_t kFillPipeline = 64;
constexpr int64_t kIdle = 10;    // entries that are
constexpr uint64_t kLooks = 20;  // some servers walk over all that is pending at each
constexpr uint64_t kSweeps = 3;
const char* const kKey = "bench:stream";
const char* const kGroup = "workers";
const char* const kLongIdle = "3600000";  // milliseconds
const char* const kMinIdle = "1800000";

void fill(const Target& target, const std::string& name, const std::string& value) {
  ClosedLoop add;
  add.requests.push_back({"XADD", kKey, "*", "job", value});
  add.pipeline = kFillPipeline;
  add.operations = scaled(target, kEntries);
  static_cast<void>(run_closed(target, name, add));
}

// Delivers everything to one consumer.
void deliver_all(Links& links) {
  const Words read{"XREADGROUP", "GROUP", kGroup, "slow", "COUNT", std::to_string(kReadCount),
                   "STREAMS",    kKey,    ">"};
  while (true) {
    const std::string reply = links.ask(read);
    if (ReplyWalker(reply).array() < 1) return;
  }
}

// XCLAIM that makes the last entries idle.
Words make_idle(Links& links) {
  Words claim{"XCLAIM", kKey, kGroup, "slow", "0"};
  const std::string reply = links.ask({"XREVRANGE", kKey, "+", "-", "COUNT", std::to_string(kIdle)});
  ReplyWalker walker(reply);
  for (int64_t left = walker.array(); left > 0; --left) {
    walker.array();
    claim.emplace_back(walker.bulk());
    for (int64_t words = walker.array(); words > 0; --words) walker.bulk();
  }
  claim.insert(claim.end(), {"IDLE", kLongIdle, "JUSTID"});
  return claim;
}

void expect_idle(int64_t found) {
  if (found != kIdle) fail("found " + std::to_string(found) + " idle entries");
}

Row look_for_idle(Links& links, const std::string& name) {
  const Words look{"XPENDING", kKey, kGroup, "IDLE", kMinIdle, "-", "+", std::to_string(kIdle)};
  const int64_t start_ns = now_ns();
  for (uint64_t turn = 0; turn < kLooks; ++turn) {
    const std::string reply = links.ask(look);
    expect_idle(ReplyWalker(reply).array());
  }
  Row row;
  row.name = name;
  row.operations_per_s = static_cast<double>(kLooks) * 1e9 / static_cast<double>(now_ns() - start_ns);
  return row;
}

// One walk of the cursor over the group.
void sweep(Links& links) {
  int64_t claimed = 0;
  std::string cursor = "0-0";
  do {
    const std::string reply =
        links.ask({"XAUTOCLAIM", kKey, kGroup, "fast", kMinIdle, cursor, "COUNT", "100", "JUSTID"});
    ReplyWalker walker(reply);
    walker.array();
    cursor = walker.bulk();
    claimed += walker.array();
  } while (cursor != "0-0");
  expect_idle(claimed);
}

Row sweep_for_idle(Links& links, const std::string& name) {
  const Words claim = make_idle(links);
  int64_t spent_ns = 0;
  for (uint64_t turn = 0; turn < kSweeps; ++turn) {
    links.ask(claim);
    const int64_t start_ns = now_ns();
    sweep(links);
    spent_ns += now_ns() - start_ns;
  }
  Row row;
  row.name = name;
  row.operations_per_s = static_cast<double>(kSweeps) * 1e9 / static_cast<double>(spent_ns);
  return row;
}

Row timed(Links& links, const std::string& name, const Words& request) {
  const int64_t start_ns = now_ns();
  links.ask(request);
  Row row;
  row.name = name;
  row.longest_us = static_cast<double>(now_ns() - start_ns) / 1000;
  return row;
}

}  // namespace

std::vector<Row> run_pending(const Target& target, const std::string& name) {
  flush_all(target);
  fill(target, name, "x");
  Links links(target.port, 1);
  links.ask({"XGROUP", "CREATE", kKey, kGroup, "0"});
  const int64_t before = resident_bytes(target.pid);
  deliver_all(links);
  Row held;
  held.name = name + " entry";
  held.bytes_per_item = static_cast<double>(resident_bytes(target.pid) - before) /
                        static_cast<double>(scaled(target, kEntries));
  links.ask(make_idle(links));
  const Row looks = look_for_idle(links, name + " look");
  return {held, looks, sweep_for_idle(links, name + " sweep")};
}

std::vector<Row> run_stream_drop(const Target& target, const std::string& name) {
  flush_all(target);
  Links links(target.port, 1);
  fill(target, name, payload());
  const Row trimmed = timed(links, name + " trim", {"XTRIM", kKey, "MAXLEN", "1"});
  fill(target, name, payload());
  return {trimmed, timed(links, name + " del", {"DEL", kKey})};
}

}  // namespace sluice::bench
