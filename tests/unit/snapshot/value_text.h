// Values as text, for comparing: encoding and content, in the value's own order.
#pragma once

#include <string>

#include "base/number.h"
#include "keyspace/keyspace.h"
#include "keyspace/value.h"
#include "snapshot/decoder.h"
#include "snapshot/encoder.h"
#include "snapshot/value_codec.h"
#include "snapshot/value_decoder.h"
#include "types/delayed_entries.h"
#include "unit/snapshot/bytes.h"

namespace sluice::snapshot {

class ValueText {
 public:
  static std::string of(const keyspace::Value& value) {
    ValueText text;
    text.out_ = std::string(keyspace::encoding_of(value)) + ":";
    std::visit(text, value);
    return text.out_;
  }

  void operator()(const types::StringValue& value) {
    base::NumberText buffer;
    out_ += " " + std::string(value.view(buffer));
  }
  void operator()(const types::List& list) {
    for (auto at = list.cursor_at(0); at.valid(); at.next()) add(at.get());
  }
  void operator()(const types::Hash& hash) {
    hash.for_each([&](const ds::Element& field, const ds::Element& value, int64_t deadline_ms) {
      add(field);
      add(value);
      if (deadline_ms != types::kNeverExpires) out_ += "@" + std::to_string(deadline_ms);
    });
  }
  void operator()(const types::Set& set) {
    set.for_each([&](const ds::Element& member) { add(member); });
  }
  void operator()(const types::SortedSet& set) {
    set.for_each([&](const ds::Element& member, double score) {
      add(member);
      out_ += "@" + std::string(base::format_double(score).view());
    });
  }
  void operator()(const std::unique_ptr<types::Stream>& stream) {
    out_ += " last " + id(stream->last_id()) + " deleted " + id(stream->max_deleted_id()) + " added " +
            std::to_string(stream->entries_added());
    for (auto at = stream->seek({}); at.valid(); at.next()) {
      out_ += " [" + id(at.entry().id);
      at.entry().for_each([&](const ds::Element& name, const ds::Element& value) {
        add(name);
        add(value);
      });
      out_ += "]";
    }
    for (const auto& [name, group] : stream->groups()) add_group(name, *group);
    if (stream->idempotence() != nullptr) add_idempotence(*stream->idempotence());
    if (stream->delayed() != nullptr) add_delayed(*stream->delayed());
  }

 private:
  static std::string id(const types::StreamId& id) {
    return std::to_string(id.ms) + "-" + std::to_string(id.seq);
  }
  void add(const ds::Element& element) {
    base::NumberText buffer;
    out_ += " " + std::string(element.to_text(buffer));
  }
  void add_idempotence(const types::IdempotenceTable& table) {
    out_ += " {for " + std::to_string(table.limits().duration_s) + " most " +
            std::to_string(table.limits().max_ids) + " added " + std::to_string(table.added()) +
            " duplicates " + std::to_string(table.duplicates());
    table.for_each([this](base::ByteView pid, base::ByteView iid, const types::StreamId& sent) {
      out_ += " sent " + std::string(pid) + " " + std::string(iid) + " " + id(sent);
    });
    out_ += "}";
  }
  void add_delayed(const types::DelayedEntries& delayed) {
    out_ += " {arrived " + std::to_string(delayed.last_arrival());
    for (auto place = delayed.next({}); place; place = delayed.next(*place->next())) {
      const types::DelayedEntry entry = delayed.read(*place);
      out_ += " [" + id(*place) + " " + entry.ticket + " " + std::to_string(entry.rules.ttl_ms);
      for (const base::Bytes& word : entry.fields) out_ += " " + word;
      out_ += "]";
    }
    delayed.expiries().for_each_leaf([this](const types::PendingLeaf& leaf) {
      for (size_t i = 0; i < leaf.count(); ++i) {
        out_ += " goes " + id(leaf.id(i)) + "@" + std::to_string(leaf.key(i));
      }
    });
    out_ += "}";
  }
  void add_group(const std::string& name, const types::StreamGroup& group) {
    out_ += " {" + name + " at " + id(group.last_id()) + " read " + std::to_string(group.entries_read);
    for (const auto& [consumer_name, consumer] : group.consumers()) {
      out_ += " " + consumer_name + " seen " + std::to_string(consumer->seen_ms) + " active " +
              std::to_string(consumer->active_ms);
      for (auto own = consumer->next_own({}); own; own = consumer->next_own(*own->next())) {
        const auto entry = group.find_pending(*own);
        out_ += " " + id(entry->id) + "x" + std::to_string(entry->deliveries) + "@" +
                std::to_string(entry->delivered_ms);
      }
    }
    auto walk = group.walk_idle();
    for (auto entry = walk.next(); entry; entry = walk.next()) {
      if (entry->consumer != nullptr) continue;
      out_ += " released " + id(entry->id) + "x" + std::to_string(entry->deliveries);
      if (entry->delayed()) out_ += "@" + std::to_string(entry->until_ms);
    }
    if (const types::GroupPolicy& policy = group.policy(); policy != types::GroupPolicy{}) {
      out_ += " lease " + std::to_string(policy.lease_ms) + " deliveries " +
              std::to_string(policy.max_deliveries) + " backoff " + std::to_string(policy.backoff_ms) + " " +
              std::to_string(policy.backoff_factor) + " " + std::to_string(policy.backoff_most_ms) +
              " dead letters " + policy.dead_letters + " " + std::to_string(policy.most_dead_letters) +
              " ttl " + std::to_string(policy.consumer_ttl_ms);
    }
    out_ += "}";
  }

  std::string out_;
};

// What a value reads as, or why it does not.
inline std::string decoded(keyspace::Keyspace& keyspace, TypeCode code, const std::string& bytes) {
  const std::string exact(bytes);
  Decoder in(exact);
  auto value = decode_value(code, in, keyspace);
  if (!value.ok()) return value.error().message;
  if (in.left() > 0) return "(not all was read)";
  return ValueText::of(*value);
}

inline std::string encoded_value(const keyspace::Value& value, bool compress = false) {
  base::Bytes out;
  Encoder encoder(out, compress);
  encode_value(value, encoder);
  return out;
}

// A string as it stands in a file.
inline std::string packed(const std::string& bytes) {
  base::Bytes out;
  Encoder encoder(out, false);
  encoder.length(bytes.size());
  encoder.raw(bytes);
  return out;
}

}  // namespace sluice::snapshot
