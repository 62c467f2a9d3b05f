// CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO, and who is told of what by which command.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

std::string id_of(const Peer& peer) {
  return std::to_string(peer.client.id);
}

// One of these per line; what a peer was sent besides its replies.
Lines pushes(Peer& peer) {
  Lines lines;
  for (auto value = peer.reply(); value; value = peer.reply()) lines.push_back(resp::describe(*value));
  return lines;
}

Lines keys_told(const std::vector<std::string>& keys) {
  Lines lines;
  for (const std::string& key : keys) {
    resp::Value push = resp::Value::make_aggregate(resp::Kind::kPush);
    push.children = {bulk("invalidate"), bulks({key})};
    lines.push_back(resp::describe(push));
  }
  return lines;
}

Lines all_told() {
  resp::Value push = resp::Value::make_aggregate(resp::Kind::kPush);
  push.children = {bulk("invalidate"), null()};
  return {resp::describe(push)};
}

// A second client that tracks, in the newer protocol.
Peer& tracker(Harness& h, const std::vector<std::string>& options = {}) {
  Peer& peer = h.client();
  peer.resp3();
  std::vector<std::string> words = {"CLIENT", "TRACKING", "ON"};
  words.insert(words.end(), options.begin(), options.end());
  peer.send_words(words);
  REQUIRE(peer.reply_text() == resp::describe(status("OK")));
  return peer;
}

std::string field(const std::string& line, const std::string& name) {
  const size_t begin = line.find(" " + name + "=") + name.size() + 2;
  return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

std::string info_field(Harness& h, const std::string& section, const std::string& name) {
  const std::string text = h.run("INFO", section).text;
  const size_t begin = text.find("\n" + name + ":") + name.size() + 2;
  return text.substr(begin, text.find('\r', begin) - begin);
}

}  // namespace

TEST_CASE("CLIENT TRACKING: refuses words it does not know, in the order Redis does") {
  Harness h;
  const auto refused = [&](const std::vector<std::string>& words, const std::string& text) {
    std::vector<std::string> request = {"CLIENT", "TRACKING"};
    request.insert(request.end(), words.begin(), words.end());
    h.first().send_words(request);
    CHECK(h.first().reply_text() == resp::describe(error(text)));
  };
  const std::string syntax = "ERR syntax error";
  const std::string nobody = "ERR The client ID you want redirect to does not exist";
  refused({}, "ERR wrong number of arguments for 'client|tracking' command");
  refused({"foo"}, syntax);
  refused({"ON", "ON"}, syntax);
  refused({"ON", "REDIRECT"}, syntax);
  refused({"ON", "PREFIX"}, syntax);
  refused({"ON", "REDIRECT", "x"}, "ERR value is not an integer or out of range");
  for (const char* id : {"0", "-1", "9999"}) refused({"ON", "REDIRECT", id}, nobody);
  refused({"foo", "REDIRECT", "9999"}, nobody);
  refused({"ON", "foo", "REDIRECT", "9999"}, syntax);
  refused({"ON", "REDIRECT", id_of(h.first()), "REDIRECT", "x"},
          "ERR A client can only redirect to a single other client");
  refused({"ON", "PREFIX", "a", "OPTIN", "OPTOUT"}, "ERR PREFIX option requires BCAST mode to be enabled");
  refused({"ON", "OPTIN", "BCAST", "OPTOUT"}, "ERR OPTIN and OPTOUT are not compatible with BCAST");
  refused({"ON", "OPTIN", "OPTOUT"}, "ERR You can't specify both OPTIN mode and OPTOUT mode");
  const std::string rest = "'. Prefixes for a single client must not overlap.";
  refused({"ON", "BCAST", "PREFIX", "ab", "PREFIX", "a"},
          "ERR Prefix 'ab' overlaps with another provided prefix 'a" + rest);
  refused({"ON", "BCAST", "PREFIX", "", "PREFIX", "a"},
          "ERR Prefix '' overlaps with another provided prefix 'a" + rest);
  CHECK_FALSE(h.first().client.has(client::kTracking));
  CHECK(h.run("CLIENT", "TRACKING", "OFF", "PREFIX", "a") == status("OK"));
}

