#include "types/stream_agenda.h"

#include <algorithm>

#include "types/stream.h"

namespace sluice::types {

void StreamAgenda::file(StreamGroup* group, int64_t& filed_ms, int64_t next_ms) {
  if (filed_ms == next_ms) return;
  auto item = filed_ms == kNeverExpires ? decltype(items_)::node_type() : items_.extract({filed_ms, group});
  filed_ms = next_ms;
  if (next_ms == kNeverExpires) return;
  if (item.empty()) {
    items_.emplace(next_ms, group);
  } else {
    item.value() = {next_ms, group};
    items_.insert(std::move(item));
  }
}

size_t StreamAgenda::memory_bytes() const {
  // What a node of the library's tree takes beside its content.
  constexpr size_t kTreeNodeBytes = 32;
  return sizeof(StreamAgenda) + items_.size() * (kTreeNodeBytes + sizeof(decltype(items_)::value_type));
}

bool StreamAgenda::release_slice(size_t max) {
  for (; max > 0 && !items_.empty(); --max) items_.erase(items_.begin());
  return !items_.empty();
}

// --- of a group

const GroupPolicy& StreamGroup::policy() const {
  static const GroupPolicy kNone;
  return acting_ == nullptr ? kNone : acting_->policy;
}

void StreamGroup::set_policy(const GroupPolicy& policy) {
  if (policy == this->policy()) return;
  const int64_t ttl_before_ms = this->policy().consumer_ttl_ms;
  const bool kept_letters = !this->policy().dead_letters.empty();
  const bool keeps_letters = !policy.dead_letters.empty();
  if (acting_ == nullptr) {
    acting_ = std::make_unique<Acting>();
    acting_->filed_up_to = numbered_.size();
  }
  acting_->policy = policy;
  if (index_ != nullptr && keeps_letters != kept_letters) index_->keeps_letters(*this, keeps_letters);
  if (policy.consumer_ttl_ms == ttl_before_ms) return;
  acting_->filed_up_to = 0;
  file_looks(kFiledAtOnce);
}

void StreamGroup::file_looks(size_t max) {
  size_t& at = acting_->filed_up_to;
  const int64_t ttl_ms = acting_->policy.consumer_ttl_ms;
  for (; max > 0 && at < numbered_.size(); --max, ++at) {
    StreamConsumer* const consumer = numbered_[at];
    if (consumer == nullptr) continue;
    consumer->asked_ = false;
    file_look(*consumer, ttl_ms == 0 ? kNeverExpires : consumer->seen_ms + ttl_ms);
  }
}

int64_t StreamGroup::next_deadline_ms() const {
  if (!all_filed()) return 0;
  int64_t next_ms = next_look().at_ms;
  if (policy().lease_ms > 0) {
    if (const auto first_ms = earliest_delivery_ms())
      next_ms = std::min(next_ms, *first_ms + policy().lease_ms);
  }
  if (const auto delayed = first_delayed()) next_ms = std::min(next_ms, delayed->until_ms);
  return next_ms;
}

StreamGroup::Look StreamGroup::next_look() const {
  if (acting_ == nullptr || acting_->looks.empty() || !all_filed()) return {};
  const auto& [at_ms, consumer] = *acting_->looks.begin();
  return {at_ms, consumer, consumer->asked_};
}

void StreamGroup::look_again(StreamConsumer& consumer, int64_t at_ms, bool asked) {
  consumer.asked_ = asked;
  file_look(consumer, at_ms);
}

void StreamGroup::file_look(StreamConsumer& consumer, int64_t at_ms) {
  auto& looks = acting_->looks;
  if (consumer.look_ms_ != kNeverExpires) looks.erase({consumer.look_ms_, &consumer});
  consumer.look_ms_ = at_ms;
  if (at_ms != kNeverExpires) looks.emplace(at_ms, &consumer);
}

// --- of the stream itself

int64_t Stream::next_deadline_ms() {
  if (delayed_ != nullptr) agenda_->file_own(next_delayed_ms());
  return agenda_ == nullptr ? kNeverExpires : agenda_->next_ms();
}

StreamAgenda& Stream::agenda() {
  if (agenda_ == nullptr) agenda_ = std::make_unique<StreamAgenda>();
  return *agenda_;
}

void Stream::follow(StreamGroup& group) {
  const int64_t next_ms = group.next_deadline_ms();
  if (next_ms != group.filed_ms) agenda().file(&group, group.filed_ms, next_ms);
}

}  // namespace sluice::types
