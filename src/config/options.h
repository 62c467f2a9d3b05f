// THE table of options: every directive of redis.conf and everything CONFIG knows, one row each. What a row
// says (type, default, range, when it may change, who reads it, what it is for) is all that is known of an
// option anywhere: loader, store, CONFIG and the shipped file go by it.
//
// Rows come in four classes. *Live* ones are read by some part of the server through their Option id.
// *Pending* ones belong to parts that are still to come, and no answer depends on them: any valid value is
// taken, and the log says at the start that it has no effect yet. *Moot* ones tune something that is done in
// another way here: any valid value is taken, to no effect, and the log says so at the start. *Absent* ones
// ask for something that nobody would get: Redis's default is taken, anything else is refused with the
// reason, since a file that asks for a replica must not seem to get one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace sluice::config {

// The live options, in the order of the table.
enum class Option : uint16_t {
  kBind,
  kPort,
  kProtectedMode,
  kUnixSocket,
  kUnixSocketPerm,
  kTcpBacklog,
  kTcpKeepalive,
  kTimeout,
  kMaxClients,
  kRequirePass,
  kAclFile,
  kAclPubsubDefault,
  kAclLogMaxLen,
  kDaemonize,
  kPidFile,
  kDir,
  kDatabases,
  kLogLevel,
  kLogFile,
  kShutdownTimeout,
  kEnableDebugCommand,
  kEnableProtectedConfigs,
  kMaxMemory,
  kMaxMemoryPolicy,
  kMaxMemoryReserve,
  kMaxMemorySamples,
  kLfuLogFactor,
  kLfuDecayTime,
  kAppendOnly,
  kAppendFsync,
  kAppendFilename,
  kAppendDirname,
  kAutoAofRewritePercentage,
  kAutoAofRewriteMinSize,
  kAofLoadTruncated,
  kAofRetainedLimit,
  kHeldRepliesLimit,
  kSave,
  kDbFilename,
  kRdbCompression,
  kRdbChecksum,
  kStopWritesOnBgsaveError,
  kSnapshotRateLimit,
  kBusyReplyThreshold,
  kClientQueryBufferLimit,
  kClientOutputBufferLimit,
  kProtoMaxBulkLen,
  kSlowlogLogSlowerThan,
  kSlowlogMaxLen,
  kLatencyMonitorThreshold,
  kLatencyTracking,
  kLatencyTrackingInfoPercentiles,
  kNotifyKeyspaceEvents,
  kHashMaxListpackEntries,
  kHashMaxListpackValue,
  kListMaxListpackSize,
  kSetMaxIntsetEntries,
  kSetMaxListpackEntries,
  kSetMaxListpackValue,
  kZsetMaxListpackEntries,
  kZsetMaxListpackValue,
  kStreamNodeMaxBytes,
  kStreamNodeMaxEntries,
  kStreamIdmpDuration,
  kStreamIdmpMaxsize,
  kTrackingTableMaxKeys,
};
inline constexpr size_t kLiveOptions = static_cast<size_t>(Option::kTrackingTableMaxKeys) + 1;

enum class Type : uint8_t {
  kBool,
  kInteger,
  kOctal,            // Written and shown in octal.
  kMemory,           // Bytes, with the units of redis.conf.
  kMemoryOrPercent,  // The same, or a percentage of maxmemory.
  kEnum,
  kFlags,  // Several of the choices, as bits; the first choice is none of them.
  kString,
  kFileName,      // A name without a slash, not empty.
  kWords,         // Several words, shown joined by blanks.
  kSavePoints,    // Pairs of seconds and changes.
  kOutputLimits,  // Class, hard, soft, seconds, for any of the three classes.
  kOomScores,     // Three numbers.
  kEventClasses,  // Letters of notify-keyspace-events.
  kPercentiles,   // Numbers from 0 to 100.
};

enum class Support : uint8_t { kLive, kPending, kMoot, kAbsent };

// Combined with |.
enum Flag : uint8_t {
  kMutable = 0,
  kImmutable = 1,  // Only from the file and the command line.
  kProtected = 2,  // CONFIG SET refuses unless enable-protected-configs allows it.
  kSensitive = 4,  // Never written to a log.
};

// The values of enum options, in the order of their choices.
enum class AppendFsync : uint8_t { kEverysec, kAlways, kNo };
enum class MaxMemoryPolicy : uint8_t {
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
  kAllKeysLru,
  kAllKeysLfu,
  kAllKeysRandom,
  kNoEviction,
};
enum class PubsubDefault : uint8_t { kAllChannels, kResetChannels };
enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning, kNothing };
enum class Access : uint8_t { kNo, kYes, kLocal };  // enable-debug-command, enable-protected-configs.

using Choices = std::span<const std::string_view>;

struct Row {
  std::string_view name;
  std::string_view alias;  // An older name, known to CONFIG as well; may be empty.
  Type type;
  std::string_view default_text;  // As CONFIG GET shows it.
  int64_t min;                    // Of numbers.
  int64_t max;
  Choices choices;  // Of enums and flags.
  uint8_t flags;
  Support support;
  std::string_view doc;  // One line; for rows that are not live the reason.

  [[nodiscard]] bool has(Flag flag) const { return (flags & flag) != 0; }
};

// All rows: the live ones first, in the order of Option, then the others.
std::span<const Row> rows();

const Row& row(Option option);
// By name or alias, letters of either case; the position in rows().
std::optional<size_t> find_row(base::ByteView name);

}  // namespace sluice::config
