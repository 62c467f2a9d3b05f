#include "commands/debug_digest.h"

#include <bit>
#include <cstring>
#include <variant>

#include "base/number.h"
#include "ds/hash_seed.h"
#include "types/delayed_entries.h"

namespace sluice::commands {

namespace {

using base::Bytes;
using base::ByteView;
using ds::Element;

// Hashes that any process computes alike: tables have secret seeds, content must not.
class Hasher {
 public:
  [[nodiscard]] DigestWords of(ByteView bytes) const {
    return {seeds_[0].hash(bytes), seeds_[1].hash(bytes), seeds_[2].hash(bytes)};
  }

 private:
  std::array<ds::HashSeed, 3> seeds_{ds::HashSeed(1), ds::HashSeed(2), ds::HashSeed(3)};
};

void append_number(Bytes& line, uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) line.push_back(static_cast<char>(number >> shift & 0xff));
}

// With its length, so that no two sequences of words make the same line.
void append_word(Bytes& line, ByteView word) {
  append_number(line, word.size());
  line += word;
}

void append_element(Bytes& line, const Element& element) {
  base::NumberText buffer;
  append_word(line, element.to_text(buffer));
}

void append_digest(Bytes& line, const DigestWords& digest) {
  for (const uint64_t word : digest) append_number(line, word);
}

void add(DigestWords& sum, const DigestWords& term) {
  for (size_t i = 0; i < sum.size(); ++i) sum[i] ^= term[i];
}

class ValueDigest {
 public:
  ValueDigest(const Hasher& hasher, int64_t now_ms) : hasher_(hasher), now_ms_(now_ms) {}

  DigestWords operator()(const types::StringValue& value) {
    base::NumberText buffer;
    return hasher_.of(value.view(buffer));
  }
  DigestWords operator()(const types::List& list) {
    for (auto at = list.cursor_at(0); at.valid(); at.next()) {
      append_element(line_, at.get());
      chain();
    }
    return digest_;
  }
  DigestWords operator()(const types::Hash& hash) {
    hash.for_each([&](const Element& field, const Element& value, int64_t deadline_ms) {
      if (deadline_ms <= now_ms_) return;
      append_element(line_, field);
      append_element(line_, value);
      if (deadline_ms != types::kNeverExpires) append_number(line_, static_cast<uint64_t>(deadline_ms));
      sum();
    });
    return digest_;
  }
  DigestWords operator()(const types::Set& set) {
    set.for_each([&](const Element& member) {
      append_element(line_, member);
      sum();
    });
    return digest_;
  }
  DigestWords operator()(const types::SortedSet& set) {
    set.for_each([&](const Element& member, double score) {
      append_element(line_, member);
      // A packed set cannot tell -0 from 0: adding 0 makes both 0.
      append_number(line_, std::bit_cast<uint64_t>(score + 0.0));
      chain();
    });
    return digest_;
  }
  DigestWords operator()(const std::unique_ptr<types::Stream>& stream) {
    append_id(stream->last_id());
    append_id(stream->max_deleted_id());
    append_number(line_, stream->entries_added());
    chain();
    for (auto at = stream->seek(types::StreamId{}); at.valid(); at.next()) {
      append_id(at.entry().id);
      at.entry().for_each([&](const Element& field, const Element& value) {
        append_element(line_, field);
        append_element(line_, value);
      });
      chain();
    }
    for (const auto& [name, group] : stream->groups()) add_group(name, *group);
    if (stream->idempotence() != nullptr) add_idempotence(*stream->idempotence());
    if (stream->delayed() != nullptr) add_delayed(*stream->delayed());
    return digest_;
  }

 private:
  void add_idempotence(const types::IdempotenceTable& table) {
    for (const uint64_t number : {uint64_t{table.limits().duration_s}, uint64_t{table.limits().max_ids},
                                  table.added(), table.duplicates()}) {
      append_number(line_, number);
    }
    chain();
    table.for_each([this](ByteView pid, ByteView iid, const types::StreamId& id) {
      append_word(line_, pid);
      append_word(line_, iid);
      append_id(id);
      chain();
    });
  }

