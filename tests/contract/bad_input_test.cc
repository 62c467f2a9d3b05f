// What must hold of every command, whatever it does: wrong numbers of words and keys of other types are
// refused in Redis's words, names may be empty or any bytes, and a refusal leaves nothing behind, no matter
// which number, not-a-number or repeated word it was about. Commands with keys are held to it by a sample
// each (streams by tests of their own).
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "resp/value.h"
#include "support/harness.h"

using namespace sluice;
using resp::Value;
using test::Harness;
using test::Lines;
using test::Peer;

namespace {

using Words = std::vector<std::string>;

// A command that is carried out as it stands. `t:a` is a key called a that holds a text; `l`, `s`, `z` and
// `h` stand for the other types, several letters for whichever of them, the first one being there; `?` behind
// them says that the first of several keys that holds anything is taken; `*` stands for a key that may hold
// anything, and is absent.
constexpr const char* kSamples[] = {
    // strings
    "APPEND t:a x",
    "DECR t:a",
    "DECRBY t:a 3",
    "DELIFEQ t:a 12",
    "DIGEST t:a",
    "GET t:a",
    "GETDEL t:a",
    "GETEX t:a EX 100",
    "GETEX t:a PERSIST",
    "GETRANGE t:a 0 -1",
    "GETSET t:a x",
    "INCR t:a",
    "INCRBY t:a 3",
    "INCRBYFLOAT t:a 1.5",
    "INCREX t:a BYINT 2 LBOUND 0 UBOUND 100 SATURATE EX 100 ENX",
    "INCREX t:a BYFLOAT 2 UBOUND 100",
    "LCS t:a t:b IDX MINMATCHLEN 1 WITHMATCHLEN",
    "MGET *:a *:b",
    "MSET *:a 1 *:b 2",
    "MSETEX 2 *:a 1 *:b 2 NX EX 100",
    "MSETNX *:a 1 *:b 2",
    "PSETEX *:a 1000 x",
    "SET *:a x NX EX 100",
    "SET t:a x IFEQ 12 GET KEEPTTL",
    "SET t:a x GET PXAT 9999999999999",
    "SETEX *:a 100 x",
    "SETNX *:a x",
    "SETRANGE t:a 1 x",
    "STRLEN t:a",
    "SUBSTR t:a 0 1",
    "DELEX *:a",
    // bits
    "BITCOUNT t:a 0 -1 BIT",
    "BITFIELD t:a GET u8 0 SET u8 #1 5 OVERFLOW SAT INCRBY i8 3 100",
    "BITFIELD_RO t:a GET u8 0",
    "BITOP AND *:d t:a t:b",
    "BITPOS t:a 1 0 -1 BYTE",
    "GETBIT t:a 3",
    "SETBIT t:a 3 1",
    // lists
    "BLMOVE l:a l:b LEFT RIGHT 0",
    "BLMOVEM l:a l:b LEFT RIGHT 0 EXACTLY 2 OBO",
    "BLMPOP 0 2 l?:a l?:b LEFT COUNT 2",
    "BLMPOP 0 1 l:a LEFT COUNT 2 TO l:b RIGHT",
    "BLPOP l?:a l?:b 0",
    "BRPOP l?:a l?:b 0",
    "BRPOPLPUSH l:a l:b 0",
    "LINDEX l:a 1",
    "LINSERT l:a BEFORE 2 x",
    "LLEN l:a",
    "LMOVE l:a l:b LEFT RIGHT",
    "LMOVEM l:a l:b LEFT RIGHT COUNT 2 BULK",
    "LMPOP 2 l?:a l?:b RIGHT COUNT 2",
    "LMPOP 1 l:a RIGHT COUNT 2 TO l:b LEFT",
    "LPOP l:a 2",
    "LPOS l:a 2 RANK 1 COUNT 2 MAXLEN 9",
    "LPUSH l:a x y",
    "LPUSHX l:a x",
    "LRANGE l:a 0 -1",
    "LREM l:a 1 2",
    "LSET l:a 1 x",
    "LTRIM l:a 0 1",
    "RPOP l:a 2",
    "RPOPLPUSH l:a l:b",
    "RPUSH l:a x y",
    "RPUSHX l:a x",
    // sets
    "SADD s:a 1 x",
    "SCARD s:a",
    "SDIFF s:a s:b",
    "SDIFFSTORE *:d s:a s:b",
    "SINTER s:a s:b",
    "SINTERCARD 2 s:a s:b LIMIT 2",
    "SINTERSTORE *:d s:a s:b",
    "SISMEMBER s:a 1",
    "SMEMBERS s:a",
    "SMISMEMBER s:a 1 x",
    "SMOVE s:a s:b 1",
    "SPOP s:a 2",
    "SRANDMEMBER s:a -5",
    "SREM s:a 1 x",
    "SSCAN s:a 0 MATCH * COUNT 5",
    "SUNION s:a s:b",
    "SUNIONSTORE *:d s:a s:b",
    // sorted sets
    "BZMOVEDUE 0 2 z?:a z?:b COUNT 2 DUE 5 TO ZSET z:c SCORE 9",
    "BZMOVEDUE 0 1 z:a DUE NOW UNIT ms TO LIST l:b LEFT",
    "BZMPOP 0 2 z?:a z?:b MAX COUNT 2",
    "BZMPOP 0 1 z:a MIN COUNT 2 DUE NOW UNIT s",
    "BZPOPMAX z?:a z?:b 0",
    "BZPOPMIN z?:a z?:b 0",
    "ZADD z:a GT CH 5 1 6 x",
    "ZADD z:a NX INCR 5 x",
    "ZCARD z:a",
    "ZCOUNT z:a -inf (3",
    "ZDIFF 2 zs:a zs:b WITHSCORES",
    "ZDIFFSTORE *:d 2 zs:a zs:b",
    "ZINCRBY z:a 1.5 1",
    "ZINTER 2 zs:a zs:b WEIGHTS 2 3 AGGREGATE MAX WITHSCORES",
    "ZINTERCARD 2 zs:a zs:b LIMIT 2",
    "ZINTERSTORE *:d 2 zs:a zs:b WEIGHTS 2 3 AGGREGATE MIN",
    "ZLEXCOUNT z:a [1 (3",
    "ZMPOP 2 z?:a z?:b MIN COUNT 2",
    "ZMPOP 1 z:a MIN COUNT 2 DUE 2.5",
    "ZMSCORE z:a 1 x",
    "ZPOPMAX z:a 2",
    "ZPOPMIN z:a 2",
    "ZRANDMEMBER z:a -5 WITHSCORES",
    "ZRANGE z:a (1 +inf BYSCORE LIMIT 0 5 WITHSCORES",
    "ZRANGE z:a + [1 BYLEX REV LIMIT 0 5",
    "ZRANGEBYLEX z:a - + LIMIT 0 5",
    "ZRANGEBYSCORE z:a -inf 3 WITHSCORES LIMIT 0 5",
    "ZRANGESTORE *:d z:a 0 -1 REV",
    "ZRANK z:a 1 WITHSCORE",
    "ZREM z:a 1 x",
    "ZREMRANGEBYLEX z:a [1 (2",
    "ZREMRANGEBYRANK z:a 0 1",
    "ZREMRANGEBYSCORE z:a 1 2",
    "ZREVRANGE z:a 0 -1 WITHSCORES",
    "ZREVRANGEBYLEX z:a + - LIMIT 0 5",
    "ZREVRANGEBYSCORE z:a 3 1 WITHSCORES LIMIT 0 5",
    "ZREVRANK z:a 1 WITHSCORE",
    "ZSCAN z:a 0 MATCH * COUNT 5",
    "ZSCORE z:a 1",
    "ZUNION 2 zs:a zs:b WEIGHTS 2 3 AGGREGATE SUM WITHSCORES",
    "ZUNIONSTORE *:d 2 zs:a zs:b WEIGHTS 2 3 AGGREGATE MIN",
    // hashes
    "HDEL h:a 1 x",
    "HEXISTS h:a 1",
    "HEXPIRE h:a 100 NX FIELDS 2 1 x",
    "HEXPIREAT h:a 9999999999 FIELDS 1 1",
    "HEXPIRETIME h:a FIELDS 1 1",
    "HGET h:a 1",
    "HGETALL h:a",
    "HGETDEL h:a FIELDS 2 1 x",
    "HGETEX h:a EX 100 FIELDS 2 1 x",
    "HINCRBY h:a 1 5",
    "HINCRBYFLOAT h:a 1 1.5",
    "HKEYS h:a",
    "HLEN h:a",
    "HMGET h:a 1 x",
    "HMSET h:a 1 5 x 6",
    "HPERSIST h:a FIELDS 1 1",
    "HPEXPIRE h:a 1000 FIELDS 1 1",
    "HPEXPIREAT h:a 9999999999999 FIELDS 1 1",
    "HPEXPIRETIME h:a FIELDS 1 1",
    "HPTTL h:a FIELDS 1 1",
    "HRANDFIELD h:a -5 WITHVALUES",
    "HSCAN h:a 0 MATCH * COUNT 5",
    "HSET h:a 1 5 x 6",
    "HSETEX h:a FXX EX 100 FIELDS 1 1 5",
    "HSETNX h:a x 5",
    "HSTRLEN h:a 1",
    "HTTL h:a FIELDS 1 1",
    "HVALS h:a",
    // any type
    "COPY *:a *:b DB 1 REPLACE",
    "DEL *:a *:b",
    "DUMP *:a",
    "EXISTS *:a *:b",
    "EXPIRE *:a 100 NX",
    "EXPIREAT *:a 9999999999 GT",
    "EXPIRETIME *:a",
    "MEMORY USAGE *:a SAMPLES 5",
    "MOVE *:a 1",
    "OBJECT ENCODING *:a",
    "OBJECT FREQ *:a",
    "OBJECT IDLETIME *:a",
    "OBJECT REFCOUNT *:a",
    "PERSIST *:a",
    "PEXPIRE *:a 1000 XX",
    "PEXPIREAT *:a 9999999999999 LT",
    "PEXPIRETIME *:a",
    "PTTL *:a",
    "RENAME *:a *:b",
    "RENAMENX *:a *:b",
    "RESTORE *:a 0 nonsense REPLACE IDLETIME 5",
    "SORT lsz:a BY w_* LIMIT 0 5 GET # DESC ALPHA STORE *:d",
    "SORT_RO lsz:a LIMIT 0 5 GET #",
    "TOUCH *:a *:b",
    "TTL *:a",
    "TYPE *:a",
    "UNLINK *:a *:b",
    "WATCH *:a *:b",
    "EVAL return(KEYS[1]) 2 *:a *:b x",
    "EVAL_RO return(KEYS[1]) 1 *:a x",
    "EVALSHA 0000000000000000000000000000000000000000 1 *:a x",
    "EVALSHA_RO 0000000000000000000000000000000000000000 1 *:a x",
};

struct Key {
  size_t word;
  std::string types;
};
struct Sample {
  Words words;
  std::vector<Key> keys;