TEST_CASE("CLIENT TRACKING: a mode is left by switching off only") {
  Harness h;
  const std::string bcast =
      "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then "
      "re-enabling it with a different mode.";
  const std::string opt =
      "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then "
      "re-enabling it with a different mode.";
  CHECK(h.run("CLIENT", "TRACKING", "on") == status("OK"));
  CHECK(h.run("CLIENT", "TRACKING", "ON", "BCAST") == error(bcast));
  CHECK(h.run("CLIENT", "TRACKING", "ON", "OPTIN") == status("OK"));
  CHECK(h.run("CLIENT", "TRACKING", "ON", "OPTOUT") == error(opt));
  CHECK(h.run("CLIENT", "TRACKING", "ON") == status("OK"));
  CHECK(h.run("CLIENT", "TRACKING", "ON", "OPTOUT", "NOLOOP") == status("OK"));
  CHECK(h.run("CLIENT", "TRACKING", "ON", "OPTIN") == error(opt));
  CHECK(h.run("CLIENT", "TRACKING", "OFF") == status("OK"));
  CHECK(h.run("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "b") == status("OK"));
  CHECK(h.run("CLIENT", "TRACKING", "ON") == error(bcast));
  CHECK(h.run("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a", "PREFIX", "bb") ==
        error("ERR Prefix 'bb' overlaps with an existing prefix 'b'. Prefixes for a single client must not "
              "overlap."));
  CHECK(h.run("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a", "NOLOOP") == status("OK"));
  CHECK(h.run("CLIENT", "TRACKING", "ON", "BCAST") == status("OK"));
  CHECK(h.run("CLIENT", "TRACKINGINFO").children[5] == bulks({"", "a", "b"}));
}

TEST_CASE(
    "CLIENT TRACKINGINFO, GETREDIR: tell what was asked for, as a map and a set in the newer protocol") {
  Harness h;
  CHECK(h.run("CLIENT", "TRACKINGINFO") ==
        array({bulk("flags"), bulks({"off"}), bulk("redirect"), integer(-1), bulk("prefixes"), array({})}));
  CHECK(h.run("CLIENT", "GETREDIR") == integer(-1));
  h.run("CLIENT", "TRACKING", "ON");
  CHECK(h.run("CLIENT", "GETREDIR") == integer(0));
  Peer& other = h.client();
  h.run("CLIENT", "TRACKING", "ON", "OPTIN", "REDIRECT", id_of(other), "NOLOOP");
  CHECK(h.run("CLIENT", "GETREDIR") == integer(static_cast<int64_t>(other.client.id)));
  CHECK(h.run("CLIENT", "TRACKINGINFO").children[1] == bulks({"on", "optin", "noloop"}));
  h.run("CLIENT", "CACHING", "YES");
  CHECK(h.run("CLIENT", "TRACKINGINFO").children[1] == bulks({"on", "optin", "caching-yes", "noloop"}));
  h.run("RESET");
  CHECK(h.run("CLIENT", "TRACKINGINFO").children[1] == bulks({"off"}));

  h.first().resp3();
  h.run("CLIENT", "TRACKING", "ON", "OPTOUT");
  h.run("CLIENT", "CACHING", "NO");
  const resp::Value info = h.run("CLIENT", "TRACKINGINFO");
  CHECK(info.kind == resp::Kind::kMap);
  CHECK(info.children[1].kind == resp::Kind::kSet);
  CHECK(info.children[1].children == bulks({"on", "optout", "caching-no"}).children);
}

TEST_CASE("CLIENT CACHING: is for those who track and asked for a choice") {
  Harness h;
  const resp::Value untracked = error(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT "
      "mode enabled");
  CHECK(h.run("CLIENT", "CACHING", "YES") == untracked);
  CHECK(h.run("CLIENT", "CACHING", "foo") == untracked);
  h.run("CLIENT", "TRACKING", "ON");
  CHECK(h.run("CLIENT", "CACHING", "foo") == error("ERR syntax error"));
  CHECK(h.run("CLIENT", "CACHING", "yes") ==
        error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."));
  CHECK(h.run("CLIENT", "CACHING", "NO") ==
        error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."));
}

TEST_CASE("CLIENT CACHING: holds for the next command that is none of CLIENT's, refused ones included") {
  Harness h;
  h.run("CLIENT", "TRACKING", "ON", "OPTIN");
  const auto still_said = [&](const std::vector<std::string>& words) {
    h.run("CLIENT", "CACHING", "YES");
    h.first().send_words(words);
    h.first().reply();
    return h.first().client.has(client::kTrackingCaching);
  };
  CHECK(still_said({"CLIENT", "ID"}));
  CHECK(still_said({"CLIENT", "HELP"}));
  CHECK(still_said({"CLIENT", "CACHING"}));
  CHECK_FALSE(still_said({"PING"}));
  CHECK_FALSE(still_said({"GET"}));
  CHECK_FALSE(still_said({"FOO"}));
  CHECK_FALSE(still_said({"CLIENT"}));
  CHECK_FALSE(still_said({"CLIENT", "FOO"}));
  CHECK(still_said({"MULTI"}));
  h.run("PING");
  CHECK(h.first().client.has(client::kTrackingCaching));
  h.run("DISCARD");
  CHECK_FALSE(h.first().client.has(client::kTrackingCaching));
  h.run("CLIENT", "CACHING", "YES");
  h.first().send("BLPOP", "q", "1");
  CHECK(h.first().client.has(client::kTrackingCaching));
  h.advance(std::chrono::seconds(1));
  CHECK_FALSE(h.first().client.has(client::kTrackingCaching));
}

TEST_CASE("CLIENT TRACKING: OPTIN and OPTOUT remember what CLIENT CACHING lets them") {
  Harness h;
  Peer& in = tracker(h, {"OPTIN"});
  in.run("GET", "a");
  h.run("MSET", "a", "1", "b", "1");
  CHECK(pushes(in).empty());
  in.run("CLIENT", "CACHING", "YES");
  in.run("GET", "a");
  in.run("GET", "b");
  h.run("MSET", "a", "2", "b", "2");
  CHECK(pushes(in) == keys_told({"a"}));
  in.run("CLIENT", "CACHING", "YES");
  for (const char* word : {"MULTI", "RANDOMKEY"}) in.run(word);
  in.run("GET", "a");
  in.run("GET", "b");
  in.run("EXEC");
  in.run("GET", "c");
  h.run("MSET", "a", "3", "b", "3", "c", "3");
  CHECK(pushes(in) == keys_told({"a", "b"}));

  Peer& out = tracker(h, {"OPTOUT"});
  out.run("CLIENT", "CACHING", "NO");
  out.run("GET", "a");
  out.run("GET", "b");
  h.run("MSET", "a", "4", "b", "4");
  CHECK(pushes(out) == keys_told({"b"}));
}

TEST_CASE("CLIENT TRACKING: reads of every kind are remembered once, absent keys and failures included") {
  Harness h;
  Peer& reader = tracker(h);
  h.run("RPUSH", "list", "1");
  reader.run("GET", "list");
  h.run("RPUSH", "list", "2");
  CHECK(pushes(reader) == keys_told({"list"}));
  h.run("RPUSH", "list", "3");
  CHECK(pushes(reader).empty());

  reader.run("MGET", "x", "y");
  reader.run("OBJECT", "ENCODING", "z");
  reader.run("SORT_RO", "s", "BY", "w_*", "GET", "v_*");
  reader.run("SUNION", "s1", "s2");
  reader.run("BITPOS", "bad", "1", "2", "3", "4", "5");
  h.run("MSET", "x", "1", "y", "1", "z", "1", "w_1", "1", "v_1", "1", "bad", "1");
  CHECK(pushes(reader) == keys_told({"x", "y", "z", "bad"}));
  h.run("LPUSH", "s", "1");
  h.run("SADD", "s2", "1");
  CHECK(pushes(reader) == keys_told({"s", "s2"}));

  reader.run("SET", "x", "2", "GET");
  h.run("SET", "x", "3");
  CHECK(pushes(reader).empty());
}

TEST_CASE("CLIENT TRACKING: keys are meant in every database, and only a real change is told") {
  Harness h;
  Peer& reader = tracker(h);
  reader.run("GET", "k");
  h.run("DEL", "k");
  CHECK(pushes(reader).empty());
  h.run("SELECT", "3");
  h.run("SET", "k", "1");
  CHECK(pushes(reader) == keys_told({"k"}));
  reader.run("GET", "k");
  h.run("SWAPDB", "0", "3");
  CHECK(pushes(reader).empty());
  h.run("SELECT", "0");
  h.run("EXPIRE", "k", "100");
  CHECK(pushes(reader) == keys_told({"k"}));
  reader.run("TTL", "k");
  h.run("RENAME", "k", "other");
  CHECK(pushes(reader) == keys_told({"k"}));
}

TEST_CASE("CLIENT TRACKING: one's own changes are told behind the reply, unless NOLOOP asks otherwise") {
  Harness h;
  Peer& reader = tracker(h);
  reader.run("MGET", "x", "y");
  reader.send("DEL", "x");
  CHECK(pushes(reader) == Lines{resp::describe(integer(0))});
  reader.send("MSET", "x", "1", "y", "1");
  Lines expected = keys_told({"x", "y"});
  expected.insert(expected.begin(), resp::describe(status("OK")));
  CHECK(pushes(reader) == expected);

  Peer& quiet = tracker(h, {"NOLOOP"});
  quiet.run("GET", "x");
  quiet.run("SET", "x", "2");
  quiet.run("EVAL", "redis.call('get', 'x') return redis.call('set', 'x', '3')", "0");
  CHECK(pushes(quiet).empty());
  quiet.run("GET", "x");
  h.run("SET", "x", "4");
  CHECK(pushes(quiet) == keys_told({"x"}));
}

TEST_CASE("CLIENT TRACKING: inside EXEC reads and changes count in their order, and are told behind it") {
  Harness h;
  Peer& reader = tracker(h);
  reader.run("MULTI");
  for (const char* value : {"1", "2"}) {
    reader.run("GET", "x");
    reader.run("SET", "x", value);
  }
  reader.run("GET", "x");
  reader.send("EXEC");
  const Lines lines = pushes(reader);
  REQUIRE(lines.size() == 3);
  CHECK(Lines(lines.begin() + 1, lines.end()) == keys_told({"x", "x"}));
  h.run("SET", "x", "3");
  CHECK(pushes(reader) == keys_told({"x"}));

  reader.run("MULTI");
  reader.run("GET", "x");
  reader.run("CLIENT", "TRACKING", "OFF");
  reader.run("SET", "x", "4");
  reader.send("EXEC");
  CHECK(pushes(reader).size() == 1);
}

TEST_CASE("CLIENT TRACKING: of a script what it reads counts, not what it declares") {
  Harness h;
  Peer& reader = tracker(h);
  reader.run("EVAL", "return redis.call('get', KEYS[2])", "2", "declared", "read");
  reader.run("EVAL_RO", "return redis.call('get', 'inner')", "1", "outer");
  h.run("MSET", "declared", "1", "read", "1", "outer", "1", "inner", "1");
  CHECK(pushes(reader) == keys_told({"read", "inner"}));
  reader.send("EVAL", "redis.call('get', 'k') redis.call('set', 'k', '1') return 5", "0");
  Lines expected = keys_told({"k"});
  expected.insert(expected.begin(), resp::describe(integer(5)));
  CHECK(pushes(reader) == expected);
}

TEST_CASE("CLIENT TRACKING: an expired key is told when it goes, by its time or by being looked for") {
  Harness h;
  Peer& reader = tracker(h);
  h.run("SET", "k", "1", "PX", "10");
  reader.run("GET", "k");
  h.advance(std::chrono::milliseconds(20));
  CHECK(pushes(reader) == keys_told({"k"}));

  h.run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  h.run("SET", "k", "1", "PX", "10");
  reader.run("GET", "k");
  h.advance(std::chrono::milliseconds(20));
  CHECK(pushes(reader).empty());
  reader.send("GET", "k");
  Lines expected = keys_told({"k"});
  expected.insert(expected.begin(), resp::describe(null()));
  CHECK(pushes(reader) == expected);
  // Its absence was read, too.
  h.run("SET", "k", "2");
  CHECK(pushes(reader) == keys_told({"k"}));
}

TEST_CASE("CLIENT TRACKING: an expiry is announced to subscribers first, other changes afterwards") {
  Harness h;
  h.configure("notify-keyspace-events", "Egx$");
  Peer& reader = tracker(h);
  reader.send("PSUBSCRIBE", "__keyevent@0__:*");
  pushes(reader);
  reader.run("GET", "k");
  h.run("SET", "k", "1", "PX", "10");
  Lines lines = pushes(reader);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == keys_told({"k"})[0]);
  reader.run("GET", "k");
  h.advance(std::chrono::milliseconds(20));
  lines = pushes(reader);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("expired") != std::string::npos);
  CHECK(lines[1] == keys_told({"k"})[0]);
}

TEST_CASE("CLIENT TRACKING: FLUSHDB, FLUSHALL and DEBUG RELOAD tell everybody, once, that nothing is left") {
  Harness h;
  Peer& reader = tracker(h, {"NOLOOP"});
  Peer& listener = tracker(h, {"BCAST", "PREFIX", "nothing"});
  reader.run("GET", "k");
  for (const char* word : {"FLUSHDB", "FLUSHALL"}) {
    h.run(word);
    CHECK(pushes(reader) == all_told());
    CHECK(pushes(listener) == all_told());
  }
  CHECK(info_field(h, "stats", "tracking_total_keys") == "0");
  h.run("DEBUG", "RELOAD");
  CHECK(pushes(reader) == all_told());
  reader.run("MULTI");
  reader.run("FLUSHALL");
  reader.run("PING");
  reader.send("EXEC");
  const Lines lines = pushes(reader);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1] == all_told()[0]);
}

