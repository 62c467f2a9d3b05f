#include "exec/blocking.h"

#include <algorithm>

#include "base/check.h"

namespace sluice::exec {

void Blocking::park(client::Client& client, int db, OwnedRequest request, const Park& reason) {
  SLUICE_CHECK(!parked_.contains(client.id), "a client waits for one thing at a time");
  Parked& parked = parked_[client.id];
  parked.request = std::move(request);
  parked.null = reason.null;
  parked.offset = reason.offset;
  if (reason.offset != 0) ++offset_waiters_;
  for (const base::ByteView key : reason.keys) {
    auto* const queue = &*queues_.try_emplace(KeyName{db, base::Bytes(key)}).first;
    auto& waiters = queue->second.waiters;
    // A key named twice is one place (BLPOP a a), and whoever is being parked stands at the back.
    if (!waiters.empty() && waiters.back().id == client.id) continue;
    waiters.push_back(Waiter{client.id, reason.type, reason.wake_on_gone});
    queue->second.gone_watchers += reason.wake_on_gone ? 1 : 0;
    parked.places.push_back(Place{queue, std::prev(waiters.end())});
  }
  if (reason.deadline_ms != 0) parked.deadline = deadlines_.push(reason.deadline_ms, client.id);
  if (reason.wake_at_ms != 0) parked.wake = wakes_.push(reason.wake_at_ms, client.id);
  client.set(client::kBlocked);
}

void Blocking::wake_later(client::ClientId id, int64_t wake_at_ms) {
  Parked& parked = parked_.at(id);
  if (parked.wake != UINT32_MAX) {
    wakes_.update(parked.wake, wake_at_ms);
  } else {
    parked.wake = wakes_.push(wake_at_ms, id);
  }
}

OwnedRequest Blocking::unpark(client::Client& client) {
  const auto found = parked_.find(client.id);
  SLUICE_CHECK(found != parked_.end(), "unpark of a client that does not wait");
  Parked& parked = found->second;
  for (const Place& place : parked.places) {
    place.queue->second.gone_watchers -= place.waiter->wake_on_gone ? 1 : 0;
    place.queue->second.waiters.erase(place.waiter);
    if (place.queue->second.waiters.empty()) queues_.erase(queues_.find(place.queue->first));
  }
  if (parked.deadline != UINT32_MAX) deadlines_.remove(parked.deadline);
  if (parked.wake != UINT32_MAX) wakes_.remove(parked.wake);
  if (parked.offset != 0) --offset_waiters_;
  OwnedRequest request = std::move(parked.request);
  parked_.erase(found);
  client.unset(client::kBlocked);
  return request;
}

void Blocking::touch(int db, base::ByteView key) {
  const auto found = queues_.find(KeyNameView{db, key});
  if (found == queues_.end() || found->second.ready) return;
  found->second.ready = true;
  ready_.push_back(found->first);
}

void Blocking::touch_gone(int db, base::ByteView key) {
  if (gone_watchers(db, key) > 0) touch(db, key);
}

void Blocking::touch_database(int db) {
  for (auto& [name, queue] : queues_) {
    if (name.db != db || queue.ready) continue;
    queue.ready = true;
    ready_.push_back(name);
  }
}

size_t Blocking::gone_watchers(int db, base::ByteView key) const {
  const auto found = queues_.find(KeyNameView{db, key});
  return found == queues_.end() ? 0 : found->second.gone_watchers;
}

std::optional<int64_t> Blocking::next_deadline_ms() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.top_time_ms();
}

std::optional<int64_t> Blocking::next_wake_ms() const {
  if (wakes_.empty()) return std::nullopt;
  return wakes_.top_time_ms();
}

client::ClientId Blocking::timed_out(int64_t now_ms) const {
  if (deadlines_.empty() || deadlines_.top_time_ms() > now_ms) return 0;
  return deadlines_.top();
}

client::ClientId Blocking::take_woken(int64_t now_ms) {
  if (wakes_.empty() || wakes_.top_time_ms() > now_ms) return 0;
  const client::ClientId id = wakes_.remove(wakes_.top_handle());
  parked_.at(id).wake = UINT32_MAX;
  return id;
}

std::vector<client::ClientId> Blocking::reached(uint64_t offset) const {
  std::vector<client::ClientId> ids;
  if (offset_waiters_ == 0) return ids;
  for (const auto& [id, parked] : parked_) {
    if (parked.offset != 0 && parked.offset <= offset) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

size_t Blocking::blocking_keys_on_gone() const {
  return static_cast<size_t>(std::count_if(queues_.begin(), queues_.end(),
                                           [](const auto& entry) { return entry.second.gone_watchers > 0; }));
}

}  // namespace sluice::exec
