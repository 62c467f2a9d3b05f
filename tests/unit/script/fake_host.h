// A server of a dozen commands for scripts under test, with the replies that redis-server gives. Keys never
// expire and there is one database.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reply.h"
#include "script/host.h"

namespace sluice::script::test {

class FakeHost final : public Host {
 public:
  using Args = std::vector<std::string>;

  std::vector<Args> calls;
  std::vector<std::string> logs;  // "<level>:<text>"
  std::vector<std::string> own_errors;
  bool to_log = true;
  bool to_replicas = true;
  AclVerdict acl = AclVerdict::kAllowed;
  bool read_only = false;
  std::function<void()> on_call;  // Before each command runs.

  void call(std::span<const base::ByteView> args, resp::Reply& reply) override {
    Args copy(args.begin(), args.end());
    if (on_call) on_call();
    dispatch(copy, reply);
    calls.push_back(std::move(copy));
  }
  void own_error(base::ByteView text) override { own_errors.emplace_back(text); }
  void log(LogLevel level, base::ByteView text) override {
    logs.push_back(std::to_string(static_cast<int>(level)) + ":" + std::string(text));
  }
  AclVerdict check_acl(std::span<const base::ByteView> args) override {
    return args[0] == "nope" ? AclVerdict::kNoSuchCommand : acl;
  }
  void set_propagation(bool log, bool replicas) override {
    to_log = log;
    to_replicas = replicas;
  }

 private:
  static std::string lower(std::string text) {
    for (char& c : text) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return text;
  }

  struct Command {
    std::string_view name;
    int arity;  // As redis counts: negative for at least.
    bool write;
    void (FakeHost::*run)(const Args&, resp::Reply&);
  };

  void dispatch(const Args& args, resp::Reply& reply) {
    static constexpr std::string_view kRefused[] = {"eval", "multi", "subscribe", "blpop", "debug"};
    static const Command kCommands[] = {
        {"get", 2, false, &FakeHost::get},           {"set", -3, true, &FakeHost::set},
        {"incr", 2, true, &FakeHost::incr},          {"echo", 2, false, &FakeHost::echo},
        {"time", 1, false, &FakeHost::time},         {"lpush", -3, true, &FakeHost::lpush},
        {"rpush", -3, true, &FakeHost::rpush},       {"llen", 2, false, &FakeHost::llen},
        {"lrange", 4, false, &FakeHost::lrange},     {"hset", -4, true, &FakeHost::hset},
        {"hgetall", 2, false, &FakeHost::hgetall},   {"sadd", -3, true, &FakeHost::sadd},
        {"smembers", 2, false, &FakeHost::smembers}, {"zadd", -4, true, &FakeHost::zadd},
        {"zscore", 3, false, &FakeHost::zscore},
    };
    std::string name = lower(args[0]);
    for (std::string_view refused : kRefused) {
      if (name == refused) return reply.error("ERR This Redis command is not allowed from script");
    }
    for (const Command& command : kCommands) {
      if (command.name != name) continue;
      int count = static_cast<int>(args.size());
      if (command.arity < 0 ? count < -command.arity : count != command.arity) {
        return reply.error("ERR Wrong number of args calling Redis command from script");
      }
      if (command.write && read_only) {
        return reply.error("ERR Write commands are not allowed from read-only scripts.");
      }
      return (this->*command.run)(args, reply);
    }
    reply.error("ERR Unknown Redis command called from script");
  }

  void get(const Args& args, resp::Reply& reply) {
    auto found = strings_.find(args[1]);
    if (found == strings_.end()) return reply.null();
    reply.bulk(found->second);
  }
  void set(const Args& args, resp::Reply& reply) {
    strings_[args[1]] = args[2];
    reply.ok();
  }
  void incr(const Args& args, resp::Reply& reply) {
    std::string& value = strings_[args[1]];
    if (value.find_first_not_of("0123456789") != std::string::npos) {
      return reply.error("ERR value is not an integer or out of range");
    }
    int64_t next = (value.empty() ? 0 : std::stoll(value)) + 1;
    value = std::to_string(next);
    reply.integer(next);
  }
  void echo(const Args& args, resp::Reply& reply) { reply.bulk(args[1]); }
  void time(const Args&, resp::Reply& reply) {
    reply.array(2);
    reply.bulk("1");
    reply.bulk("2");
  }
  void lpush(const Args& args, resp::Reply& reply) {
    if (strings_.count(args[1]) != 0) {
      return reply.error("WRONGTYPE Operation against a key holding the wrong kind of value");
    }
    for (size_t i = 2; i < args.size(); ++i) lists_[args[1]].insert(lists_[args[1]].begin(), args[i]);
    llen(args, reply);
  }
  void rpush(const Args& args, resp::Reply& reply) {
    lists_[args[1]].insert(lists_[args[1]].end(), args.begin() + 2, args.end());
    llen(args, reply);
  }
  void llen(const Args& args, resp::Reply& reply) {
    reply.integer(static_cast<int64_t>(lists_[args[1]].size()));
  }
  void lrange(const Args& args, resp::Reply& reply) {  // All of it.
    reply.array(lists_[args[1]].size());
    for (const std::string& item : lists_[args[1]]) reply.bulk(item);
  }
  void hset(const Args& args, resp::Reply& reply) {
    for (size_t i = 2; i + 1 < args.size(); i += 2) hashes_[args[1]][args[i]] = args[i + 1];
    reply.integer(static_cast<int64_t>(args.size() / 2 - 1));
  }
  void hgetall(const Args& args, resp::Reply& reply) {
    reply.map(hashes_[args[1]].size());
    for (const auto& field : hashes_[args[1]]) {
      reply.bulk(field.first);
      reply.bulk(field.second);
    }
  }
  void sadd(const Args& args, resp::Reply& reply) {
    sets_[args[1]].insert(args.begin() + 2, args.end());
    reply.integer(static_cast<int64_t>(args.size() - 2));
  }
  void smembers(const Args& args, resp::Reply& reply) {
    reply.set(sets_[args[1]].size());
    for (const std::string& member : sets_[args[1]]) reply.bulk(member);
  }
  void zadd(const Args& args, resp::Reply& reply) {
    scores_[args[3]] = std::stod(args[2]);
    reply.integer(1);
  }
  void zscore(const Args& args, resp::Reply& reply) { reply.real(scores_[args[2]]); }

  std::map<std::string, std::string> strings_;
  std::map<std::string, Args> lists_;
  std::map<std::string, std::map<std::string, std::string>> hashes_;
  std::map<std::string, std::set<std::string>> sets_;
  std::map<std::string, double> scores_;
};

}  // namespace sluice::script::test
