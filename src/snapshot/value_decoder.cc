#include "snapshot/value_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/number.h"
#include "ds/listpack_check.h"
#include "snapshot/packed_codec.h"

namespace sluice::snapshot {

using keyspace::Keyspace;
using keyspace::Value;
using types::Hash;
using types::List;
using types::Set;
using types::SortedSet;
using types::StringValue;

namespace {

// Lists of fewer nodes are read sooner than a thread has begun.
constexpr uint64_t kManyNodes = 256;
constexpr const char* kNoDeadline = "the deadline of a field is out of range";
constexpr const char* kDamagedNode = "a node of a list is damaged";

}  // namespace

std::string refusal_of(TypeCode code) {
  switch (code) {
    case TypeCode::kString:
    case TypeCode::kList:
    case TypeCode::kSet:
    case TypeCode::kSortedSet:
    case TypeCode::kHash:
    case TypeCode::kSortedSet2:
    case TypeCode::kHashZipmap:
    case TypeCode::kListZiplist:
    case TypeCode::kSetIntset:
    case TypeCode::kSortedSetZiplist:
    case TypeCode::kHashZiplist:
    case TypeCode::kListQuicklist:
    case TypeCode::kStream:
    case TypeCode::kHashListpack:
    case TypeCode::kSortedSetListpack:
    case TypeCode::kListQuicklist2:
    case TypeCode::kStream2:
    case TypeCode::kSetListpack:
    case TypeCode::kStream3:
    case TypeCode::kHashExpiringPreGa:
    case TypeCode::kHashListpackExpiringPreGa:
    case TypeCode::kHashExpiring:
    case TypeCode::kHashListpackExpiring:
      return {};
    case TypeCode::kModulePreGa:
    case TypeCode::kModule:
      return "it is a value of a module, and there are no modules here";
  }
  return "no type of value has the code " + std::to_string(static_cast<unsigned>(code));
}

template <class T>
T& ValueDecoder::hold(Keyspace& keyspace) {
  value_ = keyspace.make<T>();
  return held<T>();
}

void ValueDecoder::begin(TypeCode code, Decoder& in, Keyspace& keyspace) {
  switch (code) {
    case TypeCode::kString:
      return string(in);
    case TypeCode::kList:
      hold<List>(keyspace);
      return begin_list(in, &ValueDecoder::list_item);
    case TypeCode::kListQuicklist:
      hold<List>(keyspace);
      return begin_list(in, &ValueDecoder::ziplist_node);
    case TypeCode::kListQuicklist2:
      hold<List>(keyspace);
      begin_list(in, &ValueDecoder::list_node);
      if (left_ >= kManyNodes) unpacker_ = std::make_unique<Unpacker>();
      return;
    case TypeCode::kListZiplist:
      hold<List>(keyspace);
      return begin_items(&ValueDecoder::ziplist_node, 1);
    case TypeCode::kHash:
      hold<Hash>(keyspace);
      return begin_hash(in);
    case TypeCode::kSet:
      hold<Set>(keyspace);
      return begin_set(in);
    case TypeCode::kSortedSet:
      hold<SortedSet>(keyspace);
      return begin_sorted_set(in, &ValueDecoder::text_scored_item);
    case TypeCode::kSortedSet2:
      hold<SortedSet>(keyspace);
      return begin_sorted_set(in, &ValueDecoder::scored_item);
    case TypeCode::kHashZipmap:
    case TypeCode::kHashZiplist:
    case TypeCode::kHashListpack:
      hold<Hash>(keyspace);
      return packed(code, in);
    case TypeCode::kHashExpiringPreGa:
    case TypeCode::kHashListpackExpiringPreGa:
    case TypeCode::kHashExpiring:
    case TypeCode::kHashListpackExpiring:
      hold<Hash>(keyspace);
      return begin_timed_hash(code, in);
    case TypeCode::kSetIntset:
    case TypeCode::kSetListpack:
      hold<Set>(keyspace);
      return packed(code, in);
    case TypeCode::kSortedSetZiplist:
    case TypeCode::kSortedSetListpack:
      hold<SortedSet>(keyspace);
      return packed(code, in);
    case TypeCode::kStream:
    case TypeCode::kStream2:
    case TypeCode::kStream3:
      stream_ = std::make_unique<StreamDecoder>(code, in, keyspace.make<types::Stream>());
      return begin_items(&ValueDecoder::stream_item, 1);
    default:
      in.fail(refusal_of(code));
  }
}

bool ValueDecoder::step(Decoder& in, uint64_t budget_bytes) {
  const uint64_t start = in.offset();
  if (unpacker_ != nullptr) return step_nodes(in, start + std::min(budget_bytes, UINT64_MAX - start));
  while (left_ > 0 && in.ok()) {
    --left_;
    (this->*item_)(in);
    if (left_ > 0 && in.offset() - start >= budget_bytes) return !in.ok();
  }
  return true;
}

// Reading stays so many batches ahead of placing: what comes when does not depend on who is faster, and
// neither does what is refused first.
bool ValueDecoder::step_nodes(Decoder& in, uint64_t until) {
  while (in.ok()) {
    if (left_ > 0 && in.offset() >= until) return false;
    if (left_ > 0 && unpacker_->ahead() < Unpacker::kBatchesAhead) {
      read_nodes(in);
    } else if (unpacker_->ahead() > 0) {
      place_nodes(in);
    } else {
      break;
    }
  }
  unpacker_.reset();
  return true;
}

void ValueDecoder::read_nodes(Decoder& in) {
  std::unique_ptr<NodeBatch> batch = unpacker_->batch();
  for (; left_ > 0 && !batch->full(); --left_) {
    NodeBatch::Node node;
    node.at = in.offset();
    const uint64_t container = in.length();
    node.text_at = in.offset();
    const Decoder::StoredText text = in.stored_text();
    if (!in.ok()) return;
    node.plain = container == static_cast<uint64_t>(NodeContainer::kPlain);
    if (!node.plain && container != static_cast<uint64_t>(NodeContainer::kPacked)) {
      return in.fail_at(node.at, kDamagedNode);
    }
    batch->add(node, text.bytes, text.unpacked_bytes);
  }
  unpacker_->post(std::move(batch));
}

void ValueDecoder::place_nodes(Decoder& in) {
  std::unique_ptr<NodeBatch> batch = unpacker_->take();
  for (const NodeBatch::Node& node : batch->nodes()) {
    if (node.state == NodeBatch::Node::State::kPackedBadly) {
      return in.fail_at(node.text_at, Decoder::kDamagedText);
    }
    if (node.state != NodeBatch::Node::State::kSound) return in.fail_at(node.at, kDamagedNode);
    place_node(batch->text_of(node), node.plain, node.facts);
  }
  unpacker_->give_back(std::move(batch));
}

void ValueDecoder::place_node(base::ByteView block, bool plain, const ds::ListpackFacts& facts) {
  List& list = held<List>();
  if (plain) return list.push_owned(ds::End::kBack, base::Bytes(block));
  if (facts.canonical) return list.adopt_listpack(block, facts.elements);
  list.adopt_listpack(ds::checked_copy(block)->block(), facts.elements);
}

Value ValueDecoder::take() {
  SLUICE_CHECK(left_ == 0, "a value taken before it was read");
  if (stream_ != nullptr) return stream_->take();
  if (auto* list = keyspace::get_if<List>(value_)) list->settle_encoding();
  return std::move(value_);
}

void ValueDecoder::string(Decoder& in) {
  const base::ByteView text = in.text();
  value_ = text.size() >= StringValue::kAdoptBytes ? StringValue::adopt(base::Bytes(text))
                                                   : StringValue::from_text(text);
}

// --- item by item

void ValueDecoder::begin_list(Decoder& in, Item item) {
  begin_items(item, in.count(1));
}

void ValueDecoder::begin_hash(Decoder& in) {
  begin_items(&ValueDecoder::hash_item, in.count(2));
  held<Hash>().expect(left_);
}

void ValueDecoder::begin_timed_hash(TypeCode code, Decoder& in) {
  if (code == TypeCode::kHashExpiring || code == TypeCode::kHashListpackExpiring) read_earliest(in);
  if (code == TypeCode::kHashListpackExpiring || code == TypeCode::kHashListpackExpiringPreGa) {
    return packed(code, in);
  }
  begin_items(&ValueDecoder::timed_hash_item, in.count(3));
  held<Hash>().expect(left_);
}

void ValueDecoder::read_earliest(Decoder& in) {
  const uint64_t at = in.offset();
  earliest_ms_ = in.fixed64();
  if (earliest_ms_ > kLatestFieldMs) in.fail_at(at, kNoDeadline);
}

void ValueDecoder::begin_set(Decoder& in) {
  begin_items(&ValueDecoder::set_item, in.count(1));
}

void ValueDecoder::begin_sorted_set(Decoder& in, Item item) {
  begin_items(item, in.count(2));
  held<SortedSet>().expect(left_);
}

void ValueDecoder::list_item(Decoder& in) {
  const base::ByteView text = in.text();
  if (in.ok()) held<List>().push_owned(ds::End::kBack, base::Bytes(text));
}

void ValueDecoder::ziplist_node(Decoder& in) {
  const uint64_t at = in.offset();
  ZiplistReader reader(in.text());
  while (const auto element = reader.next()) {
    base::NumberText buffer;
    held<List>().push_back(element->to_text(buffer));
  }
  if (!reader.ok()) in.fail_at(at, "a ziplist is damaged");
}

void ValueDecoder::list_node(Decoder& in) {
  const uint64_t at = in.offset();
  const uint64_t container = in.length();
  const base::ByteView block = in.text();
  if (!in.ok()) return;
  if (container == static_cast<uint64_t>(NodeContainer::kPlain)) return place_node(block, true, {});
  const auto facts = ds::inspect(block);
  if (container != static_cast<uint64_t>(NodeContainer::kPacked) || !facts) {
    return in.fail_at(at, kDamagedNode);
  }
  place_node(block, false, *facts);
}

void ValueDecoder::hash_item(Decoder& in) {
  const uint64_t at = in.offset();
  text_ = in.text();
  const base::ByteView value = in.text();
  if (in.ok() && !held<Hash>().set(text_, value)) in.fail_at(at, "a hash has a field twice");
}

void ValueDecoder::timed_hash_item(Decoder& in) {
  const uint64_t at = in.offset();
  const uint64_t told = in.length();
  const uint64_t deadline_ms = told + earliest_ms_ - 1;  // 0 told is none
  if (told > kLatestFieldMs || (told != 0 && deadline_ms > kLatestFieldMs)) {
    return in.fail_at(at, kNoDeadline);
  }
  hash_item(in);
  if (in.ok() && told != 0) held<Hash>().set_deadline(text_, static_cast<int64_t>(deadline_ms));
}

void ValueDecoder::set_item(Decoder& in) {
  const uint64_t at = in.offset();
  const base::ByteView member = in.text();
  if (!in.ok()) return;
  Set& set = held<Set>();
  if (std::exchange(first_, false)) set.expect(left_ + 1, member);
  if (!set.add(member)) in.fail_at(at, "a set has a member twice");
}

void ValueDecoder::add_scored(double score, Decoder& in) {
  if (!in.ok()) return;
  if (std::isnan(score)) return in.fail("a score is not a number");
  const types::AddResult added = held<SortedSet>().add(text_, score);
  if (added.outcome != types::AddResult::Outcome::kAdded) in.fail("a sorted set has a member twice");
}

void ValueDecoder::text_scored_item(Decoder& in) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  text_ = in.text();
  const uint8_t size = in.byte();
  if (size == kScoreInfinity) return add_scored(kInfinity, in);
  if (size == kScoreMinusInfinity) return add_scored(-kInfinity, in);
  if (size == kScoreNan) return add_scored(std::numeric_limits<double>::quiet_NaN(), in);
  const auto score = base::parse_double(in.take(size));
  if (in.ok() && !score) return in.fail("a score is not a number");
  add_scored(score.value_or(0), in);
}

