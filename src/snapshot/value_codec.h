// Values as RDB bytes, as redis-server 7.0 lays them out: whole ones for small values and DUMP, and the
// pieces of big ones for whoever writes them bit by bit while they change. Knows no key, no file and no
// clock.
//
// The pieces of a value, put one behind the other, are what encode_value() writes:
//
//   list           encode_list_head(nodes), encode_list_node() per node
//   hash table     length(count), encode_field() per field; what expires is told behind it
//                  (snapshot/deadline_codec.h)
//   set table      length(count), element(member) per member
//   sorted table   length(count), encode_member() per member
//   stream         encode_stream_head(blocks), encode_stream_block() per block, encode_stream_tail()
//     tail         encode_stream_counters(), then per group: encode_group_head(), encode_pending_leaf() per
//                  leaf, length(consumers), then per consumer: encode_consumer_head(), encode_own_leaf() per
//                  leaf
#pragma once

#include <cstdint>

#include "ds/list_node.h"
#include "keyspace/value.h"
#include "snapshot/encoder.h"
#include "snapshot/format.h"
#include "types/stream_block.h"

namespace sluice::snapshot {

// The code that the value is written under, which depends on its form.
[[nodiscard]] TypeCode code_of(const keyspace::Value& value);
// What stands behind code and key.
void encode_value(const keyspace::Value& value, Encoder& out);

inline void encode_list_head(uint64_t nodes, Encoder& out) {
  out.length(nodes);
}
// `entries` is how many the node has. Reads only what stays as it is while the node is pinned: for the worker
// thread, too. So does encode_stream_block().
void encode_list_node(const ds::NodeHeader& node, uint64_t entries, Encoder& out);

void encode_field(const ds::Element& field, const ds::Element& value, Encoder& out);
void encode_member(const ds::Element& member, double score, Encoder& out);

inline void encode_stream_head(uint64_t blocks, Encoder& out) {
  out.length(blocks);
}
void encode_stream_block(const types::StreamBlock& block, Encoder& out);
// What a stream remembers beyond its entries, and its groups with all that is pending; released entries
// are told behind it (snapshot/group_codec.h).
void encode_stream_tail(const types::Stream& stream, Encoder& out);
// The pieces of the tail. Pending entries stand twice: in the group with all about them, in the consumer by
// their ids. The leaves are for the worker thread, too.
void encode_stream_counters(const types::Stream& stream, Encoder& out);
void encode_group_head(base::ByteView name, const types::StreamGroup& group, Encoder& out);
void encode_pending_leaf(const types::PendingLeaf& leaf, Encoder& out);
void encode_consumer_head(const types::StreamConsumer& consumer, Encoder& out);
void encode_own_leaf(const types::OwnLeaf& leaf, Encoder& out);

}  // namespace sluice::snapshot
