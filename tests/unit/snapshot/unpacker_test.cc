#include "snapshot/unpacker.h"

#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "unit/snapshot/bytes.h"

using namespace sluice::snapshot;
using State = NodeBatch::Node::State;

namespace {

const std::string kListpack = hex("0a000000 0100 81 61 02 ff");  // a
const std::string kLoose = hex("0a000000 0100 81 35 02 ff");     // 5, as text

NodeBatch::Node plain() {
  NodeBatch::Node node;
  node.plain = true;
  return node;
}

}  // namespace

TEST_CASE("Unpacker: a batch holds nodes as they were stored, and knows afterwards what they are") {
  NodeBatch batch;
  CHECK(batch.empty());
  batch.add({}, kListpack, 0);
  batch.add(plain(), hex("00 61 e0 0a 00"), 20);
  batch.add({}, kLoose, 0);
  batch.add({}, "no listpack", 0);
  batch.add(plain(), "anything", 0);
  batch.add(plain(), hex("00 61 e0 0a 07"), 20);
  batch.unpack();
  const auto& nodes = batch.nodes();
  REQUIRE(nodes.size() == 6);
  CHECK(nodes[0].state == State::kSound);
  CHECK(nodes[0].facts.elements == 1);
  CHECK(nodes[0].facts.canonical);
  CHECK(batch.text_of(nodes[0]) == kListpack);
  CHECK(nodes[1].state == State::kSound);
  CHECK(batch.text_of(nodes[1]) == std::string(20, 'a'));
  CHECK(nodes[2].state == State::kSound);
  CHECK_FALSE(nodes[2].facts.canonical);
  CHECK(nodes[3].state == State::kDamaged);
  CHECK(nodes[4].state == State::kSound);
  CHECK(batch.text_of(nodes[4]) == "anything");
  CHECK(nodes[5].state == State::kPackedBadly);
  batch.clear();
  CHECK(batch.empty());
}

TEST_CASE("Unpacker: a batch is full by what is stored, whatever becomes of it") {
  NodeBatch batch;
  batch.add(plain(), std::string(NodeBatch::kStoredBytes - 1, 'x'), 0);
  CHECK_FALSE(batch.full());
  batch.add(plain(), "x", 0);
  CHECK(batch.full());
}

TEST_CASE("Unpacker: batches come back in the order they were posted, and are used again") {
  Unpacker unpacker;
  uint64_t posted = 0;
  uint64_t taken = 0;
  while (taken < 200) {
    if (posted < 200 && unpacker.ahead() < Unpacker::kBatchesAhead) {
      auto batch = unpacker.batch();
      CHECK(batch->empty());
      NodeBatch::Node node;
      node.at = posted++;
      batch->add(node, kListpack, 0);
      unpacker.post(std::move(batch));
      continue;
    }
    auto batch = unpacker.take();
    REQUIRE(batch->nodes().size() == 1);
    CHECK(batch->nodes()[0].at == taken++);
    CHECK(batch->nodes()[0].state == State::kSound);
    unpacker.give_back(std::move(batch));
  }
  CHECK(unpacker.ahead() == 0);
}

TEST_CASE("Unpacker: it ends with batches under way") {
  Unpacker unpacker;
  for (size_t i = 0; i < Unpacker::kBatchesAhead; ++i) {
    auto batch = unpacker.batch();
    batch->add({}, kListpack, 0);
    unpacker.post(std::move(batch));
  }
  CHECK(unpacker.ahead() == Unpacker::kBatchesAhead);
}
