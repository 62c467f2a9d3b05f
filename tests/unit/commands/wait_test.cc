#include <chrono>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

using std::chrono::milliseconds;

resp::Value copies(int64_t local) {
  return array({integer(local), integer(0)});
}

// A log that is on, and synced up to where the sink's records go now.
void sync_all(Harness& h) {
  h.control.log.enabled = true;
  h.control.log.durable_offset = h.sink.offset();
}

}  // namespace

TEST_CASE("WAIT: no replica ever answers, so that who asks for one waits for nothing until the time is up") {
  Harness h;
  CHECK(h.run("WAIT", "0", "0") == integer(0));
  CHECK(h.run("WAIT", "-1", "0") == integer(0));
  Peer& peer = h.client();
  CHECK(peer.send("WAIT", "1", "100") == exec::Next::kWait);
  h.advance(milliseconds(99));
  CHECK(peer.reply_text() == "(nothing)");
  h.advance(milliseconds(1));
  CHECK(peer.reply() == integer(0));
  CHECK(peer.run("PING") == status("PONG"));
}

TEST_CASE("WAIT and WAITAOF: arguments are read in order, before the server looks at itself") {
  Harness h;
  CHECK(h.run("WAIT", "x", "0") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("WAIT", "0", "-1") == error("ERR timeout is negative"));
  CHECK(h.run("WAIT", "0", "1.5") == error("ERR timeout is not an integer or out of range"));
  CHECK(h.run("WAIT", "0", "9223372036854775807") == error("ERR timeout is out of range"));
  CHECK(h.run("WAITAOF", "x", "x", "0") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("WAITAOF", "2", "0", "0") == error("ERR value is out of range, value must between 0 and 1"));
  CHECK(h.run("WAITAOF", "-1", "0", "0") == error("ERR value is out of range, value must between 0 and 1"));
  CHECK(h.run("WAITAOF", "1", "-1", "0") == error("ERR value is out of range, must be positive"));
  CHECK(h.run("WAITAOF", "1", "x", "0") == error("ERR value is out of range, must be positive"));
  CHECK(h.run("WAITAOF", "1", "0", "x") == error("ERR timeout is not an integer or out of range"));
  CHECK(h.run("WAITAOF", "1", "0", "-1") == error("ERR timeout is negative"));
  CHECK(h.run("WAITAOF", "1", "0") == error("ERR wrong number of arguments for 'waitaof' command"));
}

TEST_CASE("WAITAOF: without a log the disk has nothing, and asking for it is an error") {
  Harness h;
  const auto refused = error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  CHECK(h.run("WAITAOF", "1", "0", "0") == refused);
  CHECK(h.run("WAITAOF", "0", "0", "0") == copies(0));
  // A log that is switched off while somebody waits for it.
  Peer& peer = h.client();
  sync_all(h);
  peer.run("SET", "k", "v");
  CHECK(peer.send("WAITAOF", "1", "0", "0") == exec::Next::kWait);
  h.control.log = {};
  h.executor.synced(UINT64_MAX);
  CHECK(peer.reply() == refused);
}

TEST_CASE("WAITAOF: answers when the disk has this connection's last write, and at once if it has") {
  Harness h;
  sync_all(h);
  CHECK(h.run("WAITAOF", "1", "0", "0") == copies(1));
  Peer& writer = h.client();
  Peer& other = h.client();
  writer.run("SET", "k", "v");
  const uint64_t written = h.sink.offset();
  other.run("SET", "k", "w");
  writer.run("GET", "k");
  CHECK(writer.run("WAITAOF", "0", "0", "0") == copies(0));
  CHECK(writer.send("WAITAOF", "1", "0", "0") == exec::Next::kWait);
  CHECK(other.send("WAITAOF", "1", "0", "0") == exec::Next::kWait);
  CHECK(h.blocking.highest_offset() == h.sink.offset());
  h.executor.synced(written - 1);
  CHECK(writer.reply_text() == "(nothing)");
  h.control.log.durable_offset = written;
  h.executor.synced(written);
  CHECK(writer.reply() == copies(1));
  CHECK(other.reply_text() == "(nothing)");
  CHECK(writer.run("WAITAOF", "0", "0", "0") == copies(1));
  sync_all(h);
  h.executor.synced(h.sink.offset());
  CHECK(other.reply() == copies(1));
}

