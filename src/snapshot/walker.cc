#include "snapshot/walker.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "snapshot/extras.h"
#include "snapshot/value_codec.h"

namespace sluice::snapshot {

namespace {

constexpr size_t kEntriesPerScan = 16;
constexpr size_t kNodesGivenBackPerSlice = 1000;

}  // namespace

Walker::~Walker() {
  if (!active_) return;
  give_up();
  while (step() != Progress::kDone) {
  }
}

void Walker::begin(const FileFacts& facts) {
  SLUICE_CHECK(!active_, "one walk at a time");
  active_ = true;
  given_up_ = false;
  began_unix_s_ = facts.created_unix_s;
  scans_.clear();
  scanning_ = 0;
  cursor_ = 0;
  keys_total_ = keys_passed_ = 0;
  heads_ = aside_heads_ = EntryHeads{};
  for (int i = 0; i < keyspace_.database_count(); ++i) {
    const keyspace::Database& db = keyspace_.database(i);
    if (db.size() == 0) continue;
    scans_.push_back({&db, i, {db.size(), db.volatile_size()}, nullptr});
    keys_total_ += db.size();
  }
  Encoder out(out_, false);
  encode_file_head(facts, out);
  keyspace::WriteGate& gate = keyspace_.gate();
  ++gate.epoch.current;
  gate.epoch.hook = this;
  gate.hook = this;
}

Walker::Progress Walker::step(size_t budget_bytes) {
  if (!active_) return Progress::kDone;
  for (size_t done = 0; done < budget_bytes;) {
    if (!given_up_ && queue_.full()) return Progress::kWait;
    if (given_up_) {
      if (frozen_.empty()) {
        finish();
        return Progress::kDone;
      }
      done += give_up_some();
    } else if (!frozen_.empty()) {
      done += write_some_of_frozen();
    } else if (scanning_ < scans_.size()) {
      done += scan_some();
    } else {
      finish();
      return Progress::kDone;
    }
  }
  return Progress::kMore;
}

void Walker::give_up() {
  given_up_ = true;
  base::Bytes().swap(out_);
  base::Bytes().swap(aside_);
}

size_t Walker::held_bytes() const {
  size_t bytes = out_.size() + aside_.size();
  for (const auto& frozen : frozen_) bytes += frozen->memory_bytes() + frozen->kept_bytes();
  return bytes;
}

// --- what changes

void Walker::before_change(const keyspace::Database& db, keyspace::Entry& entry) {
  // A database that was flushed before the moment is none of ours.
  if (const Scan* scan = scan_of(db); scan != nullptr && !given_up_) (void)pass(*scan, entry);
}

void Walker::before_change(ds::NodeHeader& node, const void* container) {
  const auto found = frozen_by_owner_.find(container);
  if (found != frozen_by_owner_.end()) found->second->before_change(node);
}

bool Walker::keep(keyspace::Value& value) {
  const auto found = frozen_by_owner_.find(container_of(value));
  if (found == frozen_by_owner_.end()) return false;
  found->second->keep(std::move(value));
  return true;
}

bool Walker::keep(std::unique_ptr<keyspace::Database>& database) {
  Scan* const scan = scan_of(*database);
  if (scan == nullptr) return false;
  scan->kept = std::move(database);
  return true;
}

Walker::Scan* Walker::scan_of(const keyspace::Database& db) {
  for (Scan& scan : scans_) {
    if (scan.db == &db) return &scan;
  }
  return nullptr;
}

// --- passing entries

// Returns the work done, as bytes.
size_t Walker::pass(const Scan& scan, const keyspace::Entry& entry) {
  ++keys_passed_;
  EntryHeads::Entry head{scan.index, entry.key(), code_of(entry.value), std::nullopt,
                         keyspace_.record_of_use(entry, began_unix_s_)};
  if (entry.deadline != keyspace::kNoDeadline) head.expiry_ms = keyspace_.deadlines().expiry_ms(entry);
  if (needs_freezing(entry.value)) {
    frozen_.push_back(freeze(entry.value, head, keyspace_.gate().epoch.current));
    frozen_by_owner_.emplace(frozen_.back()->container(), frozen_.back().get());
    for (const void* inner : frozen_.back()->inner_containers()) {
      frozen_by_owner_.emplace(inner, frozen_.back().get());
    }
    return frozen_.back()->memory_bytes();
  }
  base::Bytes& to = in_the_middle_ ? aside_ : out_;
  const size_t before = to.size();
  Encoder out(to, false);
  (in_the_middle_ ? aside_heads_ : heads_).entry(head, out);
  encode_value(entry.value, out);
  encode_extras(entry.value, out);
  const size_t work = to.size() - before;
  if (out_.size() >= kChunkBytes && !in_the_middle_) hand_on({});
  return work;
}

size_t Walker::scan_some() {
  const Scan& scan = scans_[scanning_];
  if (cursor_ == 0) {
    Encoder out(out_, false);
    heads_.database(scan.index, scan.sizes, out);
  }
  const uint32_t epoch = keyspace_.gate().epoch.current;
  size_t work = kEntryCost;
  cursor_ = scan.db->entries().scan(cursor_, kEntriesPerScan, [&](keyspace::Entry* entry) {
    work += kEntryCost;
    if (entry->is_of(epoch)) return;
    work += pass(scan, *entry);
    entry->stamp(epoch);
  });
  if (cursor_ == 0) ++scanning_;
  if (cursor_ == 0 && frozen_.empty()) release_kept_databases();
  return work;
}

// --- writing what is frozen

size_t Walker::write_some_of_frozen() {
  Frozen& frozen = *frozen_.front();
  const size_t before = out_.size();
  if (!in_the_middle_) {
    Encoder out(out_, false);
    heads_.entry(frozen.head(), out);
    in_the_middle_ = true;
  }
  const Frozen::Piece piece = frozen.next(out_);
  const size_t work = kEntryCost + out_.size() - before + piece.node_bytes;
  if (piece.node.header != nullptr || out_.size() >= kChunkBytes) hand_on(piece);
  if (piece.done) {
    retire_frozen();
    in_the_middle_ = false;
    take_aside();
    if (frozen_.empty()) release_kept_databases();
  }
  return work;
}

size_t Walker::give_up_some() {
  std::vector<PinnedNode> nodes;
  const bool more = frozen_.front()->give_up(kNodesGivenBackPerSlice, nodes);
  for (const PinnedNode node : nodes) unpin(node);
  if (!more) retire_frozen();
  return kSliceBytes;
}

void Walker::retire_frozen() {
  const std::unique_ptr<Frozen> done = std::move(frozen_.front());
  frozen_.pop_front();
  frozen_by_owner_.erase(done->container());
  for (const void* inner : done->inner_containers()) frozen_by_owner_.erase(inner);
  if (auto kept = done->take_kept()) keyspace_.graveyard().bury(std::move(*kept));
}

// Values inside a flushed database may still be frozen: it goes when none is.
void Walker::release_kept_databases() {
  for (size_t i = 0; i < scanning_; ++i) {
    if (scans_[i].kept == nullptr) continue;
    scans_[i].db = nullptr;
    keyspace_.graveyard().bury(std::move(scans_[i].kept));
  }
}

// --- on to the worker

// What waited for the end of the big value.
void Walker::take_aside() {
  if (aside_.empty()) return;
  out_.append(aside_);
  base::Bytes().swap(aside_);
  aside_heads_ = EntryHeads{};
  heads_ = EntryHeads{};  // whichever database the last of them was in
  if (out_.size() >= kChunkBytes) hand_on({});
}

void Walker::hand_on(const Frozen::Piece& piece) {
  Chunk chunk;
  chunk.bytes = std::exchange(out_, {});
  chunk.node = piece.node;
  chunk.entries = piece.entries;
  chunk.node_bytes = piece.node_bytes;
  queue_.push(std::move(chunk));
}

void Walker::finish() {
  keyspace::WriteGate& gate = keyspace_.gate();
  gate.epoch.hook = nullptr;
  gate.hook = nullptr;
  active_ = false;
  scanning_ = scans_.size();
  release_kept_databases();
  scans_.clear();
  if (given_up_) return;
  Encoder out(out_, false);
  encode_file_end(out);
  Chunk last;
  last.bytes = std::exchange(out_, {});
  last.last = true;
  queue_.push(std::move(last));
}

}  // namespace sluice::snapshot
