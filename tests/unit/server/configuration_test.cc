#include "server/configuration.h"

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "commands/all.h"
#include "exec/table.h"
#include "support/memory_fs.h"

namespace sluice::server {

namespace {

config::Store store_with(
    std::initializer_list<std::pair<std::string, std::vector<base::Bytes>>> directives = {}) {
  config::Store store;
  for (const auto& [name, words] : directives) {
    const auto loaded = store.load(name, words);
    REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().message));
  }
  return store;
}

}  // namespace

TEST_CASE("Configuration: the defaults are those of redis.conf") {
  const config::Store store = store_with();
  CHECK(database_count(store) == 16);
  const ListenOptions listen = listen_options(store);
  CHECK(listen.addresses == std::vector<std::string>{"*", "-::*"});
  CHECK(listen.port == 6379);
  CHECK(listen.unix_path.empty());
  CHECK(listen.backlog == 511);
  const ClientOptions clients = client_options(store);
  CHECK(clients.max_clients == 10000);
  CHECK(clients.idle_timeout_s == 0);
  CHECK(clients.keepalive_s == 300);
  CHECK(clients.protected_mode);
  CHECK(clients.max_bulk_bytes == int64_t{512} << 20);
  CHECK(clients.query_limit_bytes == size_t{1} << 30);
  CHECK(clients.normal.hard_bytes == 0);
  CHECK(clients.pubsub.hard_bytes == uint64_t{32} << 20);
  CHECK(clients.pubsub.soft_bytes == uint64_t{8} << 20);
  CHECK(clients.pubsub.soft_seconds == 60);
  CHECK_FALSE(log_options(store).enabled);
  CHECK(log_options(store).writer.mode == aof::SyncMode::kEverysec);
  CHECK(process_options(store).shutdown_timeout_s == 10);
  CHECK(log_level(store) == base::LogLevel::kNotice);
}

TEST_CASE("Configuration: what a file says about addresses and sockets reaches the listeners") {
  const config::Store store = store_with({{"bind", {"127.0.0.1", "-::1"}},
                                          {"port", {"0"}},
                                          {"unixsocket", {"/run/s.sock"}},
                                          {"unixsocketperm", {"770"}},
                                          {"tcp-backlog", {"64"}}});
  const ListenOptions listen = listen_options(store);
  CHECK(listen.addresses == std::vector<std::string>{"127.0.0.1", "-::1"});
  CHECK(listen.port == 0);
  CHECK(listen.unix_path == "/run/s.sock");
  CHECK(listen.unix_permission == 0770);
  CHECK(listen.backlog == 64);
}

TEST_CASE("Configuration: limits of clients are taken over, class by class") {
  const config::Store store = store_with({{"client-output-buffer-limit", {"normal", "1mb", "2kb", "3"}},
                                          {"client-query-buffer-limit", {"2mb"}},
                                          {"held-replies-limit", {"4kb"}},
                                          {"maxclients", {"12"}},
                                          {"timeout", {"34"}},
                                          {"protected-mode", {"no"}}});
  const ClientOptions clients = client_options(store);
  CHECK(clients.normal.hard_bytes == uint64_t{1} << 20);
  CHECK(clients.normal.soft_bytes == 2048);
  CHECK(clients.normal.soft_seconds == 3);
  CHECK(clients.pubsub.hard_bytes == uint64_t{32} << 20);
  CHECK(clients.query_limit_bytes == size_t{2} << 20);
  CHECK(clients.held_limit_bytes == 4096);
  CHECK(clients.max_clients == 12);
  CHECK(clients.idle_timeout_s == 34);
  CHECK_FALSE(clients.protected_mode);
}

TEST_CASE("Configuration: each appendfsync becomes a mode of the log") {
  for (const auto& [text, mode] : {std::pair<std::string, aof::SyncMode>{"always", aof::SyncMode::kAlways},
                                   {"everysec", aof::SyncMode::kEverysec},
                                   {"no", aof::SyncMode::kNo}}) {
    const config::Store store = store_with({{"appendonly", {"yes"}},
                                            {"appendfsync", {text}},
                                            {"dir", {"/data"}},
                                            {"appenddirname", {"logs"}},
                                            {"appendfilename", {"it.aof"}},
                                            {"aof-retained-limit", {"3mb"}},
                                            {"aof-load-truncated", {"no"}}});
    const LogOptions log = log_options(store);
    CHECK(log.enabled);
    CHECK(log.writer.mode == mode);
    CHECK(log.writer.place.log_dir() == "/data/logs");
    CHECK(log.writer.place.file_name == "it.aof");
    CHECK(log.writer.retention_limit_bytes == size_t{3} << 20);
    CHECK_FALSE(log.load_truncated);
  }
}

