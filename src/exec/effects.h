// Effects: what a unit leaves behind besides its replies, collected while it runs and handed on once, when it
// has ended: log records in order, and messages for subscribers and monitors in order. A unit is a command,
// an EXEC, a script, a served waiter or a deadline firing.
//
// EffectSink is the door upward: the server's fanout behind it writes the log and delivers messages; tests
// put a recorder there.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "client/client.h"
#include "client/hub.h"
#include "client/tracking.h"
#include "keyspace/event.h"

namespace sluice::exec {

// What others are told of a unit: subscribers, monitors, and those who keep copies of keys.
struct Publication {
  client::Topic topic;
  base::Bytes channel;
  base::Bytes payload;
};
struct MonitorLine {
  base::Bytes text;
};
using Message = std::variant<Publication, MonitorLine, client::Invalidation>;

class Effects {
 public:
  // One command for the log, to be replayed in database `db`.
  void record(int db, std::span<const base::ByteView> words);
  // The same from its wire form, when that is at hand: `count` commands, one behind the other.
  void record_wire(int db, base::ByteView wire, size_t count = 1);
  void message(client::Topic topic, base::ByteView channel, base::ByteView payload);
  // What MONITOR shows of a command, with a copy of its words.
  void monitor_line(const client::Client& client, std::span<const base::ByteView> words, int64_t now_us);
  void invalidate(client::Invalidation invalidation) { messages_.emplace_back(std::move(invalidation)); }
  // The messages that tell of something that happened to a key, as far as `wanted` (the classes of
  // notify-keyspace-events) asks for them.
  void keyspace_event(uint16_t wanted, const keyspace::Event& event, int db, base::ByteView key);

  [[nodiscard]] bool empty() const { return records_.empty() && messages_.empty(); }
  // Records as RESP and extensions (resp/extension.h), with SELECTs between those of different databases,
  // none in front of the first.
  [[nodiscard]] base::ByteView records() const { return records_; }
  [[nodiscard]] size_t record_count() const { return record_count_; }
  [[nodiscard]] int first_db() const { return first_db_; }
  [[nodiscard]] int last_db() const { return last_db_; }
  [[nodiscard]] std::span<const Message> messages() const { return messages_; }

  void clear();

 private:
  void enter_db(int db);

  base::Bytes records_;
  size_t record_count_ = 0;
  int first_db_ = -1;
  int last_db_ = -1;
  std::vector<Message> messages_;
};

// Appends `$len word`, and `*N $len word ...`.
void append_bulk(base::Bytes& out, base::ByteView word);
void append_command(base::Bytes& out, std::span<const base::ByteView> words);

class EffectSink {
 public:
  virtual ~EffectSink() = default;
  // Takes a closed unit: appends its records to the log as one group and publishes its messages, tagged with
  // the journal offset after it, which is returned.
  virtual uint64_t emit(const Effects& effects) = 0;
  // The journal offset now: the tag of a reply that changed nothing.
  [[nodiscard]] virtual uint64_t offset() const = 0;
};

}  // namespace sluice::exec