  void add_delayed(const types::DelayedEntries& delayed) {
    append_number(line_, delayed.last_arrival());
    chain();
    for (auto place = delayed.next(types::kMinStreamId); place; place = delayed.next(*place->next())) {
      const types::DelayedEntry entry = delayed.read(*place);
      append_id(*place);
      append_word(line_, entry.ticket);
      append_number(line_, static_cast<uint64_t>(entry.rules.ttl_ms));
      add_trim(entry.rules.trim.value_or(types::StreamTrim{}));
      for (const Bytes& word : entry.fields) append_word(line_, word);
      chain();
    }
    delayed.expiries().for_each_leaf([this](const types::PendingLeaf& leaf) {
      for (size_t i = 0; i < leaf.count(); ++i) {
        append_id(leaf.id(i));
        append_number(line_, static_cast<uint64_t>(leaf.key(i)));
        chain();
      }
    });
  }
  void add_trim(const types::StreamTrim& trim) {
    append_id(trim.min_id);
    for (const uint64_t number : {static_cast<uint64_t>(trim.keep), trim.max_length, trim.limit,
                                  uint64_t{trim.approximate}, static_cast<uint64_t>(trim.policy)}) {
      append_number(line_, number);
    }
  }

  // When consumers were seen last is left out: it is no part of what a log brings back exactly.
  void add_group(ByteView name, const types::StreamGroup& group) {
    append_word(line_, name);
    append_id(group.last_id());
    append_number(line_, static_cast<uint64_t>(group.entries_read));
    chain();
    for (const auto& [consumer_name, consumer] : group.consumers()) {
      append_word(line_, consumer_name);
      chain();
    }
    if (group.policy() != types::GroupPolicy{}) add_policy(group.policy());
    auto walk = group.walk_idle();
    while (const auto entry = walk.next()) {
      append_id(entry->id);
      if (entry->delayed()) append_number(line_, static_cast<uint64_t>(entry->until_ms));
      append_number(line_, static_cast<uint64_t>(entry->delivered_ms));
      append_number(line_, entry->deliveries);
      append_word(line_, entry->consumer == nullptr ? ByteView() : ByteView(entry->consumer->name()));
      chain();
    }
  }

  void add_policy(const types::GroupPolicy& policy) {
    for (const int64_t duration_ms :
         {policy.lease_ms, policy.backoff_ms, policy.backoff_most_ms, policy.consumer_ttl_ms}) {
      append_number(line_, static_cast<uint64_t>(duration_ms));
    }
    append_number(line_, policy.max_deliveries);
    append_number(line_, std::bit_cast<uint64_t>(policy.backoff_factor));
    append_word(line_, policy.dead_letters);
    append_number(line_, policy.most_dead_letters);
    chain();
  }

  // The element in `line_` in its place, or in any place.
  void chain() {
    append_digest(line_, digest_);
    digest_ = hasher_.of(line_);
    line_.clear();
  }
  void sum() {
    add(digest_, hasher_.of(line_));
    line_.clear();
  }
  void append_id(const types::StreamId& id) {
    append_number(line_, id.ms);
    append_number(line_, id.seq);
  }

  const Hasher& hasher_;
  int64_t now_ms_;
  Bytes line_;
  DigestWords digest_{};
};

DigestWords digest_value(const Hasher& hasher, const keyspace::Value& value, int64_t now_ms) {
  Bytes line(keyspace::type_name(keyspace::type_of(value)));
  append_digest(line, std::visit(ValueDigest(hasher, now_ms), value));
  return hasher.of(line);
}

}  // namespace

DigestWords digest_of(const keyspace::Value& value, int64_t now_ms) {
  return digest_value(Hasher(), value, now_ms);
}

DigestWords digest_of(keyspace::Keyspace& keyspace, int64_t now_ms) {
  const Hasher hasher;
  DigestWords whole{};
  for (int db = 0; db < keyspace.database_count(); ++db) {
    DigestWords keys{};
    keyspace.database(db).entries().for_each([&](const keyspace::Entry* entry) {
      if (keyspace.expired(*entry, now_ms)) return;
      Bytes line;
      append_word(line, entry->key());
      append_digest(line, digest_value(hasher, entry->value, now_ms));
      const bool expires = entry->deadline != keyspace::kNoDeadline;
      append_number(line,
                    expires ? static_cast<uint64_t>(keyspace.deadlines().expiry_ms(*entry)) : UINT64_MAX);
      add(keys, hasher.of(line));
    });
    if (keys == DigestWords{}) continue;
    Bytes line;
    append_number(line, static_cast<uint64_t>(db));
    append_digest(line, keys);
    add(whole, hasher.of(line));
  }
  return whole;
}

std::string digest_text(const DigestWords& digest) {
  constexpr size_t kDigits = 40;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < kDigits; ++i) text.push_back(kHex[digest[i / 16] >> (60 - i % 16 * 4) & 15]);
  return text;
}

}  // namespace sluice::commands
