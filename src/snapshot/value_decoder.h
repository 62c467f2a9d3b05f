// A value read from RDB bytes, in slices: a list of millions of jobs is one value, and the reactor has other
// things to do meanwhile. Every code that a public description exists for is read (snapshot/format.h); what
// this server cannot hold is refused by name. Every packed block is checked all through before it is used.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "keyspace/keyspace.h"
#include "keyspace/value.h"
#include "snapshot/decoder.h"
#include "snapshot/format.h"
#include "snapshot/stream_decoder.h"
#include "snapshot/unpacker.h"

namespace sluice::snapshot {

// Why values of this kind are refused; empty when they are not.
[[nodiscard]] std::string refusal_of(TypeCode code);

class ValueDecoder {
 public:
  // Reads what stands at the beginning of the value. REQUIRES: refusal_of(code) is empty.
  ValueDecoder(TypeCode code, Decoder& in, keyspace::Keyspace& keyspace) { begin(code, in, keyspace); }

  // Reads on, about `budget_bytes`; true when there is nothing more to read, be it that the decoder failed.
  bool step(Decoder& in, uint64_t budget_bytes);
  // REQUIRES: step() said true and in.ok(). May be an empty collection, which must not become a key.
  [[nodiscard]] keyspace::Value take();

 private:
  using Item = void (ValueDecoder::*)(Decoder& in);

  void begin(TypeCode code, Decoder& in, keyspace::Keyspace& keyspace);
  template <class T>
  T& hold(keyspace::Keyspace& keyspace);
  template <class T>
  T& held() {
    return *keyspace::get_if<T>(value_);
  }
  void begin_items(Item item, uint64_t count) {
    item_ = item;
    left_ = count;
  }
  void begin_list(Decoder& in, Item item);
  void begin_hash(Decoder& in);
  void begin_timed_hash(TypeCode code, Decoder& in);
  void begin_set(Decoder& in);
  void begin_sorted_set(Decoder& in, Item item);

  void string(Decoder& in);
  void packed(TypeCode code, Decoder& in);
  bool adopt(ds::Listpack pack);
  bool adopt_triplets(const ds::Listpack& pack);
  void read_earliest(Decoder& in);

  // Long lists, node by node with a thread that unpacks.
  bool step_nodes(Decoder& in, uint64_t until);
  void read_nodes(Decoder& in);
  void place_nodes(Decoder& in);
  void place_node(base::ByteView block, bool plain, const ds::ListpackFacts& facts);

  void list_item(Decoder& in);
  void ziplist_node(Decoder& in);
  void list_node(Decoder& in);
  void hash_item(Decoder& in);
  void timed_hash_item(Decoder& in);
  void set_item(Decoder& in);
  void text_scored_item(Decoder& in);
  void scored_item(Decoder& in);
  void add_scored(double score, Decoder& in);
  void stream_item(Decoder& in);

  keyspace::Value value_;
  Item item_ = nullptr;
  uint64_t left_ = 0;
  bool first_ = true;
  base::Bytes text_;          // what was read first of a pair
  uint64_t earliest_ms_ = 1;  // deadline of a field, which those of the others are told from: 1 says 1
  std::unique_ptr<StreamDecoder> stream_;
  std::unique_ptr<Unpacker> unpacker_;
};

// A whole value at once.
[[nodiscard]] base::Result<keyspace::Value> decode_value(TypeCode code, Decoder& in,
                                                         keyspace::Keyspace& keyspace);

}  // namespace sluice::snapshot
