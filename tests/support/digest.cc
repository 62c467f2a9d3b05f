// The harness's digest: the whole state as text, so that a test can compare two of them.
#include <algorithm>

#include "base/number.h"
#include "support/harness.h"
#include "types/delayed_entries.h"

namespace sluice::test {

namespace {

std::string element_text(const ds::Element& element) {
  base::NumberText buffer;
  return std::string(element.to_text(buffer));
}

std::string in_order(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return in_order(lines);
}

std::string content(const types::StringValue& value) {
  base::NumberText buffer;
  return std::string(value.view(buffer));
}

std::string content(const types::List& list) {
  std::string text;
  for (auto cursor = list.cursor_at(0); cursor.valid(); cursor.next())
    text += element_text(cursor.get()) + "\n";
  return text;
}

std::string content(const types::Hash& hash) {
  std::vector<std::string> lines;
  hash.for_each([&](const ds::Element& field, const ds::Element& value, int64_t deadline_ms) {
    lines.push_back(element_text(field) + "=" + element_text(value));
    if (deadline_ms != types::kNeverExpires) lines.back() += " until " + std::to_string(deadline_ms);
  });
  // What is packed, and never had deadlines, is answered in the order in which it was set, and that is seen.
  if (std::string_view(hash.encoding()) == "listpack") return in_order(lines);
  return sorted(std::move(lines));
}

std::string content(const types::Set& set) {
  std::vector<std::string> lines;
  set.for_each([&](const ds::Element& member) { lines.push_back(element_text(member)); });
  return sorted(std::move(lines));
}

std::string content(const types::SortedSet& set) {
  std::string text;
  set.for_each([&](const ds::Element& member, double score) {
    text += element_text(member) + "@" + std::string(base::format_double(score).view()) + "\n";
  });
  return text;
}

std::string id_text(const types::StreamId& id) {
  return std::to_string(id.ms) + "-" + std::to_string(id.seq);
}

std::string delayed_text(const types::DelayedEntries& delayed) {
  std::string text = "arrived " + std::to_string(delayed.last_arrival()) + "\n";
  for (auto place = delayed.next(types::kMinStreamId); place; place = delayed.next(*place->next())) {
    const types::DelayedEntry entry = delayed.read(*place);
    text += "delayed " + id_text(*place) + " " + entry.ticket + " " + std::to_string(entry.rules.ttl_ms);
    if (const auto& trim = entry.rules.trim) {
      text += " trim " + std::to_string(static_cast<int>(trim->keep)) + " " +
              std::to_string(trim->max_length) + " " + id_text(trim->min_id) + " " +
              std::to_string(trim->approximate) + " " + std::to_string(trim->limit) + " " +
              std::to_string(static_cast<int>(trim->policy));
    }
    for (const base::Bytes& word : entry.fields) text += " " + word;
    text += "\n";
  }
  delayed.expiries().for_each_leaf([&](const types::PendingLeaf& leaf) {
    for (size_t i = 0; i < leaf.count(); ++i) {
      text += "goes " + id_text(leaf.id(i)) + " " + std::to_string(leaf.key(i)) + "\n";
    }
  });
  return text;
}

std::string content(const std::unique_ptr<types::Stream>& stream) {
  std::string text = id_text(stream->last_id()) + " " + id_text(stream->max_deleted_id()) + " " +
                     std::to_string(stream->entries_added()) + "\n";
  for (auto cursor = stream->seek(types::StreamId{}); cursor.valid(); cursor.next()) {
    text += id_text(cursor.entry().id);
    cursor.entry().for_each([&](const ds::Element& name, const ds::Element& value) {
      text += " " + element_text(name) + "=" + element_text(value);
    });
    text += "\n";
  }
  for (const auto& [name, group] : stream->groups()) {
    text +=
        "group " + name + " " + id_text(group->last_id()) + " " + std::to_string(group->entries_read) + "\n";
    for (const auto& [consumer_name, consumer] : group->consumers())
      text += "consumer " + consumer_name + "\n";
    const types::GroupPolicy& policy = group->policy();
    text += "policy " + std::to_string(policy.lease_ms) + " " + std::to_string(policy.max_deliveries) + " " +
            std::to_string(policy.backoff_ms) + " " + std::to_string(policy.backoff_factor) + " " +
            std::to_string(policy.backoff_most_ms) + " " + policy.dead_letters + " " +
            std::to_string(policy.most_dead_letters) + " " + std::to_string(policy.consumer_ttl_ms) + "\n";
    auto walk = group->walk_idle();
    while (const auto entry = walk.next()) {
      std::string whose = entry->released() ? "released" : "delayed until " + std::to_string(entry->until_ms);
      if (entry->consumer != nullptr) whose = "of " + entry->consumer->name();
      text += id_text(entry->id) + " " + whose + " " + std::to_string(entry->delivered_ms) + " " +
              std::to_string(entry->deliveries) + "\n";
    }
  }
  if (const types::IdempotenceTable* table = stream->idempotence(); table != nullptr) {
    text += "producers " + std::to_string(table->limits().duration_s) + " " +
            std::to_string(table->limits().max_ids) + " " + std::to_string(table->added()) + " " +
            std::to_string(table->duplicates()) + "\n";
    table->for_each([&](base::ByteView pid, base::ByteView iid, const types::StreamId& id) {
      text += "sent " + std::string(pid) + " " + std::string(iid) + " " + id_text(id) + "\n";
    });
  }
  if (const types::DelayedEntries* delayed = stream->delayed(); delayed != nullptr) {
    text += delayed_text(*delayed);
  }
  return text;
}

}  // namespace

std::string Harness::digest() {
  std::string text;
  for (int db = 0; db < keyspace.database_count(); ++db) {
    std::vector<std::string> keys;
    keyspace.database(db).entries().for_each([&](const keyspace::Entry* entry) {
      std::string line = std::to_string(db) + " " + std::string(entry->key()) + " ";
      line += keyspace::type_name(keyspace::type_of(entry->value));
      line += " " + std::string(keyspace::encoding_of(entry->value));
      if (entry->deadline != keyspace::kNoDeadline) {
        line += " until " + std::to_string(keyspace.deadlines().expiry_ms(*entry));
      }
      keys.push_back(line + "\n" + std::visit([](const auto& held) { return content(held); }, entry->value));
    });
    text += sorted(std::move(keys));
  }
  return text;
}

}  // namespace sluice::test