TEST_CASE("WAITAOF: more waiters than a turn may answer are answered in the next") {
  Harness h;
  h.control.log.enabled = true;
  std::vector<Peer*> peers;
  for (size_t i = 0; i < exec::kFiringsPerTurn + 5; ++i) {
    peers.push_back(&h.client());
    peers.back()->run("SET", "k", "v");
    REQUIRE(peers.back()->send("WAITAOF", "1", "0", "0") == exec::Next::kWait);
  }
  sync_all(h);
  h.executor.synced(h.sink.offset());
  CHECK(peers[exec::kFiringsPerTurn - 1]->reply() == copies(1));
  CHECK(peers[exec::kFiringsPerTurn]->reply_text() == "(nothing)");
  CHECK(h.executor.next_tick_us() == 0);
  h.advance(milliseconds(0));
  for (size_t i = exec::kFiringsPerTurn; i < peers.size(); ++i) CHECK(peers[i]->reply() == copies(1));
}

TEST_CASE("WAITAOF: when the time is up it tells what the disk has by then") {
  Harness h;
  sync_all(h);
  Peer& peer = h.client();
  peer.run("SET", "k", "v");
  CHECK(peer.send("WAITAOF", "1", "0", "50") == exec::Next::kWait);
  h.advance(milliseconds(50));
  CHECK(peer.reply() == copies(0));
  // A replica is waited for in vain; the disk is not.
  CHECK(peer.send("WAITAOF", "1", "1", "50") == exec::Next::kWait);
  sync_all(h);
  h.executor.synced(h.sink.offset());
  CHECK(peer.reply_text() == "(nothing)");
  h.advance(milliseconds(50));
  CHECK(peer.reply() == copies(1));
}

TEST_CASE("WAITAOF: CLIENT UNBLOCK ends it as its time would, or with an error") {
  Harness h;
  sync_all(h);
  Peer& peer = h.client();
  const std::string id = std::to_string(peer.client.id);
  peer.run("SET", "k", "v");
  CHECK(peer.send("WAITAOF", "1", "0", "0") == exec::Next::kWait);
  CHECK(h.run("CLIENT", "UNBLOCK", id) == integer(1));
  h.settle();
  CHECK(peer.reply() == copies(0));
  CHECK(h.run("CLIENT", "UNBLOCK", id) == integer(0));
  CHECK(peer.send("WAITAOF", "1", "0", "100000") == exec::Next::kWait);
  CHECK(h.run("CLIENT", "UNBLOCK", id, "TIMEOUT") == integer(1));
  h.settle();
  CHECK(peer.reply() == copies(0));
  CHECK(peer.send("WAITAOF", "1", "0", "0") == exec::Next::kWait);
  CHECK(h.run("CLIENT", "UNBLOCK", id, "ERROR") == integer(1));
  CHECK(peer.reply() == error("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
}

TEST_CASE("WAIT and WAITAOF: inside EXEC they answer what there is, WAITAOF inside scripts too") {
  Harness h;
  sync_all(h);
  h.run("MULTI");
  h.run("SET", "k", "v");
  h.run("WAIT", "1", "0");
  h.run("WAITAOF", "1", "0", "0");
  // The unit's own change is not in the log yet: what counts is what was changed before it.
  CHECK(h.run("EXEC") == array({status("OK"), integer(0), copies(1)}));
  CHECK(h.run("WAITAOF", "0", "0", "0") == copies(0));
  CHECK(h.run("EVAL", "return redis.call('WAITAOF', 1, 1, 0)", "0") == copies(0));
  CHECK(h.text("EVAL", "return redis.call('WAIT', 1, 0)", "0").find("not allowed from script") !=
        std::string::npos);
}

}  // namespace sluice::test
