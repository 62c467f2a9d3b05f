// Transactions: what MULTI has queued and what WATCH looks at, per client. It marks clients (kCasDirty) when
// a watched key changes; running EXEC as one unit is the command's business (commands/transaction). Owns
// copies of the queued words; knows no handler.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "client/client_table.h"
#include "exec/table.h"

namespace sluice::exec {

// A command that outlives the buffer it arrived in.
struct OwnedRequest {
  Command* command = nullptr;
  std::vector<base::Bytes> storage;
  std::vector<base::ByteView> words;  // into storage

  OwnedRequest() = default;
  OwnedRequest(Command* of, std::span<const base::ByteView> request);
  OwnedRequest(OwnedRequest&&) = default;
  OwnedRequest& operator=(OwnedRequest&&) = default;
  [[nodiscard]] size_t memory_bytes() const;
};

struct KeyName {
  int db;
  base::Bytes key;
  bool operator==(const KeyName&) const = default;
};
struct KeyNameView {
  int db;
  base::ByteView key;
};
struct KeyNameHash {
  using is_transparent = void;
  size_t operator()(const KeyName& name) const { return (*this)(KeyNameView{name.db, name.key}); }
  size_t operator()(const KeyNameView& name) const {
    return std::hash<base::ByteView>{}(name.key) ^ (static_cast<size_t>(name.db) * 0x9e3779b97f4a7c15ULL);
  }
};
struct KeyNameEqual {
  using is_transparent = void;
  static KeyNameView of(const KeyName& name) { return {name.db, name.key}; }
  static KeyNameView of(const KeyNameView& name) { return name; }
  template <class Left, class Right>
  bool operator()(const Left& left, const Right& right) const {
    return of(left).db == of(right).db && of(left).key == of(right).key;
  }
};

struct Transaction {
  std::vector<OwnedRequest> queue;
  size_t next = 0;             // the command EXEC is at
  uint32_t all_flags = 0;      // of the queued commands, ORed
  uint32_t every_flags = ~0u;  // ANDed
  bool needs_room = false;     // one of them may grow and not use the reserve
};

// What FLUSHALL and SWAPDB find under a name: an expired key is there, though nobody can see it.
enum class Presence : uint8_t { kAbsent, kExpired, kLive };

class Transactions {
 public:
  explicit Transactions(client::ClientTable& clients) : clients_(clients) {}

  void begin(client::Client& client);
  // `flags`: what this request does, which need not be all its row says.
  void queue(client::Client& client, Command& command, std::span<const base::ByteView> words, uint32_t flags);
  // REQUIRES: the client is in MULTI.
  Transaction& of(client::Client& client) { return open_[client.id]; }
  // Ends MULTI and unwatches: DISCARD, EXEC, RESET, disconnect.
  void end(client::Client& client);

  // `expired`: the key is past its deadline already, though still there: absent, as far as the watcher can
  // see.
  void watch(client::Client& client, int db, base::ByteView key, bool expired);
  void unwatch(client::Client& client);
  struct Watched {
    int db;
    base::Bytes key;
    bool expired;  // was so when the watch began
  };
  [[nodiscard]] std::vector<Watched> watched_by(const client::Client& client) const;

  [[nodiscard]] bool anybody_watches() const { return !watchers_.empty(); }
  // A key changed: everybody who watches it will see EXEC fail.
  void touch(int db, base::ByteView key);
  // A key was removed since its time had come: no change for those who found it expired.
  void expired(int db, base::ByteView key);
  // Its whole database was emptied or exchanged. A key that a watcher saw as absent and still does has not
  // changed for it.
  void replaced(int db, base::ByteView key, Presence before, Presence after);
  // Visits every watched key: FLUSHALL and SWAPDB decide per key.
  template <class Visitor>
  void for_each_watched(Visitor&& visit) const {
    for (const auto& [name, who] : watchers_) visit(name.db, base::ByteView(name.key));
  }

 private:
  client::ClientTable& clients_;
  std::unordered_map<client::ClientId, Transaction> open_;
  struct Watcher {
    client::ClientId id;
    bool expired;
  };
  std::unordered_map<KeyName, std::vector<Watcher>, KeyNameHash, KeyNameEqual> watchers_;
  std::unordered_map<client::ClientId, std::vector<KeyName>> watched_;
};

}  // namespace sluice::exec
