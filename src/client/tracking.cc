#include "client/tracking.h"

#include <algorithm>
#include <utility>

#include "resp/reply.h"

namespace sluice::client {

namespace {

// What a subscriber of the older protocol is told through.
constexpr base::ByteView kChannel = "__redis__:invalidate";

}  // namespace

Tracking::Tracking(ClientTable& clients, uint64_t hash_entropy)
    : clients_(clients), seed_(hash_entropy), table_(std::make_unique<Table>(seed_, epoch_)) {}

Tracking::~Tracking() {
  table_->for_each([](Cached* cached) { delete cached; });
  while (free_slice(SIZE_MAX)) {
  }
}

void Tracking::start(Client& client, uint32_t options, ClientId redirect) {
  client.unset(kTrackingOptions | kTrackingBroken);
  client.set(kTracking | options);
  mine_[client.id].redirect = redirect;
  settle_use();
}

void Tracking::add_prefix(Client& client, base::ByteView prefix) {
  if (!mine_.at(client.id).prefixes.emplace(prefix).second) return;
  const auto [place, fresh] = prefixes_.try_emplace(base::Bytes(prefix));
  if (fresh) ++prefix_lengths_[prefix.size()];
  place->second.clients.insert(client.id);
}

void Tracking::stop(Client& client) {
  const auto mine = mine_.find(client.id);
  if (mine == mine_.end()) return;
  for (const base::Bytes& prefix : mine->second.prefixes) leave_prefix(client.id, prefix);
  mine_.erase(mine);
  client.unset(kTracking | kTrackingOptions | kTrackingBroken | kTrackingCaching);
  settle_use();
}

void Tracking::leave_prefix(ClientId id, base::ByteView prefix) {
  const auto place = prefixes_.find(prefix);
  place->second.clients.erase(id);
  if (!place->second.clients.empty()) return;
  const auto length = prefix_lengths_.find(prefix.size());
  if (--length->second == 0) prefix_lengths_.erase(length);
  due_.erase(place->first);
  prefixes_.erase(place);
}

std::vector<base::Bytes> Tracking::prefixes_of(const Client& client) const {
  const auto mine = mine_.find(client.id);
  if (mine == mine_.end()) return {};
  return {mine->second.prefixes.begin(), mine->second.prefixes.end()};
}

bool Tracking::remembers_for(const Client& client) {
  if (!client.has(kTracking) || client.has(kTrackingBcast)) return false;
  if (client.has(kTrackingOptIn)) return client.has(kTrackingCaching);
  return !client.has(kTrackingOptOut) || !client.has(kTrackingCaching);
}

void Tracking::remember(const Client& reader, base::ByteView key) {
  const uint64_t hash = table_->hash(key);
  const std::optional<Cached*> found = table_->find(key, hash);
  if (!found) {
    table_->insert(new Cached{base::Bytes(key), {reader.id}}, hash);
    ++items_;
    return;
  }
  std::vector<ClientId>& readers = (*found)->readers;
  const auto place = std::lower_bound(readers.begin(), readers.end(), reader.id);
  if (place != readers.end() && *place == reader.id) return;
  readers.insert(place, reader.id);
  ++items_;
}

std::vector<Listener> Tracking::still_interested(const std::vector<ClientId>& readers,
                                                 const Client* by) const {
  std::vector<Listener> listeners;
  for (const ClientId id : readers) {
    const Client* client = clients_.find(id);
    // Who turned to broadcasts meanwhile hears of its prefixes only.
    if (client == nullptr || !client->has(kTracking) || client->has(kTrackingBcast)) continue;
    if (client == by && client->has(kTrackingNoLoop)) continue;
    listeners.push_back({id, redirect_of(*client)});
  }
  return listeners;
}

std::optional<Invalidation> Tracking::changed(base::ByteView key, const Client* by, ClientId author) {
  if (!prefixes_.empty()) note_for_prefixes(key, author);
  const std::optional<Cached*> found = table_->erase(key);
  if (!found) return std::nullopt;
  const std::unique_ptr<Cached> cached(*found);
  items_ -= cached->readers.size();
  settle_use();
  std::vector<Listener> listeners = still_interested(cached->readers, by);
  if (listeners.empty()) return std::nullopt;
  return Invalidation{std::move(cached->key), std::move(listeners)};
}

Invalidation Tracking::forget_one(base::Random& random) {
  const base::Bytes key = table_->random(random)->key;
  const std::unique_ptr<Cached> cached(*table_->erase(key));
  items_ -= cached->readers.size();
  settle_use();
  return {std::move(cached->key), still_interested(cached->readers, nullptr)};
}

Invalidation Tracking::flushed() {
  if (!table_->empty()) dropped_.push_back(std::exchange(table_, std::make_unique<Table>(seed_, epoch_)));
  items_ = 0;
  settle_use();
  Invalidation everything;
  for (const auto& [id, mine] : mine_) everything.listeners.push_back({id, mine.redirect});
  return everything;
}

bool Tracking::free_slice(size_t max) {
  if (dropped_.empty()) return false;
  dropped_.front()->take_slice(max, [](Cached* cached) { delete cached; });
  if (dropped_.front()->empty()) dropped_.pop_front();
  return !dropped_.empty();
}

void Tracking::note_for_prefixes(base::ByteView key, ClientId author) {
  for (const auto& [length, count] : prefix_lengths_) {
    if (length > key.size()) return;
    const auto place = prefixes_.find(key.substr(0, length));
    if (place == prefixes_.end()) continue;
    place->second.changed.insert_or_assign(base::Bytes(key), author);
    due_.emplace(place->first, &place->second);
  }
}

void Tracking::broadcast(uint64_t offset) {
  for (const auto& [name, prefix] : std::exchange(due_, {})) {
    Keys keys;
    keys.reserve(prefix->changed.size());
    for (const auto& [key, author] : prefix->changed) keys.push_back(key);
    for (const ClientId id : prefix->clients) broadcast_to(id, *prefix, keys, offset);
    prefix->changed.clear();
  }
}

void Tracking::broadcast_to(ClientId id, const Prefix& prefix, const Keys& all, uint64_t offset) {
  const Client* client = clients_.find(id);
  if (client == nullptr) return;
  const Listener listener{id, redirect_of(*client)};
  if (!client->has(kTrackingNoLoop)) {
    tell(listener, &all, offset);
    return;
  }
  Keys others;
  for (const auto& [key, author] : prefix.changed) {
    if (author != id) others.push_back(key);
  }
  if (!others.empty()) tell(listener, &others, offset);
}

void Tracking::deliver(const Invalidation& invalidation, uint64_t offset) {
  Keys keys;
  if (invalidation.key) keys.push_back(*invalidation.key);
  for (const Listener& listener : invalidation.listeners) {
    tell(listener, invalidation.key ? &keys : nullptr, offset);
  }
}

void Tracking::tell(const Listener& listener, const Keys* keys, uint64_t offset) {
  Client* const tracker = clients_.find(listener.tracker);
  if (tracker == nullptr) return;
  Client* receiver = listener.redirect == 0 ? tracker : clients_.find(listener.redirect);
  const bool broken = receiver == nullptr;
  if (broken) {
    if (tracker->has(kTracking)) tracker->set(kTrackingBroken);
    receiver = tracker;
  }
  if (receiver->has(kCloseNow)) return;
  const bool resp3 = receiver->protocol == resp::Protocol::kResp3;
  // The older protocol has no messages beside replies, except to subscribers.
  const bool as_message = !resp3 && !broken && listener.redirect != 0 && receiver->has(kPubsub);
  if (!resp3 && !as_message) return;

  resp::Reply reply(receiver->outbox.bytes(), receiver->protocol);
  reply.push(as_message ? 3 : 2);
  if (broken) {
    reply.bulk("tracking-redir-broken");
    reply.integer(static_cast<int64_t>(listener.redirect));
  } else {
    reply.bulk(as_message ? "message" : "invalidate");
    if (as_message) reply.bulk(kChannel);
    if (keys == nullptr) {
      reply.null();
    } else {
      reply.array(keys->size());
      for (const base::ByteView key : *keys) reply.bulk(key);
    }
  }
  receiver->outbox.tag(offset);
  clients_.needs_attention(*receiver);
}

}  // namespace sluice::client