  [[nodiscard]] bool is_key(size_t word) const {
    for (const Key& key : keys) {
      if (key.word == word) return true;
    }
    return false;
  }
  [[nodiscard]] std::string line() const {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
  }
};

Sample parse(const std::string& line) {
  Sample sample;
  for (size_t at = 0; at <= line.size();) {
    const size_t end = std::min(line.find(' ', at), line.size());
    std::string word = line.substr(at, end - at);
    const size_t colon = word.find(':');
    if (colon != std::string::npos) {
      sample.keys.push_back({sample.words.size(), word.substr(0, colon)});
      word = word.substr(colon + 1);
    }
    sample.words.push_back(std::move(word));
    at = end + 1;
  }
  return sample;
}

std::vector<Sample> samples() {
  std::vector<Sample> all;
  for (const char* const line : kSamples) all.push_back(parse(line));
  return all;
}

void fill(Harness& h, const std::string& key, char type) {
  switch (type) {
    case 't':
      h.run("SET", key, "12");
      break;
    case 'l':
      h.run("RPUSH", key, "1", "2", "3");
      break;
    case 's':
      h.run("SADD", key, "1", "2", "3");
      break;
    case 'z':
      h.run("ZADD", key, "1", "1", "2", "2", "3", "3");
      break;
    case 'h':
      h.run("HSET", key, "1", "1", "2", "2", "3", "3");
      break;
    case 'x':
      h.run("XADD", key, "1-1", "1", "1");
      break;
    default:
      break;
  }
}

void fill_all(Harness& h, const Sample& sample) {
  h.run("FLUSHALL");
  for (const Key& key : sample.keys) fill(h, sample.words[key.word], key.types[0]);
  h.propagated();
  h.events();
}

// Nothing, where the command waits.
std::optional<Value> answer(Harness& h, const Words& words) {
  Peer& peer = h.client();
  peer.send_words(words);
  std::optional<Value> reply = peer.reply();
  h.disconnect(peer);
  return reply;
}

// Sends it, and holds a refusal to have changed nothing.
void send_and_hold(Harness& h, const Sample& sample, const Words& words) {
  fill_all(h, sample);
  const std::string before = h.digest();
  const std::optional<Value> reply = answer(h, words);
  if (reply && !reply->is_error()) return;
  CHECK(h.digest() == before);
  CHECK(h.propagated() == Lines{});
}

// LCS has words of its own.
bool is_wrong_type(const Value& reply) {
  return reply.is_error() && (reply.text.starts_with("WRONGTYPE ") ||
                              reply.text == "ERR The specified keys must contain string values");
}

// A command that takes keys, and not only channels.
bool takes_keys(const exec::CommandSpec& spec) {
  return std::any_of(spec.keys.begin(), spec.keys.end(), [](const exec::KeySpec& key) {
    return key.begin != exec::KeySpec::Begin::kNone && (key.flags & exec::kKeyNotKey) == 0;
  });
}

// The reply as it would be for another name.
Value renamed(Value value, const std::string& from, const std::string& to) {
  if (value.text == from) value.text = to;
  for (Value& child : value.children) child = renamed(std::move(child), from, to);
  return value;
}

}  // namespace

