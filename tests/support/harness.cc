#include "support/harness.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/words.h"
#include "commands/all.h"
#include "resp/extension.h"
#include "resp/parser.h"
#include "server/configuration.h"

namespace sluice::test {

namespace {

constexpr int64_t kStartUnixUs = 1'700'000'000'000'000;

// Words a person can read in a failing test: binary ones quoted.
std::string shown(base::ByteView word) {
  const bool plain =
      !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < 127; });
  if (plain) return std::string(word);
  std::string text = "\"";
  for (const char c : word) {
    if (c >= ' ' && c < 127) {
      text.push_back(c);
    } else {
      char hex[5];
      std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(c));
      text += hex;
    }
  }
  return text + "\"";
}

std::string joined(std::span<const base::ByteView> words) {
  std::string line;
  for (const base::ByteView word : words) {
    if (!line.empty()) line.push_back(' ');
    line += shown(word);
  }
  return line;
}

}  // namespace

uint64_t RecordingSink::emit(const exec::Effects& effects) {
  if (log != nullptr) log->emit(effects);
  if (effects.record_count() > 0) {
    if (effects.first_db() != db_) records.push_back("SELECT " + std::to_string(effects.first_db()));
    if (effects.record_count() > 1) records.push_back("MULTI");
    resp::Parser parser;
    base::ByteView rest = effects.records();
    base::Bytes hidden;  // from redis-server
    while (!rest.empty()) {
      if (rest[0] == '#') {
        const size_t end = rest.find("\r\n");
        const auto line = resp::parse_extension(rest.substr(0, end));
        REQUIRE(line);
        hidden += line->bytes;
        rest.remove_prefix(end + 2);
        if (line->continues) continue;
        REQUIRE(parser.next(hidden, resp::ParserLimits{}) == resp::Parser::Status::kRequest);
        records.push_back("#SLUICE " + joined(parser.args()));
        hidden.clear();
        continue;
      }
      REQUIRE(parser.next(rest, resp::ParserLimits{}) == resp::Parser::Status::kRequest);
      records.push_back(joined(parser.args()));
      rest.remove_prefix(parser.consumed());
    }
    if (effects.record_count() > 1) records.push_back("EXEC");
    const std::string db = std::to_string(effects.first_db());
    const std::vector<base::ByteView> select = {"SELECT", db};
    exec::append_command(wire, select);
    wire += effects.records();
    db_ = effects.last_db();
    offset_ += effects.records().size();
  }
  for (const exec::Message& message : effects.messages()) {
    if (const auto* publication = std::get_if<exec::Publication>(&message)) {
      messages.push_back(shown(publication->channel) + " " + shown(publication->payload));
      hub_.publish(publication->topic, publication->channel, publication->payload, offset_);
    } else if (const auto* line = std::get_if<exec::MonitorLine>(&message)) {
      const auto words = base::split_words(base::ByteView(line->text).substr(line->text.find("] ") + 2));
      REQUIRE(words);
      monitored.push_back(joined(std::vector<base::ByteView>(words->begin(), words->end())));
    } else {
      tracking_.deliver(std::get<client::Invalidation>(message), offset_);
    }
  }
  return offset_;
}

base::Result<void> RecordingControl::shutdown(const exec::ShutdownOptions& options) {
  asked_to_stop = options;
  return {};
}
base::Result<void> RecordingControl::abort_shutdown() {
  if (!asked_to_stop) return base::Error{"ERR No shutdown in progress."};
  asked_to_stop.reset();
  return {};
}
base::Result<void> RecordingControl::reload_snapshot() {
  ++snapshot_reloads;
  return {};
}

base::Result<void> RecordingControl::reload_log() {
  ++reloads;
  return {};
}
base::Result<void> RecordingControl::rewrite_config() {
  ++rewrites;
  return {};
}

Peer::Peer(Harness& harness, client::ClientId id) : client(id), harness_(harness) {
  client.address = "127.0.0.1:" + std::to_string(40000 + id);
  client.local_address = "127.0.0.1:6379";
  client.created_ms = harness.clock.unix_us() / 1000;
}

