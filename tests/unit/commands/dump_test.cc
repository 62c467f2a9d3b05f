#include "snapshot/dump.h"

#include <string>

#include <doctest/doctest.h>

#include "snapshot/encoder.h"
#include "support/harness.h"

namespace sluice::test {

namespace {

using namespace std::chrono_literals;

const resp::Value kOk = status("OK");

std::string dump(Harness& h, const std::string& key) {
  return h.run("DUMP", key).text;
}

// Whether one record was logged that begins so and names a deadline; the payload is between.
bool restored(Harness& h, const std::string& beginning) {
  const Lines lines = h.propagated();
  return lines.size() == 1 && lines[0].starts_with(beginning) && lines[0].ends_with(" ABSTTL");
}

}  // namespace

TEST_CASE("DUMP and RESTORE: a value of every type comes back under another name") {
  Harness h;
  h.run("SET", "string", "text");
  h.run("SET", "number", "12345");
  h.run("RPUSH", "list", "a", "7", std::string(20'000, 'L'));
  h.run("HSET", "hash", "f", "v", "g", std::string(100, 'w'));
  h.run("SADD", "integers", "3", "1");
  h.run("SADD", "set", "x", "y");
  h.run("ZADD", "zset", "1.5", "m", "-inf", "n");
  h.run("XADD", "stream", "5-1", "k", "v");
  for (const std::string key : {"string", "number", "list", "hash", "integers", "set", "zset", "stream"}) {
    CAPTURE(key);
    CHECK(h.run("RESTORE", key + "2", "0", dump(h, key)) == kOk);
    CHECK(h.run("DEBUG", "DIGEST-VALUE", key) == h.run("DEBUG", "DIGEST-VALUE", key + "2"));
    CHECK(h.run("OBJECT", "ENCODING", key) == h.run("OBJECT", "ENCODING", key + "2"));
  }
  CHECK(h.run("DUMP", "nokey") == null());
}

TEST_CASE("DUMP: the bytes are what redis-server 7.0 gives") {
  Harness h;
  h.run("SET", "k", "hello");
  const std::string payload = dump(h, "k");
  CHECK(payload.substr(0, 9) == std::string("\x00\x05hello\x0a\x00", 9));
  CHECK(payload.size() == 17);
}

TEST_CASE("RESTORE: a name that is taken is refused unless it may be replaced") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  h.run("SET", "k", "v");
  h.run("RPUSH", "q", "a");
  const std::string payload = dump(h, "k");
  h.events();
  h.propagated();
  CHECK(h.run("RESTORE", "q", "0", payload) == error("BUSYKEY Target key name already exists."));
  CHECK(h.run("RESTORE", "q", "0", payload, "replace") == kOk);
  CHECK(h.run("GET", "q") == bulk("v"));
  CHECK(h.events() == Lines{"__keyspace@0__:q restore", "__keyevent@0__:restore q"});
  CHECK(h.propagated().size() == 1);
}

TEST_CASE("RESTORE: a time to live is logged as a deadline") {
  Harness h;
  h.run("SET", "k", "v");
  const std::string payload = dump(h, "k");
  h.propagated();
  CHECK(h.run("RESTORE", "a", "1000", payload) == kOk);
  CHECK(h.run("PTTL", "a") == integer(1000));
  CHECK(restored(h, "RESTORE a " + std::to_string(h.clock.unix_us() / 1000 + 1000) + " "));
  CHECK(h.run("RESTORE", "b", "1700086400000", payload, "ABSTTL") == kOk);
  CHECK(h.run("PEXPIRETIME", "b") == integer(1700086400000));
  CHECK(restored(h, "RESTORE b 1700086400000 "));
  h.advance(1001ms);
  CHECK(h.run("EXISTS", "a") == integer(0));
}

TEST_CASE("RESTORE: what has expired already only removes what it replaces") {
  Harness h;
  h.run("SET", "k", "v");
  const std::string payload = dump(h, "k");
  h.run("SET", "old", "x");
  h.propagated();
  CHECK(h.run("RESTORE", "new", "5", payload, "ABSTTL") == kOk);
  CHECK(h.propagated().empty());
  CHECK(h.run("RESTORE", "old", "5", payload, "ABSTTL", "REPLACE") == kOk);
  CHECK(h.run("EXISTS", "new", "old") == integer(0));
  CHECK(h.propagated() == Lines{"DEL old"});
}

TEST_CASE("RESTORE: an idle time is taken over") {
  Harness h;
  h.run("SET", "k", "v");
  CHECK(h.run("RESTORE", "a", "0", dump(h, "k"), "IDLETIME", "500") == kOk);
  CHECK(h.run("OBJECT", "IDLETIME", "a") == integer(500));
  CHECK(h.run("RESTORE", "b", "0", dump(h, "k"), "FREQ", "5") == kOk);
  CHECK(h.run("OBJECT", "IDLETIME", "b") == integer(0));
}

TEST_CASE("RESTORE: a frequency is taken over under an LFU policy, and an idle time is not") {
  Harness h;
  h.configure("maxmemory-policy", "allkeys-lfu");
  h.run("SET", "k", "v");
  CHECK(h.run("RESTORE", "a", "0", dump(h, "k"), "FREQ", "77") == kOk);
  CHECK(h.run("OBJECT", "FREQ", "a") == integer(77));
  CHECK(h.run("RESTORE", "b", "0", dump(h, "k"), "IDLETIME", "500") == kOk);
  CHECK(h.run("OBJECT", "FREQ", "b") == integer(5));
}

TEST_CASE("RESTORE: what Redis 7.0 would refuse is logged as a payload of ours, which it takes") {
  Harness h;
  const std::string no_checksum(8, '\0');
  // A packed set, as Redis 7.2 writes it, and a hash with a field that expires, as 7.4 does.
  const std::string block(
      "\x0c\0\0\0\2\0\x81"
      "a\2\7\1\xff",
      12);
  const std::string set = "\x14\x0c" + block + std::string("\x0b\0", 2) + no_checksum;
  std::string hash = "\x18";
  snapshot::Encoder out(hash, false);
  out.milliseconds(4102444800123);
  hash += std::string(
              "\2\1\1"
              "a\1x\0\1"
              "b\1y\x0c\0",
              13) +
          no_checksum;
  h.propagated();
  Harness other;  // is given what the first one should log
  const auto logged_alike = [&](const std::string& key, const char* ttl, const std::string& newer) {
    CHECK(snapshot::is_newer_dump(newer));
    CHECK(h.run("RESTORE", key, ttl, newer, "REPLACE") == kOk);
    const std::string ours = dump(h, key);
    CHECK_FALSE(snapshot::is_newer_dump(ours));
    CHECK(other.run("RESTORE", key, ttl, ours, "REPLACE") == kOk);
    const Lines logged = h.propagated();
    CHECK(logged.size() == 1);
    CHECK(logged == other.propagated());
  };
  logged_alike("set", "0", set);
  logged_alike("set", "1000", set);
  logged_alike("hash", "0", hash);
  CHECK(other.run("HPEXPIRETIME", "hash", "FIELDS", "2", "a", "b") ==
        array({integer(4102444800123), integer(-1)}));
}

TEST_CASE("RESTORE: wakes who waits for the list it makes") {
  Harness h;
  h.run("RPUSH", "q", "job");
  const std::string payload = dump(h, "q");
  Peer& worker = h.client();
  worker.send("BLPOP", "other", "0");
  CHECK(h.run("RESTORE", "other", "0", payload) == kOk);
  CHECK(worker.reply_text() == "[\"other\", \"job\"]");
}

TEST_CASE("RESTORE: what is no payload, or a damaged one, is refused and changes nothing") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "c");
  const std::string payload = dump(h, "q");
  h.propagated();
  const resp::Value broken = error("ERR DUMP payload version or checksum are wrong");
  for (size_t size = 0; size < payload.size(); ++size) {
    CHECK(h.run("RESTORE", "k", "0", payload.substr(0, size)) == broken);
  }
  for (size_t at = 0; at < payload.size(); ++at) {
    std::string changed = payload;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    CHECK(h.run("RESTORE", "k", "0", changed) == broken);
  }
  // Without a checksum (eight zeros) the value itself is looked at.
  std::string unchecked = payload.substr(0, payload.size() - 8) + std::string(8, '\0');
  unchecked[5] = '\x7f';
  CHECK(h.run("RESTORE", "k", "0", unchecked) == error("ERR Bad data format"));
  CHECK(h.run("EXISTS", "k") == integer(0));
  CHECK(h.propagated().empty());
}

TEST_CASE("RESTORE: options are checked as by Redis") {
  Harness h;
  h.run("SET", "k", "v");
  const std::string payload = dump(h, "k");
  CHECK(h.run("RESTORE", "a", "x", payload) == error("ERR value is not an integer or out of range"));
  CHECK(h.run("RESTORE", "a", "-1", payload) == error("ERR Invalid TTL value, must be >= 0"));
  CHECK(h.run("RESTORE", "a", "0", payload, "IDLETIME", "-1") ==
        error("ERR Invalid IDLETIME value, must be >= 0"));
  CHECK(h.run("RESTORE", "a", "0", payload, "FREQ", "256") ==
        error("ERR Invalid FREQ value, must be >= 0 and <= 255"));
  CHECK(h.run("RESTORE", "a", "0", payload, "FREQ", "1", "IDLETIME", "1") == error("ERR syntax error"));
  CHECK(h.run("RESTORE", "a", "0", payload, "IDLETIME") == error("ERR syntax error"));
  CHECK(h.run("RESTORE", "a", "0", payload, "what") == error("ERR syntax error"));
  CHECK(h.run("RESTORE", "k", "x", payload) == error("BUSYKEY Target key name already exists."));
}

}  // namespace sluice::test
