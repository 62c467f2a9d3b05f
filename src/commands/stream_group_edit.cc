#include "commands/stream_group_edit.h"

#include <utility>

#include "base/number.h"

namespace sluice::commands {

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

void GroupEdit::deliver(const StreamId& id, const StreamGroup::Delivery& delivery) {
  if (!group().add_pending(id, delivery)) group().deliver(id, delivery);
  note(id, false, delivery);
}

void GroupEdit::drop(const StreamId& id) {
  group().acknowledge(id);
  note(id, true, {});
}

void GroupEdit::note(const StreamId& id, bool dropped, const StreamGroup::Delivery& delivery) {
  ++changes_;
  if (!logs()) return;
  const bool alike = run_.dropped == dropped && run_.delivery.consumer == delivery.consumer &&
                     run_.delivery.delivered_ms == delivery.delivered_ms &&
                     run_.delivery.deliveries == delivery.deliveries;
  if (!alike || run_.ids.size() >= kIdsPerRecord) end_run();
  run_.dropped = dropped;
  run_.delivery = delivery;
  run_.ids.emplace_back(id);
}

// Redis counts by the same rules (src/t_stream.c): XINFO GROUPS shows the outcome as entries-read.
void GroupEdit::advance(const StreamId& id) {
  const Stream& entries = stream_.peek();
  StreamGroup& moved = group();
  const bool hole_ahead =
      !entries.empty() && entries.max_deleted_id() != types::kMinStreamId && id <= entries.max_deleted_id();
  if (moved.entries_read != StreamGroup::kUnknown && !hole_ahead) {
    ++moved.entries_read;
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
  std::vector<ByteView> words;
  words.reserve(run_.ids.size() + 12);
  if (run_.dropped) {
    words = {"XACK", key_, name_};
  } else {
    words = {"XCLAIM", key_, name_, run_.delivery.consumer->name(), "0"};
  }
  for (const StreamIdText& id : run_.ids) words.push_back(id.view());
  const base::NumberText time = base::format_int64(run_.delivery.delivered_ms);
  const base::NumberText count = base::format_uint64(run_.delivery.deliveries);
  const StreamIdText last(group_->last_id());
  if (!run_.dropped) {
    words.insert(words.end(),
                 {"TIME", time.view(), "RETRYCOUNT", count.view(), "FORCE", "JUSTID", "LASTID", last.view()});
  }
  call_->propagate_as(words);
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
  stream_.unchanged();
}

base::Result<GroupEdit, keyspace::Refusal> edit_group(Call& call, ByteView key, ByteView name) {
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return stream.error();
  looked_up(call, key, static_cast<bool>(*stream));
  return GroupEdit(call, key, name, std::move(*stream));
}

}  // namespace sluice::commands
