// Tracking: who keeps copies of what, and must be told when that changes (CLIENT TRACKING). By default the
// keys that a client read are remembered, and it is told of each once; in broadcast mode it names prefixes,
// and is told of every change below them, in one message per prefix and turn.
//
//   table:    key -> the clients that read it        prefixes: prefix -> its clients, keys changed this turn
//
// Keys are meant in every database at once. It decides who is told and writes what they are told into their
// outboxes; when, is the executor's business: after the unit that made the change. Ids of clients that left,
// or track no longer, stay in the table until their key changes or is forgotten: looked up, they are nobody.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "client/client_table.h"
#include "ds/dict.h"

namespace sluice::client {

// Whom something is told: a client that tracks, or in its place the one it redirects to (0: it does not).
struct Listener {
  ClientId tracker;
  ClientId redirect;
};

// What clients must no longer trust.
struct Invalidation {
  std::optional<base::Bytes> key;  // nothing: whatever they have
  std::vector<Listener> listeners;
};

class Tracking {
 public:
  // REQUIRES, outside tests: `hash_entropy` comes from base::Random::entropy().
  Tracking(ClientTable& clients, uint64_t hash_entropy);
  ~Tracking();
  Tracking(const Tracking&) = delete;
  Tracking& operator=(const Tracking&) = delete;

  // `options`: flags among kTrackingOptions, in place of those it had; prefixes it had stay. `redirect`: 0,
  // or who is told in its place.
  void start(Client& client, uint32_t options, ClientId redirect);
  // REQUIRES: the client tracks in broadcast mode.
  void add_prefix(Client& client, base::ByteView prefix);
  // Nothing happens if it does not track.
  void stop(Client& client);
  // REQUIRES: the client tracks.
  [[nodiscard]] ClientId redirect_of(const Client& client) const { return mine_.at(client.id).redirect; }
  // In the order of their bytes; none if it does not track.
  [[nodiscard]] std::vector<base::Bytes> prefixes_of(const Client& client) const;

  // Nobody tracks, and nothing is left that anybody read: the usual case, decided by one look.
  [[nodiscard]] bool in_use() const { return in_use_; }

  // Whether what this client reads now is remembered.
  [[nodiscard]] static bool remembers_for(const Client& client);
  void remember(const Client& reader, base::ByteView key);
  // A key changed. `by`: the client in whose unit, or null; `author`: who is spared in broadcasts, or 0.
  // Whoever read it is forgotten, and told; nothing: nobody is.
  std::optional<Invalidation> changed(base::ByteView key, const Client* by, ClientId author);
  // Databases were emptied: everybody who tracks is told, and nothing is remembered any more.
  Invalidation flushed();
  // Room for others: a key by chance is forgotten as if it had changed. REQUIRES: keys() > 0.
  Invalidation forget_one(base::Random& random);

  // Writes it into outboxes, tagged with `offset`.
  void deliver(const Invalidation& invalidation, uint64_t offset);
  [[nodiscard]] bool anything_to_broadcast() const { return !due_.empty(); }
  // The changes below prefixes since the last call.
  void broadcast(uint64_t offset);
  // Frees at most `max` keys of what flushed() left; true while there is more.
  bool free_slice(size_t max);

  // INFO's tracking_clients, tracking_total_keys, tracking_total_items, tracking_total_prefixes.
  [[nodiscard]] size_t trackers() const { return mine_.size(); }
  [[nodiscard]] size_t keys() const { return table_->size(); }
  [[nodiscard]] size_t items() const { return items_; }
  [[nodiscard]] size_t prefixes() const { return prefixes_.size(); }

 private:
  struct Cached {
    base::Bytes key;
    std::vector<ClientId> readers;  // ascending
  };
  struct CachedTraits {
    static base::ByteView key(const Cached* cached) { return cached->key; }
  };
  using Table = ds::Dict<Cached*, CachedTraits>;
  struct Mine {
    ClientId redirect = 0;
    std::set<base::Bytes> prefixes;
  };
  struct Prefix {
    std::set<ClientId> clients;
    std::map<base::Bytes, ClientId, std::less<>> changed;  // by whom last
  };
  using Keys = std::vector<base::ByteView>;

  void settle_use() { in_use_ = !mine_.empty() || !table_->empty(); }
  void leave_prefix(ClientId id, base::ByteView prefix);
  void note_for_prefixes(base::ByteView key, ClientId author);
  // Whom to tell of a key, out of those who read it.
  [[nodiscard]] std::vector<Listener> still_interested(const std::vector<ClientId>& readers,
                                                       const Client* by) const;
  void broadcast_to(ClientId id, const Prefix& prefix, const Keys& all, uint64_t offset);
  // Null: of everything.
  void tell(const Listener& listener, const Keys* keys, uint64_t offset);

  ClientTable& clients_;
  ds::HashSeed seed_;
  ds::Epoch epoch_{};
  std::unique_ptr<Table> table_;
  std::deque<std::unique_ptr<Table>> dropped_;
  size_t items_ = 0;
  std::unordered_map<ClientId, Mine> mine_;
  std::map<base::Bytes, Prefix, std::less<>> prefixes_;
  std::map<size_t, size_t> prefix_lengths_;  // how many prefixes have this many bytes
  std::map<base::ByteView, Prefix*> due_;    // those with changes; names and prefixes are nodes of prefixes_
  bool in_use_ = false;
};

}  // namespace sluice::client
