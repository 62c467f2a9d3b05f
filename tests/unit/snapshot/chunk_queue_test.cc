#include "snapshot/chunk_queue.h"

#include <string>

#include <doctest/doctest.h>

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
  Chunk chunk;
  REQUIRE(queue.pop(chunk));
  CHECK(chunk.bytes == "a");
  REQUIRE(queue.pop(chunk));
  CHECK(chunk.bytes == "bc");
  CHECK(!queue.pop(chunk));
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
  const auto returned = queue.take_returned();
  REQUIRE(returned.size() == 1);
  unpin(returned[0]);
  CHECK(queue.take_returned().empty());
}

}  // namespace sluice::snapshot