TEST_CASE("CLIENT TRACKING: a waiter that is woken has read again, and is told of what woke it first") {
  Harness h;
  Peer& reader = tracker(h);
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  h.run("XADD", "s", "1-1", "f", "v");
  Lines lines = pushes(reader);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == keys_told({"s"})[0]);
  h.run("XADD", "s", "2-1", "f", "v");
  CHECK(pushes(reader) == keys_told({"s"}));

  reader.run("EXISTS", "q");
  reader.send("BLPOP", "q", "0");
  h.run("RPUSH", "q", "1");
  CHECK(pushes(reader) == Lines{keys_told({"q"})[0], resp::describe(bulks({"q", "1"}))});
}

TEST_CASE("CLIENT TRACKING: a broadcast gathers a turn's changes below its prefixes") {
  Harness h;
  Peer& some = tracker(h, {"BCAST", "PREFIX", "u:", "PREFIX", "o:"});
  Peer& all = tracker(h, {"BCAST", "NOLOOP"});
  for (const char* key : {"u:2", "u:1", "o:1", "z", "u:2"}) h.run("SET", key, "1");
  all.run("SET", "u:3", "1");
  CHECK(pushes(some).empty());
  h.settle();
  const auto push = [](const std::vector<std::string>& keys) {
    resp::Value value = resp::Value::make_aggregate(resp::Kind::kPush);
    value.children = {bulk("invalidate"), bulks(keys)};
    return resp::describe(value);
  };
  CHECK(pushes(some) == Lines{push({"o:1"}), push({"u:1", "u:2", "u:3"})});
  CHECK(pushes(all) == Lines{push({"o:1", "u:1", "u:2", "z"})});
  // A script's changes are nobody's own there.
  all.run("EVAL", "return redis.call('set', 'u:4', '1')", "0");
  h.settle();
  CHECK(pushes(all) == Lines{push({"u:4"})});
  some.run("GET", "k");
  CHECK(info_field(h, "stats", "tracking_total_keys") == "0");
}

