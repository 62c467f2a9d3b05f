// Client: one peer without its socket: who it is, what it asked of its session, and the bytes it is owed. The
// server's connection owns the socket and this together; the execution core, pub/sub and CLIENT LIST see only
// this. What lasts longer than a command and belongs to one feature (MULTI queue, watched keys, parked
// command, subscriptions) is kept by that feature under the client's id, so that an idle client stays small.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "client/outbox.h"
#include "resp/protocol.h"

namespace sluice::client {

using ClientId = uint64_t;  // Never reused. 0: nobody.

enum ClientFlag : uint32_t {
  kMulti = 1u << 0,       // between MULTI and EXEC
  kMultiDirty = 1u << 1,  // a command was refused while queueing: EXEC aborts
  kCasDirty = 1u << 2,    // a watched key changed: EXEC answers null
  kBlocked = 1u << 3,     // a command of it is parked
  kPaused = 1u << 4,      // its next command waits for the end of CLIENT PAUSE
  kMonitor = 1u << 5,
  kPubsub = 1u << 6,           // has subscriptions
  kCloseAfterReply = 1u << 7,  // nothing further is executed; closed once its bytes have left
  kCloseNow = 1u << 8,
  kReplyOff = 1u << 9,
  kReplySkip = 1u << 10,      // the command at hand is not answered
  kReplySkipNext = 1u << 11,  // the next one will not be
  kNoEvict = 1u << 12,
  kNoTouch = 1u << 13,
  kUnixSocket = 1u << 14,
  kReadonly = 1u << 15,
  kInScript = 1u << 16,  // the client a script's calls run as
  kLoader = 1u << 17,    // the client the log is replayed as
  kWatching = 1u << 18,
  kUnblocked = 1u << 19,        // was parked until a moment ago: its buffered input is due
  kDurable = 1u << 20,          // its replies wait for the disk, whatever appendfsync says
  kRestricted = 1u << 21,       // its user may not do everything: each request is looked at
  kTracking = 1u << 22,         // is told when what it read changes (client/tracking)
  kTrackingBroken = 1u << 23,   // the one it redirects to was gone
  kTrackingBcast = 1u << 24,    // is told by prefix, whatever it read
  kTrackingOptIn = 1u << 25,    // only what it reads behind CLIENT CACHING YES
  kTrackingOptOut = 1u << 26,   // all but what it reads behind CLIENT CACHING NO
  kTrackingNoLoop = 1u << 27,   // not of its own changes
  kTrackingCaching = 1u << 28,  // said so just now: holds for the next command, or transaction
};

// What CLIENT TRACKING can be asked for.
inline constexpr uint32_t kTrackingOptions =
    kTrackingBcast | kTrackingOptIn | kTrackingOptOut | kTrackingNoLoop;

struct Client {
  explicit Client(ClientId client_id) : id(client_id) {}

  [[nodiscard]] bool has(uint32_t flag) const { return (flags & flag) != 0; }
  void set(uint32_t flag) { flags |= flag; }
  void unset(uint32_t flag) { flags &= ~flag; }

  const ClientId id;
  uint32_t flags = 0;
  int db = 0;
  resp::Protocol protocol = resp::Protocol::kResp2;
  bool authenticated = true;
  uint32_t user = 0;  // acl::UserId; 0: the default user
  Outbox outbox;

  std::string address;        // "127.0.0.1:54321"
  std::string local_address;  // likewise, the listening side
  std::string name;
  std::string library_name;
  std::string library_version;
  int fd = -1;

  int64_t created_ms = 0;              // unix
  int64_t last_active_ms = 0;          // unix; `idle` in CLIENT LIST, and `timeout`
  std::string_view last_command = {};  // a row's full name: static storage
  uint64_t input_bytes = 0;            // lifetime
  uint64_t output_bytes = 0;
  uint64_t commands = 0;
  uint64_t write_offset = 0;        // of the journal, behind the last thing it changed
  size_t query_bytes = 0;           // buffered half request
  size_t multi_memory_bytes = 0;    // queued commands of MULTI
  int64_t soft_limit_since_ms = 0;  // output above the soft limit since; 0: below
};

}  // namespace sluice::client
