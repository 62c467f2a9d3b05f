// Unpacker: a thread that unpacks and checks the nodes of a long list, while the thread that reads the file
// goes on to the next ones and puts the ones before into their place. Unpacking is half of what a load costs.
// Nodes go there and come back in batches, in their order. It sees bytes only: no file, no list. The batches
// that are under way are its own; whoever takes one back may fill and post it again.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "ds/listpack_check.h"

namespace sluice::snapshot {

class NodeBatch {
 public:
  // Collected before it is posted: a third of a millisecond of work.
  static constexpr size_t kStoredBytes = size_t{256} << 10;

  struct Node {
    enum class State : uint8_t { kPosted, kSound, kPackedBadly, kDamaged };
    uint64_t at = 0;  // of the node, and of its string, in the file
    uint64_t text_at = 0;
    bool plain = false;  // one big value, not a listpack
    // Set by add() and unpack().
    bool packed = false;
    State state = State::kPosted;
    size_t stored_begin = 0;
    size_t stored_bytes = 0;
    size_t begin = 0;
    size_t bytes = 0;
    ds::ListpackFacts facts;  // of a sound listpack
  };

  void clear();
  // Copies it. `unpacked_bytes` is 0 where `bytes` is the text itself.
  void add(Node node, base::ByteView bytes, uint64_t unpacked_bytes);
  [[nodiscard]] bool full() const { return stored_.size() >= kStoredBytes; }
  [[nodiscard]] bool empty() const { return nodes_.empty(); }

  // The unpacker's part: every node gets its state.
  void unpack();

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] base::ByteView text_of(const Node& node) const {
    return base::ByteView(texts_).substr(node.begin, node.bytes);
  }

 private:
  std::vector<Node> nodes_;
  base::Bytes stored_;  // as in the file
  base::Bytes texts_;   // unpacked: as large as was ever wanted, and slack
  size_t text_bytes_ = 0;
};

class Unpacker {
 public:
  // Posted and not taken: so that neither thread waits for the other's last one.
  static constexpr size_t kBatchesAhead = 4;

  Unpacker();
  ~Unpacker();
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  // An empty batch to fill.
  std::unique_ptr<NodeBatch> batch();
  void post(std::unique_ptr<NodeBatch> batch);
  [[nodiscard]] size_t ahead() const { return ahead_; }
  // The oldest one posted; waits for it. REQUIRES: ahead() > 0.
  std::unique_ptr<NodeBatch> take();
  // What was taken is not needed any more.
  void give_back(std::unique_ptr<NodeBatch> batch);

 private:
  void run();

  size_t ahead_ = 0;  // these two are the reader's alone
  std::vector<std::unique_ptr<NodeBatch>> spare_;

  std::mutex mutex_;
  std::condition_variable posted_;
  std::condition_variable finished_;
  std::deque<std::unique_ptr<NodeBatch>> todo_;
  std::deque<std::unique_ptr<NodeBatch>> done_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::snapshot
