#include "property/stream_groups.h"

#include <algorithm>

#include "keyspace/edit.h"
#include "keyspace/event.h"

namespace sluice::test {

using types::PendingEntry;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;

void StreamGroups::step() {
  keyspace::ChangeLog changes(harness_.keyspace.graveyard());
  keyspace::Access access{&harness_.keyspace.database(0), &changes, now_ms()};
  access.expiry = keyspace::Expiry::kIgnore;
  const std::string& key = keys_[random_.below(keys_.size())];
  auto found = keyspace::edit_existing<Stream>(harness_.keyspace, access, key);
  if (!found.ok() || !*found) return;
  change(**found);
  found->commit(keyspace::events::xadd);
}

void StreamGroups::change(Stream& stream) {
  const std::string name = "group:" + std::to_string(random_.below(4));
  StreamGroup* group = stream.find_group(name);
  if (group == nullptr) {
    const bool from_start = random_.below(2) == 0;
    stream.add_group(name, from_start ? types::StreamId{} : stream.last_id(),
                     from_start ? 0 : StreamGroup::kUnknown);
    ++tally_.groups;
  } else if (random_.below(120) == 0) {
    stream.remove_group(name);
    ++tally_.groups_gone;
  } else {
    change(stream, *group);
  }
}

void StreamGroups::change(const Stream& stream, StreamGroup& group) {
  const std::optional<PendingEntry> entry = any_pending(group);
  switch (random_.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      deliver(stream, group);
      break;
    case 4:
    case 5:
      if (!entry) break;
      group.deliver(entry->id, {&consumer_of(group), now_ms(),
                                std::min(entry->deliveries, uint64_t{INT64_MAX} - 1) + 1});
      ++tally_.claimed;
      break;
    case 6:
    case 7:
      if (entry && group.acknowledge(entry->id)) ++tally_.acknowledged;
      break;
    case 8:
      if (entry && random_.below(2) == 0) {
        const bool fatal = random_.below(4) == 0;
        group.release(entry->id, fatal ? uint64_t{INT64_MAX} : entry->deliveries);
        ++tally_.released;
        break;
      }
      if (random_.below(4) != 0 || group.consumers().empty()) break;
      group.remove_consumer(*group.consumers().begin()->second);
      ++tally_.consumers_gone;
      break;
    default:
      group.set_last_id(stream.first_id());
      group.entries_read = StreamGroup::kUnknown;
      break;
  }
}

// What lies behind the last delivered entry, up to three of them.
void StreamGroups::deliver(const Stream& stream, StreamGroup& group) {
  StreamConsumer& consumer = consumer_of(group);
  auto at = stream.seek(group.last_id());
  if (at.valid() && at.entry().id == group.last_id()) at.next();
  for (uint64_t left = 1 + random_.below(3); left > 0 && at.valid(); --left, at.next()) {
    const types::StreamId id = at.entry().id;
    if (group.add_pending(id, {&consumer, now_ms(), 1})) ++tally_.delivered;
    group.set_last_id(id);
    if (group.entries_read != StreamGroup::kUnknown) ++group.entries_read;
  }
}

StreamConsumer& StreamGroups::consumer_of(StreamGroup& group) {
  const std::string name = "worker:" + std::to_string(random_.below(3));
  StreamConsumer* consumer = group.find_consumer(name);
  if (consumer == nullptr) return group.add_consumer(name, now_ms());
  consumer->seen_ms = now_ms();
  return *consumer;
}

std::optional<PendingEntry> StreamGroups::any_pending(const StreamGroup& group) {
  auto entry = group.next_pending({});
  for (uint64_t steps = random_.below(8); entry && steps > 0; --steps) {
    const auto further = group.next_pending(*entry->id.next());
    if (!further) break;
    entry = further;
  }
  return entry;
}

std::string StreamGroups::last_seen(Harness& harness) {
  std::vector<std::string> lines;
  for (int db = 0; db < harness.keyspace.database_count(); ++db) {
    harness.keyspace.database(db).entries().for_each([&](keyspace::Entry* entry) {
      const auto* stream = keyspace::get_if<Stream>(entry->value);
      if (stream == nullptr) return;
      for (const auto& [name, group] : stream->groups()) {
        for (const auto& [consumer_name, consumer] : group->consumers()) {
          lines.push_back(std::to_string(db) + " " + std::string(entry->key()) + " " + name + " " +
                          consumer_name + " seen at " + std::to_string(consumer->seen_ms) + "\n");
        }
      }
    });
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

}  // namespace sluice::test