exec::Next Peer::send_words(const std::vector<std::string>& words) {
  const std::vector<base::ByteView> views(words.begin(), words.end());
  harness_.executor.refresh_clock();
  return harness_.executor.submit(client, exec::Request{views});
}

std::optional<resp::Value> Peer::reply() {
  const base::ByteView ready = client.outbox.sendable(UINT64_MAX);
  decoder_.feed(ready);
  client.outbox.sent(ready.size());
  if (decoder_.next() != resp::Decoder::Status::kValue) return std::nullopt;
  return decoder_.take();
}

std::string Peer::reply_text() {
  const std::optional<resp::Value> value = reply();
  return value ? resp::describe(*value) : "(nothing)";
}

resp::Value Peer::expect_reply() {
  std::optional<resp::Value> value = reply();
  REQUIRE_MESSAGE(value.has_value(), "the command was answered with nothing");
  return std::move(*value);
}

void Peer::resp3() {
  send("HELLO", "3");
  REQUIRE(reply().has_value());
}

Harness::Harness(uint64_t seed)
    : clock(kStartUnixUs),
      random(seed),
      keyspace(16, seed),
      hub(clients),
      tracking(clients, seed),
      scripts(clock),
      table(commands::all_families()),
      users(table, clients, hub, fs),
      transactions(clients),
      services{clock,   random, log,          memory,   config,  keyspace, clients, hub,   tracking, users,
               scripts, table,  transactions, blocking, slowlog, latency,  stats,   state, settings, control},
      sink(hub, tracking),
      executor(services, sink),
      first_(nullptr) {
  services.stream_firing = &commands::stream_firing();
  apply_configuration();
  config.on_change([this](std::span<const config::Option>) -> base::Result<void, config::ApplyError> {
    apply_configuration();
    users.set_default_password(config.text(config::Option::kRequirePass));
    return {};
  });
  state.debug_commands = exec::ProtectedMode::kYes;
  first_ = &client();
}

Harness::~Harness() = default;

void Harness::apply_configuration() {
  server::apply_settings(config, settings, state);
  server::apply_limits(config, keyspace);
  executor.limits_changed();
  server::apply_users(config, users);
  scripts.set_limits(server::script_limits(config));
  state.debug_commands = exec::ProtectedMode::kYes;
}

Peer& Harness::client() {
  peers_.push_back(std::make_unique<Peer>(*this, clients.next_id()));
  clients.add(peers_.back()->client);
  users.log_out(peers_.back()->client);
  return *peers_.back();
}

void Harness::disconnect(Peer& peer) {
  executor.disconnect(peer.client);
  clients.remove(peer.client.id);
}

void Harness::advance(std::chrono::milliseconds by) {
  clock.advance_us(by.count() * 1000);
  settle();
}

void Harness::settle() {
  while (executor.tick()) {
  }
  while (executor.tend_caches()) {
  }
}

void Harness::configure(const std::string& name, const std::string& value) {
  const std::vector<config::NamedText> pairs = {{name, value}};
  const auto done = config.set(pairs, true);
  REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
}

Lines Harness::propagated() {
  return std::exchange(sink.records, {});
}
Lines Harness::events() {
  return std::exchange(sink.messages, {});
}

resp::Value integer(int64_t value) {
  return resp::Value::make_integer(value);
}
resp::Value bulk(const std::string& text) {
  return resp::Value::make_text(resp::Kind::kBulk, text);
}
resp::Value status(const std::string& text) {
  return resp::Value::make_text(resp::Kind::kStatus, text);
}
resp::Value error(const std::string& text) {
  return resp::Value::make_text(resp::Kind::kError, text);
}
resp::Value null() {
  return resp::Value{};
}
resp::Value null_array() {
  resp::Value value;
  value.kind = resp::Kind::kNullArray;
  return value;
}
resp::Value array(std::vector<resp::Value> items) {
  resp::Value value = resp::Value::make_aggregate(resp::Kind::kArray);
  value.children = std::move(items);
  return value;
}
resp::Value bulks(const std::vector<std::string>& items) {
  std::vector<resp::Value> values;
  for (const std::string& item : items) values.push_back(bulk(item));
  return array(std::move(values));
}

}  // namespace sluice::test
