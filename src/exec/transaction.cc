#include "exec/transaction.h"

#include <algorithm>
#include <utility>

namespace sluice::exec {

OwnedRequest::OwnedRequest(Command* of, std::span<const base::ByteView> request) : command(of) {
  storage.reserve(request.size());
  words.reserve(request.size());
  for (const base::ByteView word : request) storage.emplace_back(word);
  for (const base::Bytes& word : storage) words.emplace_back(word);
}

size_t OwnedRequest::memory_bytes() const {
  size_t bytes = sizeof(OwnedRequest) + storage.capacity() * sizeof(base::Bytes) +
                 words.capacity() * sizeof(base::ByteView);
  for (const base::Bytes& word : storage) {
    if (word.capacity() > 15) bytes += word.capacity() + 1;
  }
  return bytes;
}

void Transactions::begin(client::Client& client) {
  client.set(client::kMulti);
  open_[client.id] = Transaction{};
}

void Transactions::queue(client::Client& client, Command& command, std::span<const base::ByteView> words,
                         uint32_t flags) {
  Transaction& transaction = open_[client.id];
  transaction.queue.emplace_back(&command, words);
  transaction.all_flags |= flags;
  transaction.every_flags &= flags;
  transaction.needs_room |= (flags & (kDenyOom | kUsesReserve)) == kDenyOom;
  client.multi_memory_bytes += transaction.queue.back().memory_bytes();
}

void Transactions::end(client::Client& client) {
  open_.erase(client.id);
  client.multi_memory_bytes = 0;
  client.unset(client::kMulti | client::kMultiDirty | client::kCasDirty);
  unwatch(client);
}

void Transactions::watch(client::Client& client, int db, base::ByteView key, bool expired) {
  std::vector<KeyName>& mine = watched_[client.id];
  for (const KeyName& name : mine) {
    if (name.db == db && name.key == key) return;
  }
  mine.push_back(KeyName{db, base::Bytes(key)});
  watchers_[mine.back()].push_back(Watcher{client.id, expired});
  client.set(client::kWatching);
}

void Transactions::unwatch(client::Client& client) {
  client.unset(client::kCasDirty | client::kWatching);
  const auto mine = watched_.find(client.id);
  if (mine == watched_.end()) return;
  for (const KeyName& name : mine->second) {
    const auto entry = watchers_.find(name);
    std::erase_if(entry->second, [&](const Watcher& watcher) { return watcher.id == client.id; });
    if (entry->second.empty()) watchers_.erase(entry);
  }
  watched_.erase(mine);
}

std::vector<Transactions::Watched> Transactions::watched_by(const client::Client& client) const {
  std::vector<Watched> names;
  const auto mine = watched_.find(client.id);
  if (mine == watched_.end()) return names;
  for (const KeyName& name : mine->second) {
    for (const Watcher& watcher : watchers_.find(name)->second) {
      if (watcher.id == client.id) names.push_back(Watched{name.db, name.key, watcher.expired});
    }
  }
  return names;
}

void Transactions::touch(int db, base::ByteView key) {
  const auto entry = watchers_.find(KeyNameView{db, key});
  if (entry == watchers_.end()) return;
  for (const Watcher& watcher : entry->second) {
    if (client::Client* client = clients_.find(watcher.id)) client->set(client::kCasDirty);
  }
}

void Transactions::replaced(int db, base::ByteView key, Presence before, Presence after) {
  const auto entry = watchers_.find(KeyNameView{db, key});
  if (entry == watchers_.end() || (before == Presence::kAbsent && after == Presence::kAbsent)) return;
  for (Watcher& watcher : entry->second) {
    const bool unseen_before = watcher.expired || before == Presence::kAbsent;
    if (unseen_before && after != Presence::kLive) {
      watcher.expired = after == Presence::kExpired;
    } else if (client::Client* client = clients_.find(watcher.id)) {
      client->set(client::kCasDirty);
    }
  }
}

void Transactions::expired(int db, base::ByteView key) {
  const auto entry = watchers_.find(KeyNameView{db, key});
  if (entry == watchers_.end()) return;
  for (Watcher& watcher : entry->second) {
    // Once only: a key that is made anew and expires again has changed.
    if (std::exchange(watcher.expired, false)) continue;
    if (client::Client* client = clients_.find(watcher.id)) client->set(client::kCasDirty);
  }
}

}  // namespace sluice::exec
