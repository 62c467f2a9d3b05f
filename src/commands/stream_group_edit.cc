#include "commands/stream_group_edit.h"

#include <utility>

#include "base/number.h"

namespace sluice::commands {

using types::PendingEntry;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;
using types::StreamId;
using types::StreamIdText;

std::string quoted(ByteView name) {
  return "'" + std::string(name.substr(0, name.find('\0'))) + "'";
}

std::string no_such_group(ByteView key, ByteView group) {
  return "NOGROUP No such key " + quoted(key) + " or consumer group " + quoted(group);
}

std::string no_group_of_key(ByteView group, ByteView key) {
  return "NOGROUP No such consumer group " + quoted(group) + " for key name " + quoted(key);
}

void announce(Call& call, const keyspace::Event& event, ByteView key) {
  if (call.entrance == Entrance::kReplay) return;
  call.unit().effects.keyspace_event(call.on.settings.notify_classes, event, call.access().db->index(), key);
}

void wake_readers(Call& call, ByteView key) {
  if (call.entrance != Entrance::kReplay) call.on.blocking.touch(call.access().db->index(), key);
}

void wake_claimers(Call& call, ByteView key, const StreamGroup& group,
                   std::optional<int64_t> earliest_before_ms) {
  const auto earliest_ms = group.earliest_delivery_ms();
  if (earliest_ms && (!earliest_before_ms || *earliest_ms < *earliest_before_ms)) wake_readers(call, key);
}

GroupEdit::GroupEdit(Call& call, ByteView key, ByteView name, Edit<Stream> stream)
    : call_(&call), key_(key), name_(name), stream_(std::move(stream)) {
  if (stream_) group_ = stream_.peek().find_group(name);
}

StreamConsumer& GroupEdit::meet(ByteView name) {
  const int64_t now_ms = call_->access().now_ms;
  StreamConsumer* consumer = group().find_consumer(name);
  if (consumer == nullptr) {
    consumer = &group().add_consumer(name, now_ms);
    ++changes_;
    announce(*call_, events::xgroup_createconsumer, key_);
    if (logs()) call_->propagate_as({"XGROUP", "CREATECONSUMER", key_, name_, name});
  }
  consumer->seen_ms = now_ms;
  return *consumer;
}

void GroupEdit::remove(StreamConsumer& consumer) {
  end_run();  // it may name the consumer
  // For Redis, which is told nothing of what was given back, that is still the consumer's, and would go with
  // it.
  const bool may_have_more = group_->unowned_count() > 0;
  const ByteView words[] = {"XGROUP", "DELCONSUMER", key_, name_, consumer.name()};
  if (logs()) call_->propagate_as(words, may_have_more ? RecordFor::kSluice : RecordFor::kEverybody);
  group().remove_consumer(consumer);
  ++changes_;
  announce(*call_, events::xgroup_delconsumer, key_);
}

void GroupEdit::deliver(const StreamId& id, const StreamGroup::Delivery& delivery) {
  if (!group().add_pending(id, delivery)) group().deliver(id, delivery);
  note(id, {Deed::kDelivered, delivery, PendingEntry::kNotDelayed, {}});
}

void GroupEdit::deliver_again(const StreamId& id, const StreamGroup::Delivery& delivery) {
  group().deliver(id, delivery);
  note(id, {Deed::kDeliveredAgain, delivery, PendingEntry::kNotDelayed, {}});
}

void GroupEdit::release(const StreamId& id, uint64_t deliveries) {
  if (!group().add_released(id, deliveries)) group().release(id, deliveries);
  note(id, {Deed::kGivenBack, {nullptr, 0, deliveries}, PendingEntry::kNotDelayed, {}});
}

void GroupEdit::delay(const StreamId& id, uint64_t deliveries, int64_t until_ms) {
  if (!group().add_delayed(id, deliveries, until_ms)) group().delay(id, deliveries, until_ms);
  note(id, {Deed::kGivenBack, {nullptr, 0, deliveries}, until_ms, {}});
}

void GroupEdit::drop(const StreamId& id) {
  group().acknowledge(id);
  note(id, {Deed::kDropped, {}, PendingEntry::kNotDelayed, {}});
}

bool GroupEdit::Run::is_like(const Run& other) const {
  return deed == other.deed && delivery.consumer == other.delivery.consumer &&
         delivery.delivered_ms == other.delivery.delivered_ms &&
         delivery.deliveries == other.delivery.deliveries && until_ms == other.until_ms;
}

void GroupEdit::note(const StreamId& id, const Run& what) {
  ++changes_;
  if (!logs()) return;
  if (!run_.ids.empty() && (!run_.is_like(what) || run_.ids.size() >= kIdsPerRecord)) end_run();
  run_.deed = what.deed;
  run_.delivery = what.delivery;
  run_.until_ms = what.until_ms;
  run_.ids.emplace_back(id);
}

// Redis counts by the same rules (src/t_stream.c): XINFO GROUPS shows the outcome as entries-read.
void GroupEdit::advance(const StreamId& id) {
  const Stream& entries = stream_.peek();
  StreamGroup& moved = group();
  const bool hole_ahead =
      !entries.empty() && entries.max_deleted_id() != types::kMinStreamId && id <= entries.max_deleted_id();
  if (moved.entries_read != StreamGroup::kUnknown && !hole_ahead) {
    if (std::cmp_less(moved.entries_read, types::kMostCounted)) ++moved.entries_read;
  } else if (entries.entries_added() > 0) {
    moved.entries_read = entries.entries_up_to(id);
  }
  move_to(id);
}

void GroupEdit::move_to(const StreamId& id) {
  group().set_last_id(id);
  moved_ = true;
}

void GroupEdit::end_run() {
  if (run_.ids.empty()) return;
  if (run_.deed == Deed::kGivenBack) return log_given_back();
  const bool dropped = run_.deed == Deed::kDropped;
  std::vector<ByteView> words;
  words.reserve(run_.ids.size() + 12);
  if (dropped) {
    words = {"XACK", key_, name_};
  } else {
    words = {"XCLAIM", key_, name_, run_.delivery.consumer->name(), "0"};
  }
  for (const StreamIdText& id : run_.ids) words.push_back(id.view());
  const base::NumberText time = base::format_int64(run_.delivery.delivered_ms);
  const base::NumberText count = base::format_uint64(run_.delivery.deliveries);
  const StreamIdText last(group_->last_id());
  if (!dropped) {
    words.insert(words.end(), {"TIME", time.view(), "RETRYCOUNT", count.view(), "FORCE", "JUSTID"});
  }
  if (run_.deed == Deed::kDelivered) words.insert(words.end(), {"LASTID", last.view()});
  call_->propagate_as(words);
  run_.ids.clear();
}

void GroupEdit::log_given_back() {
  const base::NumberText number = base::format_uint64(run_.ids.size());
  const base::NumberText count = base::format_uint64(run_.delivery.deliveries);
  const base::NumberText until = base::format_int64(run_.until_ms);
  std::vector<ByteView> words = {"XNACK", key_, name_, "FAIL", "IDS", number.view()};
  for (const StreamIdText& id : run_.ids) words.push_back(id.view());
  words.insert(words.end(), {"RETRYCOUNT", count.view(), "FORCE"});
  if (run_.until_ms != PendingEntry::kNotDelayed) words.insert(words.end(), {"UNTIL", until.view()});
  call_->propagate_as(words, RecordFor::kSluice);
  run_.ids.clear();
}

void GroupEdit::finish() {
  end_run();
  if (moved_ && logs()) {
    const StreamIdText last(group_->last_id());
    const base::NumberText read = base::format_int64(group_->entries_read);
    call_->propagate_as({"XGROUP", "SETID", key_, name_, last.view(), "ENTRIESREAD", read.view()});
  }
  // Where a group stands counts as a change only when nothing else does.
  if (moved_ && changes_ == 0) ++changes_;
  call_->unit().changes.count_dirty(std::exchange(changes_, 0));
  moved_ = false;
  if (group_->acts() || group_->filed_ms != types::kNeverExpires) {
    stream_->follow(*group_);
    call_->on.keyspace.deadlines().follow_value(*call_->access().db, stream_.entry());
  }
  stream_.unchanged();
}

base::Result<GroupEdit, keyspace::Refusal> edit_group(Call& call, ByteView key, ByteView name) {
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return stream.error();
  looked_up(call, key, static_cast<bool>(*stream));
  return GroupEdit(call, key, name, std::move(*stream));
}

std::optional<GroupEdit> edit_group_of_xgroup(Call& call, ByteView key, ByteView name) {
  auto found = call.edit_existing<Stream>(key);
  if (!found.ok()) {
    call.fail(found.error());
    return std::nullopt;
  }
  if (!*found) {
    call.fail(kXgroupNeedsKey);
    return std::nullopt;
  }
  GroupEdit edit(call, key, name, std::move(*found));
  if (!edit) {
    call.fail(no_group_of_key(name, key));
    return std::nullopt;
  }
  return edit;
}

}  // namespace sluice::commands
