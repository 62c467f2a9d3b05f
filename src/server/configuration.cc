#include "server/configuration.h"

#include <algorithm>

namespace sluice::server {

using config::Option;

namespace {

size_t size_of(const config::Store& config, Option option) {
  return static_cast<size_t>(std::max<int64_t>(config.number(option), 0));
}

OutputLimit output_limit(const config::Store& config, config::OutputClass which) {
  const config::OutputLimit limit = config.output_limit(which);
  return {static_cast<uint64_t>(limit.hard_bytes), static_cast<uint64_t>(limit.soft_bytes),
          limit.soft_seconds};
}

// The letters of `notify-keyspace-events` as bits: a letter's place is its class's bit.
uint16_t event_classes(base::ByteView letters) {
  constexpr base::ByteView kLetters = "KEg$lshzxetmdn";
  constexpr base::ByteView kAll = "g$lshzxetd";
  unsigned classes = 0;
  for (size_t i = 0; i < kLetters.size(); ++i) {
    const bool by_name = letters.find(kLetters[i]) != base::ByteView::npos;
    const bool by_all =
        letters.find('A') != base::ByteView::npos && kAll.find(kLetters[i]) != base::ByteView::npos;
    if (by_name || by_all) classes |= 1u << i;
  }
  return static_cast<uint16_t>(classes);
}

}  // namespace

int database_count(const config::Store& config) {
  return static_cast<int>(config.number(Option::kDatabases));
}

script::Limits script_limits(const config::Store& config) {
  script::Limits limits;
  const int64_t busy_ms = config.number(Option::kBusyReplyThreshold);
  // 0 and negative values: scripts are never reported as busy, in Redis; here they are still cut into slices
  // late.
  limits.busy_after_us = busy_ms > 0 ? busy_ms * 1000 : INT64_MAX / 4;
  limits.hard_after_us = limits.busy_after_us * 2;
  return limits;
}

ListenOptions listen_options(const config::Store& config) {
  ListenOptions options;
  for (const base::Bytes& address : config.words(Option::kBind)) options.addresses.push_back(address);
  options.port = static_cast<int>(config.number(Option::kPort));
  options.unix_path = config.text(Option::kUnixSocket);
  options.unix_permission = static_cast<unsigned>(config.number(Option::kUnixSocketPerm));
  options.backlog = static_cast<int>(config.number(Option::kTcpBacklog));
  return options;
}

ClientOptions client_options(const config::Store& config) {
  ClientOptions options;
  options.max_clients = size_of(config, Option::kMaxClients);
  options.idle_timeout_s = config.number(Option::kTimeout);
  options.keepalive_s = static_cast<int>(config.number(Option::kTcpKeepalive));
  options.protected_mode = config.flag(Option::kProtectedMode);
  options.max_bulk_bytes = config.number(Option::kProtoMaxBulkLen);
  options.query_limit_bytes = size_of(config, Option::kClientQueryBufferLimit);
  options.held_limit_bytes = size_of(config, Option::kHeldRepliesLimit);
  options.normal = output_limit(config, config::OutputClass::kNormal);
  options.pubsub = output_limit(config, config::OutputClass::kPubsub);
  return options;
}

LogOptions log_options(const config::Store& config) {
  LogOptions options;
  options.enabled = config.flag(Option::kAppendOnly);
  options.load_truncated = config.flag(Option::kAofLoadTruncated);
  options.writer.place = {config.text(Option::kDir), config.text(Option::kAppendDirname),
                          config.text(Option::kAppendFilename)};
  options.writer.retention_limit_bytes = size_of(config, Option::kAofRetainedLimit);
  switch (config.choice<config::AppendFsync>(Option::kAppendFsync)) {
    case config::AppendFsync::kAlways:
      options.writer.mode = aof::SyncMode::kAlways;
      break;
    case config::AppendFsync::kEverysec:
      options.writer.mode = aof::SyncMode::kEverysec;
      break;
    case config::AppendFsync::kNo:
      options.writer.mode = aof::SyncMode::kNo;
      break;
  }
  return options;
}

SavingOptions saving_options(const config::Store& config) {
  SavingOptions options;
  options.points = config.save_points();
  options.dir = config.text(Option::kDir);
  options.file_name = config.text(Option::kDbFilename);
  options.compress = config.flag(Option::kRdbCompression);
  options.checksum = config.flag(Option::kRdbChecksum);
  options.stop_writes_on_error = config.flag(Option::kStopWritesOnBgsaveError);
  options.bytes_per_second = size_of(config, Option::kSnapshotRateLimit);
  options.rewrite_percentage = size_of(config, Option::kAutoAofRewritePercentage);
  options.rewrite_min_bytes = size_of(config, Option::kAutoAofRewriteMinSize);
  return options;
}

ProcessOptions process_options(const config::Store& config) {
  ProcessOptions options;
  options.shutdown_timeout_s = config.number(Option::kShutdownTimeout);
  return options;
}

base::LogLevel log_level(const config::Store& config) {
  switch (config.choice<config::LogLevel>(Option::kLogLevel)) {
    case config::LogLevel::kDebug:
      return base::LogLevel::kDebug;
    case config::LogLevel::kVerbose:
      return base::LogLevel::kVerbose;
    case config::LogLevel::kNotice:
      return base::LogLevel::kNotice;
    case config::LogLevel::kWarning:
      return base::LogLevel::kWarning;
    case config::LogLevel::kNothing:
      return base::LogLevel::kNothing;
  }
  return base::LogLevel::kNotice;
}

namespace {

struct Policy {
  exec::EvictBy by;
  bool volatile_only;
};

Policy eviction_policy(const config::Store& config) {
  switch (config.choice<config::MaxMemoryPolicy>(Option::kMaxMemoryPolicy)) {
    case config::MaxMemoryPolicy::kVolatileLru:
      return {exec::EvictBy::kIdleTime, true};
    case config::MaxMemoryPolicy::kVolatileLfu:
      return {exec::EvictBy::kFrequency, true};
    case config::MaxMemoryPolicy::kVolatileRandom:
      return {exec::EvictBy::kChance, true};
    case config::MaxMemoryPolicy::kVolatileTtl:
      return {exec::EvictBy::kDeadline, true};
    case config::MaxMemoryPolicy::kAllKeysLru:
      return {exec::EvictBy::kIdleTime, false};
    case config::MaxMemoryPolicy::kAllKeysLfu:
      return {exec::EvictBy::kFrequency, false};
    case config::MaxMemoryPolicy::kAllKeysRandom:
      return {exec::EvictBy::kChance, false};
    case config::MaxMemoryPolicy::kNoEviction:
      break;
  }
  return {exec::EvictBy::kNothing, false};
}

void apply_eviction(const config::Store& config, exec::Settings& settings) {
  settings.maxmemory_bytes = size_of(config, Option::kMaxMemory);
  settings.memory_reserve_bytes = size_of(config, Option::kMaxMemoryReserve);
  const Policy policy = eviction_policy(config);
  settings.evict_by = policy.by;
  settings.evict_volatile_only = policy.volatile_only;
  settings.eviction_samples = size_of(config, Option::kMaxMemorySamples);
}

keyspace::UsageRules usage_rules(const config::Store& config) {
  keyspace::UsageRules rules;
  const exec::EvictBy by = eviction_policy(config).by;
  rules.counts = by == exec::EvictBy::kFrequency;
  rules.recorded = rules.counts || by == exec::EvictBy::kIdleTime;
  rules.log_factor = static_cast<uint32_t>(config.number(Option::kLfuLogFactor));
  rules.decay_minutes = static_cast<uint32_t>(config.number(Option::kLfuDecayTime));
  return rules;
}

}  // namespace

void apply_settings(const config::Store& config, exec::Settings& settings, exec::ServerState& state) {
  apply_eviction(config, settings);
  settings.latency_threshold_ms = config.number(Option::kLatencyMonitorThreshold);
  settings.slowlog_threshold_us = config.number(Option::kSlowlogLogSlowerThan);
  settings.slowlog_max_entries = size_of(config, Option::kSlowlogMaxLen);
  settings.notify_classes = event_classes(config.text(Option::kNotifyKeyspaceEvents));
  settings.latency_tracking = config.flag(Option::kLatencyTracking);
  settings.tracking_max_keys = size_of(config, Option::kTrackingTableMaxKeys);
  switch (config.choice<config::Access>(Option::kEnableDebugCommand)) {
    case config::Access::kNo:
      state.debug_commands = exec::ProtectedMode::kNo;
      break;
    case config::Access::kYes:
      state.debug_commands = exec::ProtectedMode::kYes;
      break;
    case config::Access::kLocal:
      state.debug_commands = exec::ProtectedMode::kLocal;
      break;
  }
}

void apply_users(const config::Store& config, acl::Registry& users) {
  users.set_all_channels_by_default(config.choice<config::PubsubDefault>(Option::kAclPubsubDefault) ==
                                    config::PubsubDefault::kAllChannels);
  users.set_max_denials(size_of(config, Option::kAclLogMaxLen));
}

void apply_limits(const config::Store& config, keyspace::Keyspace& keyspace) {
  keyspace.usage_rules() = usage_rules(config);
  types::ValueContext& context = keyspace.value_context();
  context.hash.max_listpack_entries = size_of(config, Option::kHashMaxListpackEntries);
  context.hash.max_listpack_value_bytes = size_of(config, Option::kHashMaxListpackValue);
  context.set.max_intset_entries = size_of(config, Option::kSetMaxIntsetEntries);
  context.set.max_listpack_entries = size_of(config, Option::kSetMaxListpackEntries);
  context.set.max_listpack_value_bytes = size_of(config, Option::kSetMaxListpackValue);
  context.sorted_set.max_listpack_entries = size_of(config, Option::kZsetMaxListpackEntries);
  context.sorted_set.max_listpack_value_bytes = size_of(config, Option::kZsetMaxListpackValue);
  context.stream.node_max_bytes = size_of(config, Option::kStreamNodeMaxBytes);
  context.stream.node_max_entries = size_of(config, Option::kStreamNodeMaxEntries);
  context.stream.idempotence.duration_s = static_cast<uint32_t>(config.number(Option::kStreamIdmpDuration));
  context.stream.idempotence.max_ids = static_cast<uint32_t>(config.number(Option::kStreamIdmpMaxsize));
  context.list.limits.max_listpack_size = static_cast<int32_t>(config.number(Option::kListMaxListpackSize));
}

}  // namespace sluice::server
