// A stream read from RDB bytes, one block, group, consumer or pending entry at a time, in any of the three
// layouts there are.
//
//   blocks | length | last id | [2: first id | max deleted id | entries added] | groups
//   group  = name | last id | [2: entries read] | pending: id, delivered, deliveries | consumers
//   consumer = name | seen | [3: active] | pending: id
#pragma once

#include <cstdint>
#include <memory>

#include "snapshot/decoder.h"
#include "snapshot/format.h"
#include "types/stream.h"

namespace sluice::snapshot {

class StreamDecoder {
 public:
  StreamDecoder(TypeCode code, Decoder& in, std::unique_ptr<types::Stream> empty);

  // Reads the next piece; false when there was none, or the decoder failed.
  bool item(Decoder& in);
  // REQUIRES: item() said false and in.ok().
  [[nodiscard]] std::unique_ptr<types::Stream> take() { return std::move(stream_); }

 private:
  enum class Stage : uint8_t { kBlocks, kGroups, kPending, kConsumers, kOwned };

  void block(Decoder& in);
  void counters(Decoder& in);
  void group(Decoder& in);
  void pending(Decoder& in);
  void consumer(Decoder& in);
  void owned(Decoder& in);
  // How many pieces of the stage at hand are left.
  [[nodiscard]] uint64_t& left() { return left_[static_cast<size_t>(stage_)]; }
  // Goes on with what follows; false at the end.
  bool next_stage(Decoder& in);
  void enter(Stage stage, uint64_t count) {
    stage_ = stage;
    left() = count;
  }

  std::unique_ptr<types::Stream> stream_;
  int version_;
  Stage stage_ = Stage::kBlocks;
  uint64_t left_[5] = {};
  uint64_t owned_ = 0;  // pending entries of the group that have a consumer
  types::StreamGroup* group_ = nullptr;
  types::StreamConsumer* consumer_ = nullptr;
};

}  // namespace sluice::snapshot
