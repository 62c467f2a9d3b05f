#include "property/replay_writers.h"

namespace sluice::test {

Writers::Writers(Harness& harness, uint64_t seed, Tally& tally)
    : harness_(harness), dice_(seed), calm_(seed % 3 == 0 ? 2 : 40), tally_(tally) {
  tally_.patterns.resize(patterns_.size());
  for (int i = 0; i < 5; ++i) writers_.push_back({&harness.client()});
  for (const std::string_view script : writing_scripts()) harness_.run("SCRIPT", "LOAD", std::string(script));
}

void Writers::step() {
  last_sent_.clear();
  if (dice_.one_in(calm_ + 8)) let_time_pass();
  Writer& writer = writers_[dice_.below(writers_.size())];
  if (writer.peer->client.has(client::kBlocked)) {
    if (dice_.one_in(8)) leave_waiting(writer);
  } else if (writer.peer->client.has(client::kMulti)) {
    transaction_step(writer);
  } else if (dice_.one_in(25)) {
    send(writer, {"SELECT", std::to_string(dice_.below(3))});
  } else if (dice_.one_in(30)) {
    if (dice_.one_in(2)) send(writer, {"WATCH", "list0", "set1", "string2", "zset0"});
    send(writer, {"MULTI"});
  } else {
    send_random(writer);
  }
  look_who_was_served();
}

// With deadlines firing on time, or only when somebody looks.
void Writers::let_time_pass() {
  if (dice_.one_in(12)) harness_.run("DEBUG", "SET-ACTIVE-EXPIRE", dice_.one_in(3) ? "0" : "1");
  const std::chrono::milliseconds by(dice_.below(400));
  if (dice_.one_in(4)) {
    harness_.clock.advance_us(by.count() * 1000);
    return;
  }
  const size_t before = records();
  harness_.advance(by);
  if (records() != before) ++tally_.expired_in_time;
}

void Writers::leave_waiting(Writer& writer) {
  writer.waits_as = kNoPattern;
  if (dice_.one_in(3)) {
    harness_.disconnect(*writer.peer);
    writer.peer = &harness_.client();
    return;
  }
  harness_.executor.unblock(writer.peer->client,
                            dice_.one_in(2) ? "" : "UNBLOCKED client unblocked via CLIENT UNBLOCK");
  drain(writer);
}

void Writers::transaction_step(Writer& writer) {
  if (dice_.one_in(20)) {
    send(writer, {"DISCARD"});
  } else if (dice_.one_in(4)) {
    const size_t before = records();
    send(writer, {"EXEC"});
    if (records() != before) ++tally_.transactions;
    if (last_reply_.is_null()) ++tally_.aborted;
  } else if (dice_.one_in(8)) {
    send(writer, {"SELECT", std::to_string(dice_.below(3))});
  } else {
    send(writer, dice_.roll(patterns_[random_pattern()], harness_.clock.unix_us() / 1000));
  }
}

void Writers::send_random(Writer& writer) {
  const size_t pattern = random_pattern();
  const size_t before = records();
  const uint64_t changes = harness_.stats.changes_since_save;
  send(writer, dice_.roll(patterns_[pattern], harness_.clock.unix_us() / 1000));
  if (writer.peer->client.has(client::kBlocked)) {
    writer.waits_as = pattern;
  } else {
    count(pattern, before, changes);
  }
}

// Expired keys leave records, too, but are no changes: both must have grown.
void Writers::count(size_t pattern, size_t records_before, uint64_t changes_before) {
  const bool recorded = records() != records_before;
  const bool changed = harness_.stats.changes_since_save != changes_before;
  if (patterns_[pattern].effect == Effect::kReads) {
    CHECK_MESSAGE(!changed, ("changed something: " + std::string(patterns_[pattern].command)));
    if (recorded) ++tally_.expired_by_reading;
  } else if (recorded && changed) {
    ++tally_.patterns[pattern].logged;
  }
}

void Writers::look_who_was_served() {
  for (Writer& writer : writers_) {
    if (writer.waits_as == kNoPattern || writer.peer->client.has(client::kBlocked)) continue;
    drain(writer);
    if (!last_reply_.is_null() && !last_reply_.is_error()) ++tally_.patterns[writer.waits_as].served;
    writer.waits_as = kNoPattern;
  }
}

size_t Writers::random_pattern() {
  while (true) {
    const size_t pattern = dice_.below(patterns_.size());
    if (patterns_[pattern].effect != Effect::kLessens || dice_.one_in(calm_)) return pattern;
  }
}

void Writers::send(Writer& writer, const std::vector<std::string>& words) {
  last_sent_ += "client " + std::to_string(writer.peer->client.id) + ":";
  for (const std::string& word : words) last_sent_ += " " + word.substr(0, 100);
  last_sent_ += "\n";
  writer.peer->send_words(words);
  drain(writer);
}

void Writers::drain(Writer& writer) {
  while (auto reply = writer.peer->reply()) last_reply_ = std::move(*reply);
}

}  // namespace sluice::test
