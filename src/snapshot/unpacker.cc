#include "snapshot/unpacker.h"

#include <cstring>
#include <utility>

#include "base/check.h"
#include "snapshot/lzf.h"

namespace sluice::snapshot {

namespace {

// A batch that had to hold a giant does not keep room for another.
constexpr size_t kKeptBytes = 64 * NodeBatch::kStoredBytes;

}  // namespace

void NodeBatch::clear() {
  nodes_.clear();
  stored_.clear();
  text_bytes_ = 0;
  if (stored_.capacity() > kKeptBytes) base::Bytes().swap(stored_);
  if (texts_.capacity() > kKeptBytes) base::Bytes().swap(texts_);
}

void NodeBatch::add(Node node, base::ByteView bytes, uint64_t unpacked_bytes) {
  const bool packed = unpacked_bytes > 0;
  node.begin = text_bytes_;
  node.bytes = packed ? static_cast<size_t>(unpacked_bytes) : bytes.size();
  text_bytes_ += node.bytes;
  // Room for all is made here, so that the other thread allocates nothing.
  if (texts_.size() < text_bytes_ + kLzfSlack) texts_.resize(2 * text_bytes_ + kLzfSlack);
  node.packed = packed;
  node.stored_begin = stored_.size();
  node.stored_bytes = bytes.size();
  stored_.append(bytes);
  nodes_.push_back(node);
}

void NodeBatch::unpack() {
  for (Node& node : nodes_) {
    char* const text = texts_.data() + node.begin;
    const base::ByteView stored = base::ByteView(stored_).substr(node.stored_begin, node.stored_bytes);
    if (!node.packed) {
      std::memcpy(text, stored.data(), stored.size());
    } else if (!lzf_unpack(stored, text, node.bytes)) {
      node.state = Node::State::kPackedBadly;
      continue;
    }
    const auto facts = node.plain ? ds::ListpackFacts{} : ds::inspect(base::ByteView(text, node.bytes));
    node.state = facts ? Node::State::kSound : Node::State::kDamaged;
    if (facts) node.facts = *facts;
  }
}

Unpacker::Unpacker() : thread_([this] { run(); }) {}

Unpacker::~Unpacker() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  posted_.notify_one();
  thread_.join();
}

std::unique_ptr<NodeBatch> Unpacker::batch() {
  if (spare_.empty()) return std::make_unique<NodeBatch>();
  std::unique_ptr<NodeBatch> batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void Unpacker::post(std::unique_ptr<NodeBatch> batch) {
  ++ahead_;
  {
    const std::lock_guard lock(mutex_);
    todo_.push_back(std::move(batch));
  }
  posted_.notify_one();
}

std::unique_ptr<NodeBatch> Unpacker::take() {
  SLUICE_CHECK(ahead_ > 0, "nothing was posted");
  --ahead_;
  std::unique_lock lock(mutex_);
  finished_.wait(lock, [this] { return !done_.empty(); });
  std::unique_ptr<NodeBatch> batch = std::move(done_.front());
  done_.pop_front();
  return batch;
}

void Unpacker::give_back(std::unique_ptr<NodeBatch> batch) {
  batch->clear();
  spare_.push_back(std::move(batch));
}

void Unpacker::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    posted_.wait(lock, [this] { return stop_ || !todo_.empty(); });
    if (stop_) return;
    std::unique_ptr<NodeBatch> batch = std::move(todo_.front());
    todo_.pop_front();
    lock.unlock();
    batch->unpack();
    lock.lock();
    done_.push_back(std::move(batch));
    finished_.notify_one();
  }
}

}  // namespace sluice::snapshot