TEST_CASE("Contract: every command refuses a word too few and a word too many, and does nothing") {
  Harness h;
  h.run("SET", "x", "1");
  h.propagated();
  const std::string before = h.digest();
  size_t held = 0;
  h.table.for_each([&](const exec::Command& command) {
    Words words;
    if (command.container != nullptr) words.emplace_back(command.container->spec->name);
    words.emplace_back(command.spec->name);
    const auto least = static_cast<size_t>(std::abs(command.spec->arity));
    const auto refused = [&](size_t size) {
      Words sent = words;
      while (sent.size() < size) sent.emplace_back("x");
      CAPTURE(command.full_name);
      CAPTURE(size);
      const std::optional<Value> reply = answer(h, sent);
      REQUIRE(reply);
      // EXEC says that the transaction is gone, too, and why.
      const std::string begin =
          command.full_name == "exec" ? "EXECABORT Transaction discarded because of: " : "ERR ";
      CHECK(reply->is_error());
      CHECK(reply->text == begin + "wrong number of arguments for '" + command.full_name + "' command");
      ++held;
    };
    if (least > words.size()) refused(least - 1);
    if (command.spec->arity > 0) refused(least + 1);
  });
  CHECK(held > 300);
  CHECK(h.digest() == before);
  CHECK(h.propagated() == Lines{});
}

