#include "server/fanout.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/log_fixture.h"

namespace sluice::server {

namespace {

struct Fixture {
  Fixture()
      : log(disk), hub(clients), tracking(clients, 1), fanout(hub, tracking), listener(clients.next_id()) {
    clients.add(listener);
    fanout.set_log(&log.writer);
  }

  uint64_t emit(int db, std::initializer_list<std::initializer_list<base::ByteView>> records) {
    exec::Effects effects;
    for (const auto& words : records) {
      effects.record(db, std::span<const base::ByteView>(words.begin(), words.size()));
    }
    return fanout.emit(effects);
  }

  // The words in the log, in order, without what annotates them. An increment begins with its database.
  std::string logged() {
    log.turn();
    std::string words;
    const base::Bytes text = disk.content(testing::kFirstIncrement);
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find("\r\n", at);
      if (text[at] == '#') {
        at = text.find('\n', at) + 1;
        continue;
      }
      if (text[at] == '*') words += words.empty() ? "" : " | ";
      if (text[at] != '*' && text[at] != '$')
        words += (words.ends_with(" ") ? "" : " ") + text.substr(at, end - at);
      at = end + 2;
    }
    return words;
  }

  testing::MemoryFs disk;
  testing::RunningLog log;
  client::ClientTable clients;
  client::Hub hub;
  client::Tracking tracking;
  Fanout fanout;
  client::Client listener;
};

}  // namespace

TEST_CASE("Fanout: one record is logged bare, several as one transaction, the database before them") {
  Fixture f;
  f.emit(0, {{"SET", "a", "1"}});
  f.emit(0, {{"SET", "b", "2"}, {"DEL", "a"}});
  f.emit(3, {{"SET", "c", "3"}, {"DEL", "b"}});
  f.emit(3, {{"SET", "d", "4"}});
  CHECK(f.logged() ==
        " SELECT 0 | SET a 1 | MULTI | SET b 2 | DEL a | EXEC | SELECT 3 | MULTI | SET c 3 | DEL b | EXEC | "
        "SET d 4");
}

TEST_CASE("Fanout: a unit that crosses databases leaves the log in its last one") {
  Fixture f;
  exec::Effects effects;
  const base::ByteView set[] = {"SET", "k", "v"};
  effects.record(1, set);
  effects.record(2, set);
  f.fanout.emit(effects);
  f.emit(2, {{"DEL", "k"}});
  CHECK(f.logged() == " SELECT 0 | SELECT 1 | MULTI | SET k v | SELECT 2 | SET k v | EXEC | DEL k");
}

TEST_CASE("Fanout: offsets rise with what was logged and with nothing else") {
  Fixture f;
  const uint64_t before = f.fanout.offset();
  const uint64_t after = f.emit(0, {{"SET", "a", "1"}});
  CHECK(after > before);
  CHECK(f.fanout.offset() == after);
  exec::Effects message_only;
  message_only.message(client::Topic::kChannel, "c", "m");
  CHECK(f.fanout.emit(message_only) == after);
}

TEST_CASE("Fanout: a message waits for the write of the unit it belongs to") {
  Fixture f;
  f.hub.subscribe(f.listener, client::Topic::kChannel, "c");
  exec::Effects effects;
  const base::ByteView set[] = {"SET", "k", "v"};
  effects.record(0, set);
  effects.message(client::Topic::kChannel, "c", "hello");
  const uint64_t tag = f.fanout.emit(effects);
  CHECK(f.listener.outbox.sendable(tag - 1).empty());
  CHECK(f.listener.outbox.sendable(tag) == "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n");
  CHECK(f.clients.take_attention() == std::vector<client::ClientId>{f.listener.id});
}

TEST_CASE("Fanout: who keeps a copy is told once the change is written, among the messages in their order") {
  Fixture f;
  f.listener.protocol = resp::Protocol::kResp3;
  f.hub.subscribe(f.listener, client::Topic::kChannel, "c");
  f.tracking.start(f.listener, 0, 0);
  f.tracking.remember(f.listener, "k");
  exec::Effects effects;
  const base::ByteView set[] = {"SET", "k", "v"};
  effects.record(0, set);
  effects.invalidate(*f.tracking.changed("k", nullptr, 0));
  effects.message(client::Topic::kChannel, "c", "m");
  const uint64_t tag = f.fanout.emit(effects);
  CHECK(f.listener.outbox.sendable(tag - 1).empty());
  CHECK(f.listener.outbox.sendable(tag) ==
        ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n");
}

TEST_CASE("Fanout: without a log nothing is written and messages go out at once") {
  Fixture f;
  f.fanout.set_log(nullptr);
  f.hub.subscribe(f.listener, client::Topic::kChannel, "c");
  exec::Effects effects;
  const base::ByteView set[] = {"SET", "k", "v"};
  effects.record(0, set);
  effects.message(client::Topic::kChannel, "c", "hello");
  CHECK(f.fanout.emit(effects) == 0);
  CHECK_FALSE(f.listener.outbox.sendable(0).empty());
  CHECK(f.logged() == " SELECT 0");
}

TEST_CASE("Fanout: a monitor's line waits for the write of the unit it shows") {
  Fixture f;
  f.hub.monitor(f.listener);
  exec::Effects effects;
  const base::ByteView set[] = {"SET", "k", "v"};
  effects.record(0, set);
  effects.monitor_line(client::Client(7), set, 1'000'000);
  const uint64_t tag = f.fanout.emit(effects);
  CHECK(f.listener.outbox.sendable(tag - 1).empty());
  CHECK(f.listener.outbox.sendable(tag) == "+1.000000 [0 ] \"SET\" \"k\" \"v\"\r\n");
  CHECK(f.clients.take_attention() == std::vector<client::ClientId>{f.listener.id});
}

TEST_CASE("Fanout: messages and monitors' lines leave in the order in which they were made") {
  Fixture f;
  f.hub.monitor(f.listener);
  f.hub.subscribe(f.listener, client::Topic::kChannel, "c");
  exec::Effects effects;
  const base::ByteView ping[] = {"PING"};
  effects.monitor_line(client::Client(7), ping, 1'000'000);
  effects.message(client::Topic::kChannel, "c", "hello");
  effects.monitor_line(client::Client(7), ping, 2'000'000);
  f.fanout.emit(effects);
  CHECK(f.listener.outbox.sendable(UINT64_MAX) ==
        "+1.000000 [0 ] \"PING\"\r\n*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n"
        "+2.000000 [0 ] \"PING\"\r\n");
}

}  // namespace sluice::server
