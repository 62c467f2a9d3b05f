// Harness: the whole of the server below the sockets, for tests: keyspace, executor, real services, a clock
// moved by hand and a sink that records what would go to the log. No socket, no thread, no disk.
//
//   Harness h;
//   CHECK(h.run("LPUSH", "q", "a") == integer(1));
//   auto& worker = h.client();
//   worker.send("BLPOP", "empty", "0");            // parked: no reply yet
//   h.run("LPUSH", "empty", "x");
//   CHECK(worker.reply_text() == "[\"empty\", \"x\"]");
//   CHECK(h.propagated() == Lines{"LPUSH q a", ...});
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "acl/registry.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "client/client_table.h"
#include "client/hub.h"
#include "client/tracking.h"
#include "config/store.h"
#include "exec/executor.h"
#include "exec/services.h"
#include "keyspace/keyspace.h"
#include "resp/value.h"
#include "script/engine.h"
#include "support/memory_fs.h"

namespace sluice::test {

using Lines = std::vector<std::string>;

// What the sink saw: records as "LPUSH q a" (units of several wrapped in MULTI and EXEC, SELECT where the
// database changes), messages as "channel payload".
class RecordingSink final : public exec::EffectSink {
 public:
  RecordingSink(client::Hub& hub, client::Tracking& tracking) : hub_(hub), tracking_(tracking) {}

  uint64_t emit(const exec::Effects& effects) override;
  [[nodiscard]] uint64_t offset() const override { return offset_; }

  Lines records;
  Lines messages;
  Lines monitored;
  base::Bytes wire;                 // every record as bytes, as the log would hold them
  exec::EffectSink* log = nullptr;  // gets every unit as well

 private:
  client::Hub& hub_;
  client::Tracking& tracking_;
  uint64_t offset_ = 0;
  int db_ = 0;
};

class RecordingControl final : public exec::Control {
 public:
  [[nodiscard]] exec::ProcessFacts process_facts() const override { return facts; }
  [[nodiscard]] exec::LogFacts log_facts() const override { return log; }
  [[nodiscard]] exec::SavingFacts saving_facts() const override { return saving; }
  [[nodiscard]] uint64_t uncounted_memory_bytes() const override {
    return log.memory_bytes + saving.held_bytes;
  }
  base::Result<std::string> save_in_background(bool schedule) override {
    asked_to_save.push_back(schedule ? "BGSAVE SCHEDULE" : "BGSAVE");
    if (!refusal.empty()) return base::Error{refusal};
    return std::string("Background saving started");
  }
  base::Result<std::string> rewrite_log() override {
    asked_to_save.push_back("BGREWRITEAOF");
    if (!refusal.empty()) return base::Error{refusal};
    return std::string("Background append only file rewriting started");
  }
  base::Result<void> save() override {
    asked_to_save.push_back("SAVE");
    if (!refusal.empty()) return base::Error{refusal};
    return {};
  }
  base::Result<void> shutdown(const exec::ShutdownOptions& options) override;
  base::Result<void> abort_shutdown() override;
  base::Result<void> reload_log() override;
  base::Result<void> reload_snapshot() override;
  void change_replication_id() override { ++replication_id_changes; }
  base::Result<void> rewrite_config() override;
  [[nodiscard]] bool peer_is_dead(const client::Client& client) const override {
    return dead_peer == client.id;
  }

  exec::ProcessFacts facts;
  exec::LogFacts log;
  exec::SavingFacts saving;
  Lines asked_to_save;
  std::string refusal;  // what saving is refused with; empty: it is not
  std::optional<exec::ShutdownOptions> asked_to_stop;
  int reloads = 0;
  int snapshot_reloads = 0;
  int rewrites = 0;
  int replication_id_changes = 0;
  client::ClientId dead_peer = 0;
};

class Harness;

class Peer {
 public:
  Peer(Harness& harness, client::ClientId id);

  template <class... Words>
  exec::Next send(const Words&... words) {
    return send_words({std::string(words)...});
  }
  exec::Next send_words(const std::vector<std::string>& words);
  // The next reply or push not yet read.
  std::optional<resp::Value> reply();
  // The same as one line (resp::describe); "(nothing)" if there is none.
  std::string reply_text();
  // Sends, and reads the one reply.
  template <class... Words>
  resp::Value run(const Words&... words) {
    send(words...);
    return expect_reply();
  }
  template <class... Words>
  std::string text(const Words&... words) {
    return resp::describe(run(words...));
  }
  void resp3();
  client::Client client;

 private:
  resp::Value expect_reply();
  Harness& harness_;
  resp::Decoder decoder_;
};

class Harness {
 public:
  explicit Harness(uint64_t seed = 1);
  ~Harness();

  // As the first client.
  template <class... Words>
  resp::Value run(const Words&... words) {
    return first_->run(words...);
  }
  template <class... Words>
  std::string text(const Words&... words) {
    return first_->text(words...);
  }
  // A further client.
  Peer& client();
  Peer& first() { return *first_; }
  void disconnect(Peer& peer);

  // Moves the clock and does what is due by then.
  void advance(std::chrono::milliseconds by);
  // Does what is due now, until nothing is.
  void settle();
  // CONFIG SET, and the plain structs with it. The text must be valid.
  void configure(const std::string& name, const std::string& value);

  // What was recorded since the last call.
  Lines propagated();
  Lines events();

  // All keys of all databases with types, values and deadlines, as text: equal states give equal texts.
  std::string digest();

  base::ManualClock clock;
  base::Random random;
  base::NullLog log;
  base::MemoryMeter memory;
  testing::MemoryFs fs;
  config::Store config;
  keyspace::Keyspace keyspace;
  client::ClientTable clients;
  client::Hub hub;
  client::Tracking tracking;
  script::Engine scripts;
  exec::Table table;
  acl::Registry users;
  exec::Transactions transactions;
  exec::Blocking blocking;
  exec::Slowlog slowlog;
  exec::LatencyMonitor latency;
  exec::Stats stats;
  exec::ServerState state;
  exec::Settings settings;
  RecordingControl control;
  exec::Services services;
  RecordingSink sink;
  exec::Executor executor;

 private:
  void apply_configuration();

  std::vector<std::unique_ptr<Peer>> peers_;
  Peer* first_;
};

// Shorthands for comparing replies.
resp::Value integer(int64_t value);
resp::Value bulk(const std::string& text);
resp::Value status(const std::string& text);
resp::Value error(const std::string& text);
resp::Value null();
resp::Value null_array();
resp::Value array(std::vector<resp::Value> items);
resp::Value bulks(const std::vector<std::string>& items);

}  // namespace sluice::test

// What a failing check shows.
template <>
struct doctest::StringMaker<sluice::resp::Value> {
  static String convert(const sluice::resp::Value& value) { return sluice::resp::describe(value).c_str(); }
};
template <>
struct doctest::StringMaker<sluice::test::Lines> {
  static String convert(const sluice::test::Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text += "\n    " + line;
    return text.c_str();
  }
};