TEST_CASE("Contract: every command with keys has a sample, whose keys are those that its row finds") {
  Harness h;
  std::set<std::string> sampled;
  for (const Sample& sample : samples()) {
    CAPTURE(sample.line());
    std::vector<base::ByteView> words(sample.words.begin(), sample.words.end());
    const exec::Command* command = h.table.find(words[0]);
    REQUIRE(command != nullptr);
    if (!command->subcommands.empty()) command = command->subcommand(words[1]);
    REQUIRE(command != nullptr);
    sampled.insert(command->full_name);
    Words asked = sample.words;
    asked.insert(asked.begin(), {"COMMAND", "GETKEYS"});
    const std::optional<Value> reply = answer(h, asked);
    REQUIRE(reply);
    Words found;
    for (const Value& key : reply->children) found.push_back(key.text);
    Words marked;
    for (const Key& key : sample.keys) marked.push_back(sample.words[key.word]);
    std::sort(found.begin(), found.end());
    std::sort(marked.begin(), marked.end());
    CHECK(found == marked);
  }
  h.table.for_each([&](const exec::Command& command) {
    if (command.spec->group == exec::Group::kStream || !takes_keys(*command.spec)) return;
    CHECK_MESSAGE(sampled.count(command.full_name) == 1, command.full_name);
  });
}

