#include "exec/blocking.h"

#include <algorithm>

#include "base/check.h"

namespace sluice::exec {

void Blocking::park(client::Client& client, int db, OwnedRequest request, const Park& reason) {
  SLUICE_CHECK(!parked_.contains(client.id), "a client waits for one thing at a time");
  SLUICE_CHECK(reason.question < kQuestions, "a question has a lane");
  Parked& parked = parked_[client.id];
  parked.request = std::move(request);
  parked.null = reason.null;
  parked.answers_late = reason.answers_late;
  parked.offset = reason.offset;
  if (reason.offset != 0) offset_waiters_.emplace(reason.offset, client.id);
  if (reason.offset != kLogWentOffset) highest_offset_ = std::max(highest_offset_, reason.offset);
  const Ticket ticket = ++last_ticket_;
  for (const base::ByteView key : reason.keys) {
    auto* const queue = &*queues_.try_emplace(KeyName{db, base::Bytes(key)}).first;
    const bool watched = queue->second.watched_for_going();
    if (reason.question != 0) queue->second.has_questions = true;
    // A key named twice is one place (BLPOP a a).
    const auto [place, fresh] =
        queue->second.waiters.try_emplace(std::pair(lane_of(reason), ticket), client.id);
    if (!fresh) continue;
    if (!watched && queue->second.watched_for_going()) ++watched_for_going_;
    parked.places.push_back(Place{queue, place});
    if (reason.wake_at_ms != 0) wake_at(*queue, reason.wake_at_ms);
  }
  if (reason.deadline_ms != 0) parked.deadline = deadlines_.push(reason.deadline_ms, client.id);
  client.set(client::kBlocked);
}

void Blocking::park_in_line(client::Client& client, OwnedRequest request) {
  park(client, client.db, std::move(request), Park{});
  Parked& parked = parked_.at(client.id);
  parked.place_in_line = ++last_ticket_;
  line_.emplace(parked.place_in_line, client.id);
}

void Blocking::wake_at(Queues::value_type& queue, int64_t wake_at_ms) {
  uint32_t& wake = queue.second.wake;
  if (wake == UINT32_MAX) {
    wake = wakes_.push(wake_at_ms, &queue);
  } else if (wake_at_ms < wakes_.time_of(wake)) {
    wakes_.update(wake, wake_at_ms);
  }
}

void Blocking::wake_later(client::ClientId id, int64_t wake_at_ms) {
  for (const Place& place : parked_.at(id).places) wake_at(*place.queue, wake_at_ms);
}

void Blocking::end_time(client::ClientId id, int64_t now_ms) {
  Parked& parked = parked_.at(id);
  if (parked.deadline != UINT32_MAX) {
    deadlines_.update(parked.deadline, now_ms);
  } else {
    parked.deadline = deadlines_.push(now_ms, id);
  }
}

OwnedRequest Blocking::unpark(client::Client& client) {
  const auto found = parked_.find(client.id);
  SLUICE_CHECK(found != parked_.end(), "unpark of a client that does not wait");
  Parked& parked = found->second;
  for (const Place& place : parked.places) {
    Queue& queue = place.queue->second;
    const bool watched = queue.watched_for_going();
    queue.waiters.erase(place.waiter);
    if (watched && !queue.watched_for_going()) --watched_for_going_;
    if (!queue.waiters.empty()) continue;
    if (queue.wake != UINT32_MAX) wakes_.remove(queue.wake);
    queues_.erase(queues_.find(place.queue->first));
  }
  if (parked.place_in_line != 0) line_.erase(parked.place_in_line);
  if (parked.deadline != UINT32_MAX) deadlines_.remove(parked.deadline);
  if (parked.offset != 0) offset_waiters_.erase({parked.offset, client.id});
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
  const auto found = queues_.find(KeyNameView{db, key});
  if (found != queues_.end() && found->second.watched_for_going()) touch(db, key);
}

void Blocking::touch_database(int db) {
  for (auto& [name, queue] : queues_) {
    if (name.db != db || queue.ready) continue;
    queue.ready = true;
    ready_.push_back(name);
  }
}

Blocking::Ticket Blocking::begin_service(int db, base::ByteView key) {
  const auto found = queues_.find(KeyNameView{db, key});
  if (found != queues_.end()) found->second.ready = false;
  return last_ticket_;
}

std::optional<Blocking::Waiter> Blocking::Queue::next(Lane lane, const Turn& turn) const {
  const auto found = waiters.upper_bound(std::pair(lane, turn.after));
  if (found == waiters.end() || found->first.first != lane) return std::nullopt;
  if (found->first.second > turn.last) return std::nullopt;
  const uint8_t question = lane == kAnything ? uint8_t{0} : static_cast<uint8_t>(lane % kQuestions);
  return Waiter{found->first.second, found->second, question};
}

std::optional<Blocking::Waiter> Blocking::next_waiter(int db, base::ByteView key,
                                                      std::optional<keyspace::Type> type,
                                                      const Turn& turn) const {
  const auto found = queues_.find(KeyNameView{db, key});
  if (found == queues_.end()) return std::nullopt;
  const Queue& queue = found->second;
  std::optional<Waiter> oldest = queue.next(kAnything, turn);
  if (!type) return oldest;
  const uint8_t questions = queue.has_questions ? kQuestions : uint8_t{1};
  for (uint8_t question = 0; question < questions; ++question) {
    if ((turn.answered & (1u << question)) != 0) continue;
    const std::optional<Waiter> other = queue.next(lane_of(*type, question), turn);
    if (other && (!oldest || other->ticket < oldest->ticket)) oldest = other;
  }
  return oldest;
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

bool Blocking::touch_due(int64_t now_ms) {
  if (wakes_.empty() || wakes_.top_time_ms() > now_ms) return false;
  Queues::value_type& queue = *wakes_.remove(wakes_.top_handle());
  queue.second.wake = UINT32_MAX;
  touch(queue.first.db, queue.first.key);
  return true;
}

client::ClientId Blocking::take_reached(uint64_t offset) {
  if (offset_waiters_.empty() || offset_waiters_.begin()->first > offset) return 0;
  const client::ClientId id = offset_waiters_.begin()->second;
  offset_waiters_.erase(offset_waiters_.begin());
  parked_.at(id).offset = 0;
  return id;
}

std::optional<uint64_t> Blocking::next_offset() const {
  if (offset_waiters_.empty()) return std::nullopt;
  return offset_waiters_.begin()->first;
}

}  // namespace sluice::exec