void ValueDecoder::scored_item(Decoder& in) {
  text_ = in.text();
  add_scored(in.real(), in);
}

void ValueDecoder::stream_item(Decoder& in) {
  if (stream_->item(in)) ++left_;
}

// --- packed in one block

bool ValueDecoder::adopt(ds::Listpack pack) {
  if (auto* hash = keyspace::get_if<Hash>(value_)) return hash->adopt(std::move(pack));
  if (auto* set = keyspace::get_if<Set>(value_)) return set->adopt(std::move(pack));
  return held<SortedSet>().adopt(std::move(pack));
}

// Field, value, deadline: 0 for none.
bool ValueDecoder::adopt_triplets(const ds::Listpack& pack) {
  if (pack.size() % 3 != 0) return false;
  const ds::ListpackView view = pack.view();
  ds::Listpack pairs;
  pairs.reserve(pack.bytes());
  std::vector<int64_t> deadlines_ms;
  for (size_t at = view.first(); at != ds::ListpackView::kNone; at = view.next(at)) {
    pairs.append(ds::Packable(view.get(at)));
    at = view.next(at);
    pairs.append(ds::Packable(view.get(at)));
    at = view.next(at);
    const ds::Element deadline = view.get(at);
    if (!deadline.is_int || deadline.number < 0) return false;
    if (static_cast<uint64_t>(deadline.number) > kLatestFieldMs) return false;
    deadlines_ms.push_back(deadline.number == 0 ? types::kNeverExpires : deadline.number);
  }
  return held<Hash>().adopt(std::move(pairs), std::move(deadlines_ms));
}