TEST_CASE("CLIENT TRACKING: a subscriber of the older protocol is told in another's place") {
  Harness h;
  Peer& listener = h.client();
  listener.run("SUBSCRIBE", "__redis__:invalidate");
  Peer& reader = h.client();
  reader.run("CLIENT", "TRACKING", "ON", "REDIRECT", id_of(listener));
  reader.run("GET", "k");
  reader.run("SET", "k", "1");
  CHECK(listener.reply() == array({bulk("message"), bulk("__redis__:invalidate"), bulks({"k"})}));
  const std::string line = h.run("CLIENT", "LIST", "ID", id_of(reader)).text;
  CHECK(field(line, "flags") == "t");
  CHECK(field(line, "redir") == id_of(listener));

  h.disconnect(listener);
  reader.resp3();
  reader.run("GET", "k");
  h.run("SET", "k", "2");
  CHECK(pushes(reader).size() == 1);
  CHECK(field(h.run("CLIENT", "LIST", "ID", id_of(reader)).text, "flags") == "tR");
  CHECK(reader.run("CLIENT", "TRACKINGINFO").children[1].children ==
        bulks({"on", "broken_redirect"}).children);
}

TEST_CASE("CLIENT TRACKING: back in the older protocol nothing is told, and keys are still remembered") {
  Harness h;
  Peer& reader = tracker(h);
  reader.run("GET", "k");
  reader.run("HELLO", "2");
  h.run("SET", "k", "1");
  CHECK(pushes(reader).empty());
  reader.run("GET", "k");
  reader.run("HELLO", "3");
  h.run("SET", "k", "1");
  CHECK(pushes(reader) == keys_told({"k"}));
}

