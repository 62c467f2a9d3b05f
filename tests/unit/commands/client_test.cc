#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

using std::chrono::milliseconds;

// The value of one field of a CLIENT LIST line.
std::string field(const std::string& line, const std::string& name) {
  const std::string wanted = " " + name + "=";
  const std::string padded = " " + line;
  const size_t at = padded.find(wanted);
  if (at == std::string::npos) return "(none)";
  const size_t begin = at + wanted.size();
  return padded.substr(begin, padded.find_first_of(" \n", begin) - begin);
}

std::string id_of(const Peer& peer) {
  return std::to_string(peer.client.id);
}

size_t line_count(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("CLIENT: unknown subcommands and missing ones are refused at once") {
  Harness h;
  CHECK(h.run("CLIENT") == error("ERR wrong number of arguments for 'client' command"));
  CHECK(h.run("CLIENT", "MAINT_NOTIFICATIONS", "ON") ==
        error("ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP."));
  CHECK(h.run("CLIENT", "ID", "x") == error("ERR wrong number of arguments for 'client|id' command"));
  CHECK(h.run("CLIENT", "HELP").children.size() > 20);
}

TEST_CASE("CLIENT ID, SETNAME, GETNAME: a connection has a number and may have a name") {
  Harness h;
  CHECK(h.run("CLIENT", "ID") == integer(static_cast<int64_t>(h.first().client.id)));
  CHECK(h.run("CLIENT", "GETNAME") == null());
  CHECK(h.run("CLIENT", "SETNAME", "worker:1") == status("OK"));
  CHECK(h.run("CLIENT", "GETNAME") == bulk("worker:1"));
  CHECK(h.run("CLIENT", "SETNAME", "two words") ==
        error("ERR Client names cannot contain spaces, newlines or special characters."));
  CHECK(h.run("CLIENT", "GETNAME") == bulk("worker:1"));
  CHECK(h.run("CLIENT", "SETNAME", "") == status("OK"));
  CHECK(h.run("CLIENT", "GETNAME") == null());
}

TEST_CASE("CLIENT SETINFO: takes the library's name and version and refuses anything else") {
  Harness h;
  CHECK(h.run("CLIENT", "SETINFO", "LIB-NAME", "redis-py") == status("OK"));
  CHECK(h.run("CLIENT", "SETINFO", "lib-ver", "5.0.1") == status("OK"));
  CHECK(h.run("CLIENT", "SETINFO", "lib-name", "redis py") ==
        error("ERR lib-name cannot contain spaces, newlines or special characters."));
  CHECK(h.run("CLIENT", "SETINFO", "badger", "hamster") == error("ERR Unrecognized option 'badger'"));
  CHECK(h.run("CLIENT", "SETINFO", "lib-name").is_error());
  const std::string line = h.run("CLIENT", "INFO").text;
  CHECK(field(line, "lib-name") == "redis-py");
  CHECK(field(line, "lib-ver") == "5.0.1");
  h.run("CLIENT", "SETINFO", "LIB-NAME", "");
  CHECK(field(h.run("CLIENT", "INFO").text, "lib-name").empty());
}

TEST_CASE("CLIENT INFO: has every field of 7.2.4, in its order") {
  Harness h;
  h.run("CLIENT", "SETNAME", "me");
  h.run("SELECT", "2");
  h.advance(milliseconds(5000));
  const std::string line = h.run("CLIENT", "INFO").text;
  std::string names;
  size_t at = 0;
  while (at < line.size()) {
    const size_t equals = line.find('=', at);
    if (equals == std::string::npos) break;
    names += line.substr(at, equals - at) + " ";
    at = line.find_first_of(" \n", equals) + 1;
  }
  CHECK(
      names ==
      "id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem multi-mem rbs rbp "
      "obl oll omem tot-mem events cmd user redir resp lib-name lib-ver ");
  CHECK(field(line, "addr") == h.first().client.address);
  CHECK(field(line, "laddr") == "127.0.0.1:6379");
  CHECK(field(line, "name") == "me");
  CHECK(field(line, "age") == "5");
  CHECK(field(line, "idle") == "0");
  CHECK(field(line, "flags") == "N");
  CHECK(field(line, "db") == "2");
  CHECK(field(line, "multi") == "-1");
  CHECK(field(line, "argv-mem") == "10");
  CHECK(field(line, "cmd") == "client|info");
  CHECK(field(line, "user") == "default");
  CHECK(field(line, "resp") == "2");
  CHECK(line.back() == '\n');
  h.first().resp3();
  CHECK(h.run("CLIENT", "INFO").kind == resp::Kind::kVerbatim);
}

TEST_CASE("CLIENT LIST: shows what each client is in the middle of") {
  Harness h;
  Peer& queueing = h.client();
  queueing.run("MULTI");
  queueing.run("PING");
  Peer& listener = h.client();
  listener.run("SUBSCRIBE", "news");
  listener.run("PSUBSCRIBE", "n*");
  Peer& waiting = h.client();
  waiting.send("BLPOP", "q", "0");
  Peer& touchy = h.client();
  touchy.run("CLIENT", "NO-TOUCH", "ON");
  touchy.run("CLIENT", "NO-EVICT", "on");

  const std::string all = h.run("CLIENT", "LIST").text;
  CHECK(line_count(all) == 5);
  const std::string of_queueing = h.run("CLIENT", "LIST", "ID", id_of(queueing)).text;
  CHECK(field(of_queueing, "flags") == "x");
  CHECK(field(of_queueing, "multi") == "1");
  CHECK(std::stoi(field(of_queueing, "multi-mem")) > 0);
  const std::string of_listener = h.run("CLIENT", "LIST", "TYPE", "pubsub").text;
  CHECK(line_count(of_listener) == 1);
  CHECK(field(of_listener, "flags") == "P");
  CHECK(field(of_listener, "sub") == "1");
  CHECK(field(of_listener, "psub") == "1");
  const std::string of_waiting = h.run("CLIENT", "LIST", "ID", id_of(waiting)).text;
  CHECK(field(of_waiting, "flags") == "b");
  CHECK(field(of_waiting, "cmd") == "blpop");
  CHECK(std::stoi(field(of_waiting, "argv-mem")) > 0);
  CHECK(field(h.run("CLIENT", "LIST", "ID", id_of(touchy)).text, "flags") == "eT");
}

TEST_CASE("CLIENT LIST: filters by type and by number, and refuses what it does not know") {
  Harness h;
  Peer& other = h.client();
  CHECK(line_count(h.run("CLIENT", "LIST", "type", "NORMAL").text) == 2);
  CHECK(h.run("CLIENT", "LIST", "TYPE", "replica").text.empty());
  CHECK(h.run("CLIENT", "LIST", "TYPE", "master").text.empty());
  CHECK(line_count(h.run("CLIENT", "LIST", "ID", id_of(other), "999", id_of(h.first())).text) == 2);
  CHECK(h.run("CLIENT", "LIST", "ID", "999").text.empty());
  CHECK(h.run("CLIENT", "LIST", "TYPE", "foo") == error("ERR Unknown client type 'foo'"));
  CHECK(h.run("CLIENT", "LIST", "TYPE") == error("ERR syntax error"));
  CHECK(h.run("CLIENT", "LIST", "ID") == error("ERR syntax error"));
  CHECK(h.run("CLIENT", "LIST", "ID", "x") == error("ERR Invalid client ID"));
  CHECK(h.run("CLIENT", "LIST", "TYPE", "normal", "ID", "3") == error("ERR syntax error"));
  CHECK(h.run("CLIENT", "LIST", "foo") == error("ERR syntax error"));
}

TEST_CASE("CLIENT KILL: the old form names an address, oneself included") {
  Harness h;
  Peer& victim = h.client();
  CHECK(h.run("CLIENT", "KILL", "1.2.3.4:5") == error("ERR No such client"));
  CHECK(h.run("CLIENT", "KILL", victim.client.address) == status("OK"));
  CHECK(victim.client.has(client::kCloseNow));
  CHECK(h.run("CLIENT", "KILL", victim.client.address) == error("ERR No such client"));
  CHECK(h.run("CLIENT", "KILL", h.first().client.address) == status("OK"));
  CHECK(h.first().client.has(client::kCloseAfterReply));
}

TEST_CASE("CLIENT KILL: the new form takes filters, which must all fit") {
  Harness h;
  Peer& a = h.client();
  Peer& b = h.client();
  Peer& listener = h.client();
  listener.run("SUBSCRIBE", "c");
  CHECK(h.run("CLIENT", "KILL", "ID", id_of(a), "ADDR", b.client.address) == integer(0));
  CHECK(h.run("CLIENT", "KILL", "ID", id_of(a), "ADDR", a.client.address, "LADDR", "127.0.0.1:6379", "USER",
              "default", "TYPE", "normal") == integer(1));
  CHECK(h.run("CLIENT", "KILL", "ID", id_of(a)) == integer(0));
  CHECK(h.run("CLIENT", "KILL", "TYPE", "pubsub") == integer(1));
  CHECK(listener.client.has(client::kCloseNow));
  CHECK(h.run("CLIENT", "KILL", "LADDR", "10.0.0.1:1") == integer(0));
  CHECK(h.run("CLIENT", "KILL", "TYPE", "slave") == integer(0));
  CHECK(h.run("CLIENT", "KILL", "SKIPME", "yes") == integer(1));
  CHECK(b.client.has(client::kCloseNow));
  CHECK_FALSE(h.first().client.has(client::kCloseAfterReply));
  CHECK(h.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no") == integer(1));
  CHECK(h.first().client.has(client::kCloseAfterReply));
}

TEST_CASE("CLIENT KILL: refuses malformed filters") {
  Harness h;
  CHECK(h.run("CLIENT", "KILL", "ID", "0") == error("ERR client-id should be greater than 0"));
  CHECK(h.run("CLIENT", "KILL", "ID", "x") == error("ERR client-id should be greater than 0"));
  CHECK(h.run("CLIENT", "KILL", "ID", "-1") == error("ERR client-id should be greater than 0"));
  CHECK(h.run("CLIENT", "KILL", "TYPE", "foo") == error("ERR Unknown client type 'foo'"));
  CHECK(h.run("CLIENT", "KILL", "USER", "nobody") == error("ERR No such user 'nobody'"));
  CHECK(h.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "foo") == error("ERR syntax error"));
  CHECK(h.run("CLIENT", "KILL", "ID", "1", "SKIPME") == error("ERR syntax error"));
  CHECK(h.run("CLIENT", "KILL", "foo", "bar") == error("ERR syntax error"));
}

TEST_CASE("CLIENT KILL: a killed worker gets no job any more") {
  Harness h;
  Peer& killed = h.client();
  Peer& alive = h.client();
  killed.send("BLPOP", "q", "0");
  alive.send("BLPOP", "q", "0");
  CHECK(h.run("CLIENT", "KILL", "ID", id_of(killed)) == integer(1));
  CHECK(h.run("CLIENT", "UNBLOCK", id_of(killed)) == integer(0));
  h.run("RPUSH", "q", "job");
  CHECK(killed.reply_text() == "(nothing)");
  CHECK(alive.reply_text() == "[\"q\", \"job\"]");
  CHECK(h.run("CLIENT", "LIST", "ID", id_of(killed)).text.empty());
}

TEST_CASE("CLIENT UNBLOCK: ends a wait as if its time was up, or with an error") {
  Harness h;
  Peer& first = h.client();
  Peer& second = h.client();
  first.send("BLPOP", "q", "0");
  second.send("BLPOP", "q", "0");
  CHECK(h.run("CLIENT", "UNBLOCK", id_of(first)) == integer(1));
  CHECK(first.reply() == null_array());
  CHECK(h.run("CLIENT", "UNBLOCK", id_of(first), "TIMEOUT") == integer(0));
  CHECK(h.run("CLIENT", "UNBLOCK", id_of(second), "error") == integer(1));
  CHECK(second.reply() == error("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
  CHECK(h.run("CLIENT", "UNBLOCK", id_of(h.first())) == integer(0));
  CHECK(h.run("CLIENT", "UNBLOCK", "999") == integer(0));
  CHECK(h.run("CLIENT", "UNBLOCK", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("CLIENT", "UNBLOCK", "1", "foo") ==
        error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
  CHECK(h.run("CLIENT", "UNBLOCK", "1", "ERROR", "x") ==
        error("ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP."));
}

TEST_CASE("CLIENT PAUSE: all commands wait for its end, in the order they came") {
  Harness h;
  CHECK(h.run("CLIENT", "PAUSE", "100") == status("OK"));
  Peer& a = h.client();
  Peer& b = h.client();
  CHECK(a.send("RPUSH", "q", "1") == exec::Next::kWait);
  CHECK(b.send("RPUSH", "q", "2") == exec::Next::kWait);
  h.advance(milliseconds(99));
  CHECK(a.reply_text() == "(nothing)");
  h.advance(milliseconds(1));
  CHECK(a.reply() == integer(1));
  CHECK(b.reply() == integer(2));
  CHECK(h.run("LRANGE", "q", "0", "-1") == bulks({"1", "2"}));
}

TEST_CASE("CLIENT PAUSE WRITE: reads go on, UNPAUSE lets the writes go") {
  Harness h;
  h.run("RPUSH", "q", "1");
  CHECK(h.run("CLIENT", "PAUSE", "100000", "write") == status("OK"));
  Peer& writer = h.client();
  CHECK(writer.send("RPUSH", "q", "2") == exec::Next::kWait);
  CHECK(h.run("LLEN", "q") == integer(1));
  CHECK(h.run("CLIENT", "UNPAUSE") == status("OK"));
  h.settle();
  CHECK(writer.reply() == integer(2));
}

TEST_CASE("CLIENT PAUSE: takes any time there is and refuses what is none") {
  Harness h;
  CHECK(h.run("CLIENT", "PAUSE", "x") == error("ERR timeout is not an integer or out of range"));
  CHECK(h.run("CLIENT", "PAUSE", "-1") == error("ERR timeout is negative"));
  CHECK(h.run("CLIENT", "PAUSE", "1", "foo") == error("ERR CLIENT PAUSE mode must be WRITE or ALL"));
  CHECK(h.run("CLIENT", "PAUSE", "1", "WRITE", "x") ==
        error("ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."));
  CHECK(h.run("CLIENT", "PAUSE", "7223372036854775807", "WRITE") == status("OK"));
  CHECK(h.executor.next_tick_us().value_or(0) > 0);
  CHECK(h.run("CLIENT", "UNPAUSE") == status("OK"));
}

TEST_CASE("CLIENT REPLY: OFF silences all answers, SKIP the next one, ON says so") {
  Harness h;
  Peer& peer = h.client();
  peer.send("CLIENT", "REPLY", "OFF");
  peer.send("PING");
  CHECK(peer.reply_text() == "(nothing)");
  peer.send("CLIENT", "REPLY", "SKIP");
  CHECK(peer.run("CLIENT", "REPLY", "ON") == status("OK"));
  CHECK(peer.run("PING") == status("PONG"));
  peer.send("CLIENT", "REPLY", "SKIP");
  peer.send("ECHO", "unheard");
  CHECK(peer.reply_text() == "(nothing)");
  CHECK(peer.run("ECHO", "heard") == bulk("heard"));
  CHECK(peer.run("CLIENT", "REPLY", "foo") == error("ERR syntax error"));
}

TEST_CASE("CLIENT DURABLE: its replies wait for the sync, until it is switched off and for all before that") {
  Harness h;
  h.configure("appendfsync", "everysec");
  h.configure("appendonly", "yes");
  Peer& peer = h.client();
  h.run("SET", "k", "v");
  CHECK(peer.run("CLIENT", "DURABLE", "on") == status("OK"));
  CHECK(field(peer.run("CLIENT", "INFO").text, "flags") == "D");
  client::Outbox& outbox = peer.client.outbox;
  const uint64_t offset = h.sink.offset();
  // Reads too: they may show what others wrote.
  peer.send("GET", "k");
  CHECK(outbox.watermark(offset, offset - 1) == offset - 1);
  CHECK(outbox.sendable(outbox.watermark(offset, offset - 1)).empty());
  h.run("SET", "k", "w");
  peer.send("CLIENT", "DURABLE", "off");
  CHECK_FALSE(peer.client.has(client::kDurable));
  const uint64_t until = h.sink.offset();
  CHECK(outbox.watermark(until, until - 1) == until - 1);
  CHECK(outbox.watermark(until + 5, until) == until + 5);
}

TEST_CASE("CLIENT DURABLE: RESET ends it, and where nothing is synced it is refused") {
  Harness h;
  CHECK(h.run("CLIENT", "DURABLE", "maybe") == error("ERR syntax error"));
  h.configure("appendonly", "no");
  CHECK(h.run("CLIENT", "DURABLE", "ON") ==
        error("ERR CLIENT DURABLE cannot be used when appendonly is disabled."));
  CHECK(h.run("CLIENT", "DURABLE", "OFF") == status("OK"));
  h.configure("appendonly", "yes");
  h.configure("appendfsync", "no");
  CHECK(h.run("CLIENT", "DURABLE", "ON") ==
        error("ERR CLIENT DURABLE cannot be used when appendfsync is 'no': nothing is synced then."));
  h.configure("appendfsync", "everysec");
  CHECK(h.run("CLIENT", "DURABLE", "ON") == status("OK"));
  CHECK(h.first().client.has(client::kDurable));
  CHECK(h.run("RESET") == status("RESET"));
  CHECK_FALSE(h.first().client.has(client::kDurable));
  CHECK(h.first().client.outbox.watermark(9, 0) == 9);
}

TEST_CASE("CLIENT NO-TOUCH, NO-EVICT, GETREDIR: switches of this connection alone") {
  Harness h;
  CHECK(h.run("CLIENT", "NO-TOUCH", "on") == status("OK"));
  CHECK(h.first().client.has(client::kNoTouch));
  CHECK(h.run("CLIENT", "NO-TOUCH", "off") == status("OK"));
  CHECK_FALSE(h.first().client.has(client::kNoTouch));
  CHECK(h.run("CLIENT", "NO-EVICT", "maybe") == error("ERR syntax error"));
  CHECK(h.run("CLIENT", "GETREDIR") == integer(-1));
}

TEST_CASE("CLIENT PAUSE: an end that no clock can count is out of range") {
  Harness h;
  CHECK(h.run("CLIENT", "PAUSE", "9223372036854775807") == error("ERR timeout is out of range"));
  CHECK(h.state.pause == exec::PauseMode::kNone);
}

}  // namespace sluice::test