void ValueDecoder::packed(TypeCode code, Decoder& in) {
  const uint64_t at = in.offset();
  const base::ByteView block = in.text();
  if (!in.ok()) return;
  bool sound = false;
  if (code == TypeCode::kSetIntset) {
    auto integers = ds::IntSet::checked_copy(block);
    sound = integers.has_value();
    if (sound) held<Set>().adopt(std::move(*integers));
  } else if (code == TypeCode::kHashZipmap) {
    ZipmapReader reader(block);
    sound = true;
    while (const auto pair = reader.next()) sound = held<Hash>().set(pair->first, pair->second) && sound;
    sound = sound && reader.ok();
  } else if (code == TypeCode::kHashListpackExpiring || code == TypeCode::kHashListpackExpiringPreGa) {
    const auto pack = ds::checked_copy(block);
    sound = pack && adopt_triplets(*pack);
  } else {
    const bool ziplist = code == TypeCode::kHashZiplist || code == TypeCode::kSortedSetZiplist;
    auto pack = ziplist ? listpack_of_ziplist(block) : ds::checked_copy(block);
    sound = pack && adopt(std::move(*pack));
  }
  if (!sound) in.fail_at(at, "a packed value is damaged");
}

base::Result<Value> decode_value(TypeCode code, Decoder& in, Keyspace& keyspace) {
  if (const std::string refusal = refusal_of(code); !refusal.empty()) {
    in.fail(refusal);
    return in.error();
  }
  ValueDecoder decoder(code, in, keyspace);
  decoder.step(in, UINT64_MAX);
  if (!in.ok()) return in.error();
  return decoder.take();
}

}  // namespace sluice::snapshot