TEST_CASE("CLIENT TRACKING: CLIENT REPLY OFF silences replies, and not what is told") {
  Harness h;
  Peer& reader = tracker(h);
  reader.send("CLIENT", "REPLY", "OFF");
  reader.send("GET", "k");
  reader.send("SET", "k", "1");
  CHECK(pushes(reader) == keys_told({"k"}));
}

TEST_CASE("CLIENT TRACKING: tracking-table-max-keys makes keys by chance go as if they had changed") {
  Harness h;
  h.configure("tracking-table-max-keys", "2");
  Peer& reader = tracker(h);
  reader.send("MGET", "a", "b", "c", "d");
  CHECK(pushes(reader).size() == 3);
  CHECK(info_field(h, "stats", "tracking_total_keys") == "2");
  h.configure("tracking-table-max-keys", "0");
  std::vector<std::string> many = {"MGET"};
  for (int i = 0; i < 500; ++i) many.push_back(std::to_string(i));
  reader.send_words(many);
  CHECK(pushes(reader).size() == 1);
  CHECK(info_field(h, "stats", "tracking_total_keys") == "502");
  // Lowered, the limit is reached in slices.
  h.configure("tracking-table-max-keys", "10");
  CHECK(h.executor.tend_caches());
  CHECK(info_field(h, "stats", "tracking_total_keys") == "402");
  h.settle();
  CHECK(info_field(h, "stats", "tracking_total_keys") == "10");
  CHECK(pushes(reader).size() == 492);
}

