#include "snapshot/value_codec.h"

#include <memory>
#include <variant>

namespace sluice::snapshot {

namespace {

using ds::Element;
using types::Hash;
using types::List;
using types::Set;
using types::SortedSet;
using types::Stream;
using types::StringValue;

struct CodeOf {
  TypeCode operator()(const StringValue&) const { return TypeCode::kString; }
  TypeCode operator()(const List&) const { return TypeCode::kListQuicklist2; }
  TypeCode operator()(const Hash& hash) const {
    return hash.packed() != nullptr ? TypeCode::kHashListpack : TypeCode::kHash;
  }
  // Packed sets of strings have a code only from version 11 on.
  TypeCode operator()(const Set& set) const {
    return set.integers() != nullptr ? TypeCode::kSetIntset : TypeCode::kSet;
  }
  TypeCode operator()(const SortedSet& set) const {
    return set.packed() != nullptr ? TypeCode::kSortedSetListpack : TypeCode::kSortedSet2;
  }
  TypeCode operator()(const std::unique_ptr<Stream>&) const { return TypeCode::kStream2; }
};

struct EncodeValue {
  Encoder& out;

  void operator()(const StringValue& value) const {
    base::NumberText buffer;
    out.text(value.view(buffer));
  }
  void operator()(const List& list) const {
    const ds::NodeList& nodes = list.nodes();
    encode_list_head(nodes.node_count(), out);
    for (size_t i = 0; i < nodes.node_count(); ++i) encode_list_node(nodes.node(i), nodes.node_size(i), out);
  }
  void operator()(const Hash& hash) const {
    if (const ds::Listpack* packed = hash.packed(); packed != nullptr) return out.text(packed->block());
    out.length(hash.size());
    hash.for_each([&](const Element& field, const Element& value) { encode_field(field, value, out); });
  }
  void operator()(const Set& set) const {
    if (const ds::IntSet* integers = set.integers(); integers != nullptr) return out.text(integers->block());
    out.length(set.size());
    set.for_each([&](const Element& member) { out.element(member); });
  }
  void operator()(const SortedSet& set) const {
    if (const ds::Listpack* packed = set.packed(); packed != nullptr) return out.text(packed->block());
    out.length(set.size());
    set.for_each([&](const Element& member, double score) { encode_member(member, score, out); });
  }
  void operator()(const std::unique_ptr<Stream>& stream) const {
    encode_stream_head(stream->block_count(), out);
    for (size_t i = 0; i < stream->block_count(); ++i) encode_stream_block(stream->block(i), out);
    encode_stream_tail(*stream, out);
  }
};

void encode_group(base::ByteView name, const types::StreamGroup& group, Encoder& out) {
  encode_group_head(name, group, out);
  group.for_each_leaf([&](const types::PendingLeaf& leaf) { encode_pending_leaf(leaf, out); });
  out.length(group.consumers().size());
  for (const auto& item : group.consumers()) {
    encode_consumer_head(*item.second, out);
    item.second->for_each_leaf([&](const types::OwnLeaf& leaf) { encode_own_leaf(leaf, out); });
  }
}

}  // namespace

TypeCode code_of(const keyspace::Value& value) {
  return std::visit(CodeOf{}, value);
}

void encode_value(const keyspace::Value& value, Encoder& out) {
  std::visit(EncodeValue{out}, value);
}

void encode_list_node(const ds::NodeHeader& node, uint64_t entries, Encoder& out) {
  const bool plain = node.form == ds::NodeForm::kAdopted;
  out.length(static_cast<uint64_t>(plain ? NodeContainer::kPlain : NodeContainer::kPacked));
  if (plain) return out.text(reinterpret_cast<const ds::LargeNode&>(node).value);
  base::Bytes listpack;
  listpack.reserve(reinterpret_cast<const ds::ListNode&>(node).used() + ds::ListpackView::kHeaderBytes + 1);
  ds::append_node(node, entries, listpack);
  out.text(listpack);
}

void encode_field(const Element& field, const Element& value, Encoder& out) {
  out.element(field);
  out.element(value);
}

void encode_member(const Element& member, double score, Encoder& out) {
  out.element(member);
  out.real(score);
}

void encode_stream_block(const types::StreamBlock& block, Encoder& out) {
  out.id_bytes(block.master_id());
  out.text(block.listpack());
}

void encode_stream_counters(const Stream& stream, Encoder& out) {
  out.length(stream.size());
  out.id(stream.last_id());
  out.id(stream.first_id());
  out.id(stream.max_deleted_id());
  out.length(stream.entries_added());
  out.length(stream.groups().size());
}

void encode_stream_tail(const Stream& stream, Encoder& out) {
  encode_stream_counters(stream, out);
  for (const auto& [name, group] : stream.groups()) encode_group(name, *group, out);
}

void encode_group_head(base::ByteView name, const types::StreamGroup& group, Encoder& out) {
  out.text(name);
  out.id(group.last_id());
  out.length(static_cast<uint64_t>(group.entries_read));
  out.length(group.pending_count() - group.unowned_count());
}

void encode_pending_leaf(const types::PendingLeaf& leaf, Encoder& out) {
  for (size_t i = 0; i < leaf.count(); ++i) {
    const types::PendingItem item = leaf.item(i);
    if (types::StreamGroup::is_unowned(item)) continue;
    append_id_bytes(out.out(), item.id);
    out.milliseconds(item.time_key);
    out.length(item.deliveries);
  }
}

void encode_consumer_head(const types::StreamConsumer& consumer, Encoder& out) {
  out.text(consumer.name());
  out.milliseconds(consumer.seen_ms);
  out.length(consumer.pending_count());
}

void encode_own_leaf(const types::OwnLeaf& leaf, Encoder& out) {
  for (size_t i = 0; i < leaf.count(); ++i) append_id_bytes(out.out(), leaf.id(i));
}

}  // namespace sluice::snapshot
