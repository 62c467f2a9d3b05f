#include "snapshot/chunk_queue.h"

#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "base/memory.h"
#include "ds/list_node.h"
#include "snapshot/frozen.h"

namespace sluice::snapshot {

namespace {

Chunk bytes(std::string text) {
  Chunk chunk;
  chunk.bytes = std::move(text);
  return chunk;
}

Chunk node_chunk() {
  Chunk chunk;
  chunk.node = {&ds::make_list_node(64, ds::End::kBack, 0)->header, NodeKind::kListNode};
  chunk.node_bytes = 64;
  return chunk;
}

}  // namespace

TEST_CASE("ChunkQueue: chunks come out in the order they went in") {
  ChunkQueue queue;
  queue.push(bytes("a"));
  queue.push(bytes("bc"));
  CHECK(queue.queued_bytes() == 3);
  Chunks taken;
  REQUIRE(queue.pop(taken));
  CHECK(taken.back().bytes == "a");
  REQUIRE(queue.pop(taken));
  CHECK(taken.back().bytes == "bc");
  CHECK(!queue.pop(taken));
  CHECK(taken.size() == 2);
  // Until the bytes are back they are in memory.
  CHECK(queue.held_bytes() == 3);
  queue.give_back(taken);
  CHECK(taken.empty());
  CHECK(queue.held_bytes() == 3);
  CHECK(queue.take_returned().size() == 2);
  CHECK(queue.held_bytes() == 0);
  CHECK(queue.queued_bytes() == 0);
}

TEST_CASE("ChunkQueue: it is full by bytes, nodes included, and takes more all the same") {
  ChunkQueue queue;
  Chunk chunk = bytes(std::string(kQueuedBytes - 1, 'x'));
  queue.push(std::move(chunk));
  CHECK(!queue.full());
  chunk = bytes("");
  chunk.node_bytes = 1;
  queue.push(std::move(chunk));
  CHECK(queue.full());
  queue.push(bytes("y"));
  CHECK(queue.queued_bytes() == kQueuedBytes + 1);
}

TEST_CASE("ChunkQueue: what is discarded gives its nodes back") {
  ChunkQueue queue;
  queue.push(bytes("a"));
  queue.push(node_chunk());
  queue.discard();
  CHECK(queue.queued_bytes() == 0);
  const Chunks returned = queue.take_returned();
  REQUIRE(returned.size() == 2);
  CHECK(returned.front().bytes == "a");
  unpin(returned.back().node);
  CHECK(queue.take_returned().empty());
}

TEST_CASE("ChunkQueue: what the worker was given does not stay in the count of the reactor's memory") {
  constexpr size_t kGiven = 500;
  constexpr size_t kBytes = 20'000;
  constexpr uint64_t kOfTheThread = 4096;  // what starting one takes, and leaves in the count
  const base::MemoryMeter meter;
  ChunkQueue queue;
  const uint64_t before = meter.used_bytes();
  for (size_t i = 0; i < kGiven; ++i) queue.push(bytes(std::string(kBytes, 'x')));
  CHECK(meter.used_bytes() >= before + kGiven * kBytes);
  std::thread worker([&queue] {
    Chunks taken;
    while (queue.pop(taken)) queue.give_back(taken);
  });
  worker.join();
  CHECK(meter.used_bytes() >= before + kGiven * kBytes);
  CHECK(queue.take_returned().size() == kGiven);
  CHECK(meter.used_bytes() <= before + kOfTheThread);
}

}  // namespace sluice::snapshot