TEST_CASE("Configuration: the hot path's settings and the gates' state follow the options") {
  exec::Settings settings;
  exec::ServerState state;
  apply_settings(store_with({{"maxmemory", {"5mb"}},
                             {"slowlog-log-slower-than", {"-1"}},
                             {"slowlog-max-len", {"7"}},
                             {"latency-tracking", {"no"}},
                             {"enable-debug-command", {"local"}}}),
                 settings, state);
  CHECK(settings.maxmemory_bytes == uint64_t{5} << 20);
  CHECK(settings.slowlog_threshold_us == -1);
  CHECK(settings.slowlog_max_entries == 7);
  CHECK_FALSE(settings.latency_tracking);
  CHECK(settings.notify_classes == 0);
  CHECK(state.debug_commands == exec::ProtectedMode::kLocal);
  apply_settings(store_with({{"notify-keyspace-events", {"KEA"}}, {"enable-debug-command", {"yes"}}}),
                 settings, state);
  CHECK(settings.notify_classes != 0);
  CHECK(settings.maxmemory_bytes == 0);
  CHECK(state.debug_commands == exec::ProtectedMode::kYes);
}

TEST_CASE("Configuration: every eviction policy says what goes, and what of its use a key remembers") {
  struct Expected {
    const char* policy;
    exec::EvictBy by;
    bool volatile_only;
    bool counts;
    bool recorded;
  };
  for (const Expected& expected : {
           Expected{"noeviction", exec::EvictBy::kNothing, false, false, false},
           Expected{"allkeys-lru", exec::EvictBy::kIdleTime, false, false, true},
           Expected{"allkeys-lfu", exec::EvictBy::kFrequency, false, true, true},
           Expected{"allkeys-random", exec::EvictBy::kChance, false, false, false},
           Expected{"volatile-lru", exec::EvictBy::kIdleTime, true, false, true},
           Expected{"volatile-lfu", exec::EvictBy::kFrequency, true, true, true},
           Expected{"volatile-random", exec::EvictBy::kChance, true, false, false},
           Expected{"volatile-ttl", exec::EvictBy::kDeadline, true, false, false},
       }) {
    CAPTURE(expected.policy);
    const config::Store store = store_with({{"maxmemory-policy", {expected.policy}},
                                            {"maxmemory-reserve", {"1mb"}},
                                            {"maxmemory-samples", {"7"}},
                                            {"lfu-log-factor", {"3"}},
                                            {"lfu-decay-time", {"9"}}});
    exec::Settings settings;
    exec::ServerState state;
    apply_settings(store, settings, state);
    CHECK(settings.evict_by == expected.by);
    CHECK(settings.evict_volatile_only == expected.volatile_only);
    CHECK(settings.memory_reserve_bytes == uint64_t{1} << 20);
    CHECK(settings.eviction_samples == 7);
    keyspace::Keyspace keyspace(1, 1);
    apply_limits(store, keyspace);
    const keyspace::UsageRules& rules = keyspace.usage_rules();
    CHECK(rules.counts == expected.counts);
    CHECK(rules.recorded == expected.recorded);
    CHECK(rules.log_factor == 3);
    CHECK(rules.decay_minutes == 9);
  }
}

TEST_CASE("Configuration: what options say of users reaches them, and a password only once") {
  testing::MemoryFs fs;
  client::ClientTable clients;
  const client::Hub hub(clients);
  const exec::Table table(commands::all_families());
  acl::Registry users(table, clients, hub, fs);
  apply_users(store_with({{"acl-pubsub-default", {"allchannels"}}, {"acllog-max-len", {"1"}}}), users);
  CHECK(users.set_user("u", {}, 0).ok());
  CHECK(users.find("u")->may_use_channel("c", false));
  for (const char* object : {"a", "b"}) {
    users.note_denial({acl::Reason::kKey, acl::Context::kTopLevel, object, "u", ""}, 0);
  }
  CHECK(users.denials().entries().size() == 1);
  apply_users(store_with({}), users);
  CHECK(users.set_user("v", {}, 0).ok());
  CHECK_FALSE(users.find("v")->may_use_channel("c", false));
}

TEST_CASE("Configuration: limits of packed values reach the keyspace") {
  keyspace::Keyspace keyspace(1, 1);
  apply_limits(store_with({{"hash-max-listpack-entries", {"3"}},
                           {"set-max-intset-entries", {"4"}},
                           {"zset-max-ziplist-value", {"5"}},
                           {"list-max-listpack-size", {"-1"}},
                           {"stream-node-max-entries", {"6"}}}),
               keyspace);
  const types::ValueContext& context = keyspace.value_context();
  CHECK(context.hash.max_listpack_entries == 3);
  CHECK(context.set.max_intset_entries == 4);
  CHECK(context.sorted_set.max_listpack_value_bytes == 5);
  CHECK(context.list.limits.max_listpack_size == -1);
  CHECK(context.stream.node_max_entries == 6);
}

TEST_CASE("Configuration: a script is busy after its threshold, and never when there is none") {
  CHECK(script_limits(store_with({{"lua-time-limit", {"100"}}})).busy_after_us == 100'000);
  CHECK(script_limits(store_with({{"busy-reply-threshold", {"0"}}})).busy_after_us >
        int64_t{1000} * 365 * 86'400 * 1'000'000);
}

}  // namespace sluice::server