TEST_CASE("Contract: every command refuses a key of another type, and changes nothing") {
  Harness h;
  for (const Sample& sample : samples()) {
    CAPTURE(sample.line());
    for (const Key& key : sample.keys) {
      for (const char type : {'t', 'l', 's', 'z', 'h', 'x'}) {
        const bool taken = key.types == "*" || key.types.find(type) != std::string::npos;
        CAPTURE(sample.words[key.word]);
        CAPTURE(type);
        fill_all(h, sample);
        h.run("DEL", sample.words[key.word]);
        fill(h, sample.words[key.word], type);
        for (const Key& other : sample.keys) {
          const bool taken_before = other.word < key.word && other.types.back() == '?';
          if (taken_before && key.types.back() == '?') h.run("DEL", sample.words[other.word]);
        }
        h.propagated();
        const std::string before = h.digest();
        const std::optional<Value> reply = answer(h, sample.words);
        REQUIRE(reply);
        CHECK(is_wrong_type(*reply) == !taken);
        if (taken) continue;
        CHECK(h.digest() == before);
        CHECK(h.propagated() == Lines{});
      }
    }
  }
}

TEST_CASE("Contract: a name that is empty or of odd bytes is a name like any other, in every command") {
  const std::string odd[] = {"", std::string("\0\r\n\xff *", 6)};
  for (const Sample& sample : samples()) {
    CAPTURE(sample.line());
    for (const Key& key : sample.keys) {
      const std::string plain = sample.words[key.word];
      Harness usual;
      fill_all(usual, sample);
      const std::optional<Value> expected = answer(usual, sample.words);
      REQUIRE(expected);
      for (const std::string& name : odd) {
        Sample changed = sample;
        changed.words[key.word] = name;
        Harness h;
        fill_all(h, changed);
        const std::optional<Value> reply = answer(h, changed.words);
        REQUIRE(reply);
        CHECK(resp::describe(renamed(*reply, name, plain)) ==
              resp::describe(renamed(*expected, name, plain)));
        h.run("RENAME", name, plain);
        CHECK(h.digest() == usual.digest());
      }
    }
  }
}

TEST_CASE("Contract: a refused number, of whatever size or kind, leaves nothing behind in any command") {
  const std::string numbers[] = {"",
                                 "0",
                                 "-1",
                                 "1.5",
                                 "nan",
                                 "inf",
                                 "-inf",
                                 "1e400",
                                 "2147483648",
                                 "9223372036854775807",
                                 "-9223372036854775808",
                                 "9223372036854775808",
                                 "-99999999999999999999",
                                 " 1",
                                 std::string("1\0", 2)};
  Harness h;
  for (const Sample& sample : samples()) {
    CAPTURE(sample.line());
    for (size_t at = 1; at < sample.words.size(); ++at) {
      if (sample.is_key(at)) continue;
      for (const std::string& number : numbers) {
        CAPTURE(at);
        CAPTURE(number);
        Words words = sample.words;
        words[at] = number;
        send_and_hold(h, sample, words);
      }
    }
  }
}

TEST_CASE("Contract: a word said twice, or one too many, is refused or taken, never half of each") {
  Harness h;
  for (const Sample& sample : samples()) {
    CAPTURE(sample.line());
    for (size_t at = 1; at < sample.words.size(); ++at) {
      // The word, and the word with the one behind it: an option and its number.
      for (const size_t size : {size_t{1}, size_t{2}}) {
        if (at + size > sample.words.size()) continue;
        CAPTURE(at);
        CAPTURE(size);
        Words words = sample.words;
        const auto from = sample.words.begin() + static_cast<ptrdiff_t>(at);
        words.insert(words.begin() + static_cast<ptrdiff_t>(at), from, from + static_cast<ptrdiff_t>(size));
        send_and_hold(h, sample, words);
      }
      Words cut(sample.words.begin(), sample.words.begin() + static_cast<ptrdiff_t>(at));
      send_and_hold(h, sample, cut);
    }
  }
}
