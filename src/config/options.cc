#include "config/options.h"

#include <array>
#include <climits>
#include <iterator>

#include "base/letters.h"

namespace sluice::config {
namespace {

using Text = std::string_view;
constexpr int64_t kAny = INT64_MAX;
constexpr int64_t kMb = int64_t{1} << 20;

constexpr std::array<Text, 2> kPubsubDefaults{"allchannels", "resetchannels"};
constexpr std::array<Text, 3> kAccess{"no", "yes", "local"};
constexpr std::array<Text, 3> kFsyncs{"everysec", "always", "no"};
constexpr std::array<Text, 5> kLogLevels{"debug", "verbose", "notice", "warning", "nothing"};
constexpr std::array<Text, 8> kPolicies{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
                                        "allkeys-lru",  "allkeys-lfu",  "allkeys-random",  "noeviction"};
constexpr std::array<Text, 3> kEndpoints{"ip", "hostname", "unknown-endpoint"};
constexpr std::array<Text, 4> kOomAdjust{"no", "yes", "relative", "absolute"};
constexpr std::array<Text, 3> kPropagation{"ignore", "panic", "panic-on-replicas"};
constexpr std::array<Text, 3> kDisklessLoad{"disabled", "on-empty-db", "swapdb"};
constexpr std::array<Text, 3> kSanitize{"no", "yes", "clients"};
constexpr std::array<Text, 5> kShutdown{"default", "save", "nosave", "now", "force"};
constexpr std::array<Text, 4> kSupervised{"upstart", "systemd", "auto", "no"};
constexpr std::array<Text, 9> kFacilities{"user",   "local0", "local1", "local2", "local3",
                                          "local4", "local5", "local6", "local7"};
constexpr std::array<Text, 3> kAuthClients{"no", "yes", "optional"};

// Why an absent part is absent, a pending one pending, or a moot option moot.
constexpr Text kCluster = "this server is no cluster node";
constexpr Text kReplication = "this server neither is nor has a replica";
constexpr Text kTls = "this server does not speak TLS; put a TLS proxy before it";
constexpr Text kDefrag = "this server does not defragment memory in the background";
constexpr Text kSyslog = "this server logs to a file or to standard output";
constexpr Text kCpuLists = "this server does not pin its threads; use taskset";
constexpr Text kOom = "this server does not adjust its OOM score; use the service manager";
constexpr Text kSignals = "a signal always finishes the turn, syncs the log and exits";
constexpr Text kOneThread = "one thread serves all clients";
constexpr Text kSlices = "values and databases are always freed in slices";
constexpr Text kTicks = "deadlines have an exact index and nothing is polled";
constexpr Text kWriteback = "large files are always written back in steps";
constexpr Text kTitle = "the process title is left alone";

struct Name {
  Text name;
  Text alias = "";
};

constexpr Row flag(Name name, Text value, uint8_t flags, Text doc) {
  return {name.name, name.alias, Type::kBool, value, 0, 1, {}, flags, Support::kLive, doc};
}
constexpr Row string(Name name, Text value, uint8_t flags, Text doc) {
  return {name.name, name.alias, Type::kString, value, 0, 0, {}, flags, Support::kLive, doc};
}

struct Range {
  int64_t min;
  int64_t max;
};
constexpr Range kAtLeast0{0, kAny};
constexpr Range kAtLeastMb{kMb, kAny};
constexpr Range kInt0{0, INT_MAX};
constexpr Range kInt1{1, INT_MAX};
constexpr Range kPorts{0, 65535};

constexpr Row number(Name name, Text value, Range range, Text doc) {
  return {name.name, name.alias, Type::kInteger, value,          range.min,
          range.max, {},         kMutable,       Support::kLive, doc};
}
constexpr Row memory(Name name, Text value, Range range, Text doc) {
  return {name.name, name.alias, Type::kMemory, value,          range.min,
          range.max, {},         kMutable,      Support::kLive, doc};
}
constexpr Row choice(Name name, Text value, Choices choices, uint8_t flags, Text doc) {
  return {name.name, name.alias, Type::kEnum, value, 0, 0, choices, flags, Support::kLive, doc};
}
constexpr Row special(Name name, Type type, Text value, Text doc) {
  return {name.name, name.alias, type, value, 0, 0, {}, kMutable, Support::kLive, doc};
}
constexpr Row absent(Row row) {
  row.support = Support::kAbsent;
  return row;
}
constexpr Row pending(Row row) {
  row.support = Support::kPending;
  return row;
}
constexpr Row moot(Row row) {
  row.support = Support::kMoot;
  return row;
}
constexpr Row immutable(Row row) {
  row.flags |= kImmutable;
  return row;
}
constexpr Row of_type(Type type, Row row) {
  row.type = type;
  return row;
}

constexpr Row kRows[] = {
    special({"bind"}, Type::kWords, "* -::*", "Addresses to listen on; '-' before one that may be missing"),
    number({"port"}, "6379", kPorts, "TCP port; 0 listens on none"),
    flag({"protected-mode"}, "yes", kMutable, "Refuse other machines while the default user has no password"),
    string({"unixsocket"}, "", kImmutable, "Path of a Unix socket to listen on as well"),
    immutable(of_type(Type::kOctal, number({"unixsocketperm"}, "0", {0, 0777},
                                           "Permissions of that socket, octal; 0 leaves the umask's"))),
    immutable(number({"tcp-backlog"}, "511", kInt0, "Connections the kernel holds before they are accepted")),
    number({"tcp-keepalive"}, "300", kInt0, "Seconds between probes of a silent peer; 0 sends none"),
    number({"timeout"}, "0", kInt0, "Close clients that were idle so many seconds; 0 never"),
    number({"maxclients"}, "10000", {1, UINT_MAX}, "Connected clients at most"),
    string({"requirepass"}, "", kSensitive, "Password of the default user; empty asks for none"),
    string({"aclfile"}, "", kImmutable, "File of users, in place of 'user' lines; empty for none"),
    choice({"acl-pubsub-default"}, "resetchannels", kPubsubDefaults, kMutable,
           "Channels of a new user: allchannels or resetchannels"),
    number({"acllog-max-len"}, "128", kAtLeast0, "Entries of ACL LOG"),
    flag({"daemonize"}, "no", kImmutable, "Run in the background"),
    string({"pidfile"}, "", kImmutable, "Where to write the process id"),
    string({"dir"}, ".", kProtected, "Working directory: the log and snapshots live there"),
    immutable(number({"databases"}, "16", kInt1, "Numbered databases")),
    choice({"loglevel"}, "notice", kLogLevels, kMutable,
           "What is logged: debug, verbose, notice, warning, nothing"),
    string({"logfile"}, "", kImmutable, "File to log to; empty is standard output"),
    number({"shutdown-timeout"}, "10", kInt0,
           "Seconds a shutdown waits for replies that are still held back"),
    choice({"enable-debug-command"}, "no", kAccess, kImmutable, "Who may use DEBUG: no, yes, local"),
    choice({"enable-protected-configs"}, "no", kAccess, kImmutable,
           "Who may CONFIG SET protected options: no, yes, local"),
    memory({"maxmemory"}, "0", kAtLeast0, "Bytes of data at most; 0 is no limit"),
    choice({"maxmemory-policy"}, "noeviction", kPolicies, kMutable,
           "What goes at maxmemory: nothing (pushes are refused), or allkeys-, volatile-lru, -lfu, -random, "
           "volatile-ttl"),
    memory({"maxmemory-reserve"}, "0", kAtLeast0,
           "Bytes above maxmemory for moving and retrying jobs when pushes are refused"),
    number({"maxmemory-samples"}, "5", kInt1, "Keys looked at to find one to evict"),
    number({"lfu-log-factor"}, "10", kInt0, "How seldom a use of an often used key counts; 0: always"),
    number({"lfu-decay-time"}, "1", kInt0, "Minutes after which a key counts as used less often; 0: never"),
    flag({"appendonly"}, "no", kMutable, "Keep the append-only log: what was acknowledged survives"),
    choice({"appendfsync"}, "everysec", kFsyncs, kMutable, "When the log is synced: always, everysec, no"),
    of_type(Type::kFileName,
            string({"appendfilename"}, "appendonly.aof", kImmutable, "Prefix of the log's files")),
    of_type(Type::kFileName,
            string({"appenddirname"}, "appendonlydir", kImmutable, "Directory of the log, below dir")),
    number({"auto-aof-rewrite-percentage"}, "100", kInt0,
           "Rewrite the log when it grew by so many percent; 0 never"),
    memory({"auto-aof-rewrite-min-size"}, "67108864", kAtLeast0,
           "Size below which the log is not rewritten by itself"),
    flag({"aof-load-truncated"}, "yes", kMutable, "Start on a log whose end was torn by a crash"),
    memory({"aof-retained-limit"}, "268435456", kAtLeastMb,
           "Bytes kept in memory while the disk refuses the log; past it waiting clients are closed"),
    memory({"held-replies-limit"}, "1048576", {1024, kAny},
           "Bytes of replies a client may have waiting for the log before its requests wait, too"),
    special({"save"}, Type::kSavePoints, "3600 1 300 100 60 10000",
            "Save points, <seconds> <changes> each; empty for none"),
    of_type(Type::kFileName,
            string({"dbfilename"}, "dump.rdb", kProtected, "Name of the snapshot, below dir")),
    flag({"rdbcompression"}, "yes", kMutable, "Compress strings in snapshots"),
    flag({"rdbchecksum"}, "yes", kImmutable, "End snapshots with a checksum"),
    flag({"stop-writes-on-bgsave-error"}, "yes", kMutable, "Refuse writes after a snapshot failed"),
    memory({"snapshot-rate-limit"}, "104857600", kAtLeast0,
           "Bytes a second that snapshots and rewrites write; 0 for no limit"),
    number({"busy-reply-threshold", "lua-time-limit"}, "5000", kAtLeast0,
           "Milliseconds a script runs alone; then others are told BUSY"),
    memory({"client-query-buffer-limit"}, "1073741824", kAtLeastMb,
           "Bytes of requests one client may have waiting"),
    special({"client-output-buffer-limit"}, Type::kOutputLimits,
            "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
            "Bytes of replies waiting for a slow reader: <class> <hard> <soft> <seconds>"),
    memory({"proto-max-bulk-len"}, "536870912", kAtLeastMb, "Bytes of one argument at most"),
    number({"slowlog-log-slower-than"}, "10000", {-1, kAny},
           "Microseconds from which a command is slow; -1 never"),
    number({"slowlog-max-len"}, "128", kAtLeast0, "Entries of SLOWLOG"),
    number({"latency-monitor-threshold"}, "0", kAtLeast0,
           "Milliseconds from which on LATENCY records an event; 0: none"),
    flag({"latency-tracking"}, "yes", kMutable, "Keep latency histograms of every command"),
    special({"latency-tracking-info-percentiles"}, Type::kPercentiles, "50 99 99.9",
            "Percentiles that INFO latencystats shows"),
    special({"notify-keyspace-events"}, Type::kEventClasses, "", "Classes of keyspace events to publish"),
    number({"hash-max-listpack-entries", "hash-max-ziplist-entries"}, "512", kAtLeast0,
           "Fields of a packed hash"),
    memory({"hash-max-listpack-value", "hash-max-ziplist-value"}, "64", kAtLeast0,
           "Bytes of a field or value of a packed hash"),
    number({"list-max-listpack-size", "list-max-ziplist-size"}, "-2", {INT_MIN, INT_MAX},
           "Size of a list node: entries, or -1 to -5 for 4 to 64 KiB"),
    number({"set-max-intset-entries"}, "512", kAtLeast0, "Members of a set of integers kept as such"),
    number({"set-max-listpack-entries"}, "128", kAtLeast0, "Members of a packed set"),
    memory({"set-max-listpack-value"}, "64", kAtLeast0, "Bytes of a member of a packed set"),
    number({"zset-max-listpack-entries", "zset-max-ziplist-entries"}, "128", kAtLeast0,
           "Members of a packed sorted set"),
    memory({"zset-max-listpack-value", "zset-max-ziplist-value"}, "64", kAtLeast0,
           "Bytes of a member of a packed sorted set"),
    memory({"stream-node-max-bytes"}, "4096", kAtLeast0, "Bytes of one stream block; 0 is no limit"),
    number({"stream-node-max-entries"}, "100", kAtLeast0, "Entries of one stream block; 0 is no limit"),
    number({"stream-idmp-duration"}, "100", {1, 86400},
           "Seconds for which a stream knows what producers sent (XADD IDMP)"),
    number({"stream-idmp-maxsize"}, "100", {1, 10000}, "How much of one producer a stream knows"),
    number({"tracking-table-max-keys"}, "1000000", kAtLeast0,
           "Keys remembered for CLIENT TRACKING; 0 is no limit"),

    pending(number({"list-compress-depth"}, "0", kInt0, "the middle of a list is not compressed yet")),

    moot(number({"hz"}, "10", kInt0, kTicks)),
    moot(flag({"no-appendfsync-on-rewrite"}, "no", kMutable,
              "a rewrite does not hold up the log, which is synced all the same")),
    moot(flag({"dynamic-hz"}, "yes", kMutable, kTicks)),
    moot(number({"active-expire-effort"}, "1", {1, 10}, kTicks)),
    moot(flag({"activerehashing"}, "yes", kMutable, "tables grow a step with every change and when idle")),
    moot(flag({"lazyfree-lazy-eviction"}, "no", kMutable, kSlices)),
    moot(flag({"lazyfree-lazy-expire"}, "no", kMutable, kSlices)),
    moot(flag({"lazyfree-lazy-server-del"}, "no", kMutable, kSlices)),
    moot(flag({"lazyfree-lazy-user-del"}, "no", kMutable, kSlices)),
    moot(flag({"lazyfree-lazy-user-flush"}, "no", kMutable, kSlices)),
    moot(flag({"replica-lazy-flush", "slave-lazy-flush"}, "no", kMutable, kSlices)),
    moot(number({"maxmemory-eviction-tenacity"}, "10", {0, 100}, "eviction always works in slices")),
    moot(immutable(number({"io-threads"}, "1", {1, 128}, kOneThread))),
    moot(flag({"io-threads-do-reads"}, "no", kImmutable, kOneThread)),
    moot(flag({"jemalloc-bg-thread"}, "yes", kMutable, "jemalloc returns memory by itself")),
    moot(flag({"disable-thp"}, "yes", kImmutable, "no fork ever copies a huge page")),
    moot(flag({"always-show-logo"}, "no", kImmutable, "there is no logo")),
    moot(flag({"set-proc-title"}, "yes", kImmutable, kTitle)),
    moot(flag({"aof-rewrite-incremental-fsync"}, "yes", kMutable, kWriteback)),
    moot(flag({"rdb-save-incremental-fsync"}, "yes", kMutable, kWriteback)),
    moot(flag({"crash-log-enabled"}, "yes", kMutable, "a failed check always says where and why")),
    moot(flag({"crash-memcheck-enabled"}, "yes", kMutable, "memory is not tested after a crash")),
    moot(string({"ignore-warnings"}, "", kMutable, "none of the warnings it names exists")),
    moot(choice({"sanitize-dump-payload"}, "no", kSanitize, kMutable, "payloads are always checked in full")),
    moot(choice({"propagation-error-behavior"}, "ignore", kPropagation, kMutable,
                "effects are propagated; they cannot fail")),
    moot(memory({"hll-sparse-max-bytes"}, "3000", kAtLeast0, "there are no HyperLogLogs")),
    moot(string({"syslog-ident"}, "redis", kImmutable, kSyslog)),
    moot(choice({"syslog-facility"}, "local0", kFacilities, kImmutable, kSyslog)),
    moot(special({"oom-score-adj-values"}, Type::kOomScores, "0 200 800", kOom)),
    moot(memory({"active-defrag-ignore-bytes"}, "104857600", kAtLeast0, kDefrag)),
    moot(number({"active-defrag-threshold-lower"}, "10", {0, 1000}, kDefrag)),
    moot(number({"active-defrag-threshold-upper"}, "100", {0, 1000}, kDefrag)),
    moot(number({"active-defrag-cycle-min"}, "1", {1, 99}, kDefrag)),
    moot(number({"active-defrag-cycle-max"}, "25", {1, 99}, kDefrag)),
    moot(number({"active-defrag-max-scan-fields"}, "1000", {1, kAny}, kDefrag)),

    absent(string({"proc-title-template"}, "{title} {listen-addr} {server-mode}", kMutable, kTitle)),
    absent(flag({"activedefrag"}, "no", kMutable, kDefrag)),
    absent(flag({"aof-use-rdb-preamble"}, "yes", kMutable, "the base of the log is always a snapshot")),
    absent(flag({"aof-timestamp-enabled"}, "no", kMutable, "the log carries annotations of its own")),
    absent(flag({"aof-disable-auto-gc"}, "no", kMutable, "history files of the log are always removed")),
    absent(string({"locale-collate"}, "", kMutable, "texts are compared as bytes")),
    absent(of_type(Type::kFlags, choice({"shutdown-on-sigint"}, "default", kShutdown, kMutable, kSignals))),
    absent(of_type(Type::kFlags, choice({"shutdown-on-sigterm"}, "default", kShutdown, kMutable, kSignals))),
    absent(choice({"supervised"}, "no", kSupervised, kImmutable,
                  "this server does not report to a service manager")),
    absent(choice({"enable-module-command"}, "no", kAccess, kImmutable, "this server has no modules")),
    absent(flag({"syslog-enabled"}, "no", kImmutable, kSyslog)),
    absent(string({"bind-source-addr"}, "", kMutable, "this server opens no connections")),
    absent(
        immutable(number({"socket-mark-id"}, "0", {0, UINT_MAX}, "this server does not mark its sockets"))),
    absent(of_type(Type::kMemoryOrPercent,
                   memory({"maxmemory-clients"}, "0", kAtLeast0,
                          "this server does not evict clients; see client-output-buffer-limit"))),
    absent(choice({"oom-score-adj"}, "no", kOomAdjust, kMutable, kOom)),
    absent(string({"server_cpulist", "server-cpulist"}, "", kImmutable, kCpuLists)),
    absent(string({"bio_cpulist", "bio-cpulist"}, "", kImmutable, kCpuLists)),
    absent(string({"aof_rewrite_cpulist", "aof-rewrite-cpulist"}, "", kImmutable, kCpuLists)),
    absent(string({"bgsave_cpulist", "bgsave-cpulist"}, "", kImmutable, kCpuLists)),
    absent(immutable(special({"replicaof", "slaveof"}, Type::kWords, "", kReplication))),
    absent(string({"masteruser"}, "", kSensitive, kReplication)),
    absent(string({"masterauth"}, "", kSensitive, kReplication)),
    absent(flag({"replica-serve-stale-data", "slave-serve-stale-data"}, "yes", kMutable, kReplication)),
    absent(flag({"replica-read-only", "slave-read-only"}, "yes", kMutable, kReplication)),
    absent(flag({"replica-ignore-maxmemory", "slave-ignore-maxmemory"}, "yes", kMutable, kReplication)),
    absent(flag({"replica-ignore-disk-write-errors"}, "no", kMutable, kReplication)),
    absent(flag({"replica-announced"}, "yes", kMutable, kReplication)),
    absent(string({"replica-announce-ip", "slave-announce-ip"}, "", kMutable, kReplication)),
    absent(number({"replica-announce-port", "slave-announce-port"}, "0", kPorts, kReplication)),
    absent(number({"replica-priority", "slave-priority"}, "100", kInt0, kReplication)),
    absent(flag({"repl-diskless-sync"}, "yes", kMutable, kReplication)),
    absent(number({"repl-diskless-sync-delay"}, "5", kInt0, kReplication)),
    absent(number({"repl-diskless-sync-max-replicas"}, "0", kInt0, kReplication)),
    absent(choice({"repl-diskless-load"}, "disabled", kDisklessLoad, kMutable, kReplication)),
    absent(flag({"repl-disable-tcp-nodelay"}, "no", kMutable, kReplication)),
    absent(number({"repl-ping-replica-period", "repl-ping-slave-period"}, "10", kInt1, kReplication)),
    absent(number({"repl-timeout"}, "60", kInt1, kReplication)),
    absent(memory({"repl-backlog-size"}, "1048576", {1, kAny}, kReplication)),
    absent(number({"repl-backlog-ttl"}, "3600", kAtLeast0, kReplication)),
    absent(flag({"rdb-del-sync-files"}, "no", kMutable, kReplication)),
    absent(number({"min-replicas-to-write", "min-slaves-to-write"}, "0", kInt0, kReplication)),
    absent(number({"min-replicas-max-lag", "min-slaves-max-lag"}, "10", kInt0, kReplication)),
    absent(flag({"cluster-enabled"}, "no", kImmutable, kCluster)),
    absent(string({"cluster-config-file"}, "nodes.conf", kImmutable, kCluster)),
    absent(number({"cluster-node-timeout"}, "15000", kAtLeast0, kCluster)),
    absent(immutable(number({"cluster-port"}, "0", kPorts, kCluster))),
    absent(string({"cluster-announce-ip"}, "", kMutable, kCluster)),
    absent(number({"cluster-announce-port"}, "0", kPorts, kCluster)),
    absent(number({"cluster-announce-bus-port"}, "0", kPorts, kCluster)),
    absent(number({"cluster-announce-tls-port"}, "0", kPorts, kCluster)),
    absent(string({"cluster-announce-hostname"}, "", kMutable, kCluster)),
    absent(choice({"cluster-preferred-endpoint-type"}, "ip", kEndpoints, kMutable, kCluster)),
    absent(number({"cluster-migration-barrier"}, "1", kInt0, kCluster)),
    absent(
        number({"cluster-replica-validity-factor", "cluster-slave-validity-factor"}, "10", kInt0, kCluster)),
    absent(flag({"cluster-replica-no-failover", "cluster-slave-no-failover"}, "no", kMutable, kCluster)),
    absent(flag({"cluster-require-full-coverage"}, "yes", kMutable, kCluster)),
    absent(flag({"cluster-allow-reads-when-down"}, "no", kMutable, kCluster)),
    absent(flag({"cluster-allow-pubsubshard-when-down"}, "yes", kMutable, kCluster)),
    absent(flag({"cluster-allow-replica-migration"}, "yes", kMutable, kCluster)),
    absent(memory({"cluster-link-sendbuf-limit"}, "0", kAtLeast0, kCluster)),
    absent(number({"tls-port"}, "0", kPorts, kTls)),
    absent(string({"tls-cert-file"}, "", kMutable, kTls)),
    absent(string({"tls-key-file"}, "", kMutable, kTls)),
    absent(string({"tls-key-file-pass"}, "", kSensitive, kTls)),
    absent(string({"tls-client-cert-file"}, "", kMutable, kTls)),
    absent(string({"tls-client-key-file"}, "", kMutable, kTls)),
    absent(string({"tls-client-key-file-pass"}, "", kSensitive, kTls)),
    absent(string({"tls-dh-params-file"}, "", kMutable, kTls)),
    absent(string({"tls-ca-cert-file"}, "", kMutable, kTls)),
    absent(string({"tls-ca-cert-dir"}, "", kMutable, kTls)),
    absent(choice({"tls-auth-clients"}, "yes", kAuthClients, kMutable, kTls)),
    absent(flag({"tls-replication"}, "no", kMutable, kTls)),
    absent(flag({"tls-cluster"}, "no", kMutable, kTls)),
    absent(string({"tls-protocols"}, "", kMutable, kTls)),
    absent(string({"tls-ciphers"}, "", kMutable, kTls)),
    absent(string({"tls-ciphersuites"}, "", kMutable, kTls)),
    absent(flag({"tls-prefer-server-ciphers"}, "no", kMutable, kTls)),
    absent(flag({"tls-session-caching"}, "yes", kMutable, kTls)),
    absent(number({"tls-session-cache-size"}, "20480", kInt0, kTls)),
    absent(number({"tls-session-cache-timeout"}, "300", kInt0, kTls)),
};

constexpr bool live_rows_come_first() {
  for (size_t i = 0; i < std::size(kRows); ++i) {
    if ((kRows[i].support == Support::kLive) != (i < kLiveOptions)) return false;
  }
  return true;
}
static_assert(live_rows_come_first());

// Ids and rows run in step; a line that slipped shows at one of these.
constexpr bool is_row(Option option, Text name) {
  return kRows[static_cast<size_t>(option)].name == name;
}
static_assert(is_row(Option::kBind, "bind") && is_row(Option::kDir, "dir"));
static_assert(is_row(Option::kMaxMemory, "maxmemory") && is_row(Option::kLfuDecayTime, "lfu-decay-time") &&
              is_row(Option::kAppendFsync, "appendfsync"));
static_assert(is_row(Option::kSave, "save") &&
              is_row(Option::kSetMaxListpackEntries, "set-max-listpack-entries"));
static_assert(is_row(Option::kStreamNodeMaxEntries, "stream-node-max-entries") &&
              is_row(Option::kStreamIdmpMaxsize, "stream-idmp-maxsize"));

}  // namespace

std::span<const Row> rows() {
  return kRows;
}

const Row& row(Option option) {
  return kRows[static_cast<size_t>(option)];
}

std::optional<size_t> find_row(base::ByteView name) {
  if (name.empty()) return std::nullopt;
  for (size_t i = 0; i < std::size(kRows); ++i) {
    if (base::same_word(name, kRows[i].name) || base::same_word(name, kRows[i].alias)) return i;
  }
  return std::nullopt;
}

}  // namespace sluice::config