TEST_CASE("CLIENT TRACKING: INFO and CLIENT LIST count and show who tracks") {
  Harness h;
  CHECK(info_field(h, "clients", "tracking_clients") == "0");
  Peer& one = tracker(h);
  Peer& two = tracker(h, {"BCAST", "PREFIX", "a", "PREFIX", "b"});
  Peer& three = tracker(h);
  one.run("MGET", "x", "y");
  three.run("GET", "x");
  CHECK(info_field(h, "clients", "tracking_clients") == "3");
  CHECK(info_field(h, "stats", "tracking_total_keys") == "2");
  CHECK(info_field(h, "stats", "tracking_total_items") == "3");
  CHECK(info_field(h, "stats", "tracking_total_prefixes") == "2");
  const std::string line = h.run("CLIENT", "LIST", "ID", id_of(two)).text;
  CHECK(field(line, "flags") == "tB");
  CHECK(field(line, "redir") == "0");
  h.disconnect(one);
  two.run("RESET");
  CHECK(info_field(h, "clients", "tracking_clients") == "1");
  CHECK(info_field(h, "stats", "tracking_total_prefixes") == "0");
  h.run("SET", "x", "1");
  CHECK(pushes(three) == keys_told({"x"}));
}

TEST_CASE("CLIENT TRACKING: a broadcast waits for the end of a script that is suspended") {
  Harness h;
  Peer& runner = tracker(h, {"BCAST"});
  runner.run("MULTI");
  runner.run("EVAL", "for i = 1, 100000 do end return 1", "0");
  h.run("SET", "k", "1");
  h.clock.step_with_each_reading(10'000'000);
  h.scripts.interrupt();
  CHECK(runner.send("EXEC") == exec::Next::kWait);
  CHECK_FALSE(h.executor.tend_caches());
  CHECK(h.tracking.anything_to_broadcast());
  h.clock.step_with_each_reading(0);
  h.settle();
  CHECK(pushes(runner) == Lines{resp::describe(array({integer(1)})), keys_told({"k"})[0]});
}

}  // namespace sluice::test
