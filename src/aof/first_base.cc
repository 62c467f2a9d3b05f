#include "aof/first_base.h"

#include <algorithm>
#include <utility>

#include "aof/file_io.h"
#include "aof/leftovers.h"

namespace sluice::aof {

namespace {

constexpr size_t kCopyBytes = size_t{256} << 10;
// Written out as it is copied, so that the sync at its end is short.
constexpr uint64_t kWriteOutBytes = uint64_t{4} << 20;

}  // namespace

FirstBase::FirstBase(base::Fs& fs, LogPlace place, std::string snapshot_path)
    : fs_(fs), place_(std::move(place)), snapshot_path_(std::move(snapshot_path)) {}

base::Result<bool> FirstBase::step(size_t budget_bytes) {
  if (to_ == nullptr) return begin();
  const auto copied = copy_some(budget_bytes);
  if (!copied.ok()) return to_error(copied.error());
  if (!*copied) return false;
  if (auto ended = end_copy(); !ended) return to_error(ended.error());
  adopted_ = Adopted::kSnapshot;
  return true;
}

base::Result<bool> FirstBase::begin() {
  if (fs_.exists(place_.manifest_path())) {
    if (!is_half_moved()) return true;
    if (auto moved = move_single_file(); !moved) return moved.error();
    return true;
  }
  if (fs_.exists(place_.single_file_path())) {
    // Else the loader will say what is wrong.
    const bool alone = find_orphans(fs_, place_, Manifest{}).empty();
    const auto adopted = alone ? adopt_single_file() : base::Result<void>();
    if (!adopted) return adopted.error();
    return true;
  }
  if (!may_copy()) return true;
  if (auto opened = open_copy(); !opened) return to_error(opened.error());
  return false;
}

// --- a log in one file

// The manifest first, as redis-server does: with it, and only with it, a file that is still outside is known
// to belong inside.
base::Result<void> FirstBase::adopt_single_file() {
  if (fs_.exists(place_.path(place_.file_name))) {
    return base::Error{place_.single_file_path() + ": there is another one at " +
                       place_.path(place_.file_name) +
                       ", and no manifest says which is the log. Move one of them away"};
  }
  Manifest manifest;
  manifest.base = ManifestFile{place_.file_name, 1};
  base::IoResult<void> ready = fs_.mkdir(place_.log_dir());
  if (ready) ready = fs_.fsync_dir(place_.dir);
  if (ready) ready = write_manifest(fs_, place_, manifest);
  if (!ready) return to_error(ready.error());
  return move_single_file();
}

base::Result<void> FirstBase::move_single_file() {
  base::IoResult<void> done = fs_.rename(place_.single_file_path(), place_.path(place_.file_name));
  if (done) done = fs_.fsync_dir(place_.log_dir());
  if (done) done = fs_.fsync_dir(place_.dir);
  if (!done) return to_error(done.error());
  adopted_ = Adopted::kSingleFile;
  return {};
}

// Whether a crash came between the manifest and the move.
bool FirstBase::is_half_moved() const {
  const auto manifest = read_manifest(fs_, place_);
  return manifest.ok() && manifest->base && manifest->base->name == place_.file_name &&
         !fs_.exists(place_.path(place_.file_name)) && fs_.exists(place_.single_file_path());
}

// --- a snapshot

bool FirstBase::may_copy() const {
  if (!fs_.exists(snapshot_path_)) return false;
  const bool strays = !find_orphans(fs_, place_, Manifest{}).empty();
  return !strays || is_unfinished();  // if not, the loader will say what is wrong
}

// Whether the only thing in the log's directory is a copy that was made before a crash.
bool FirstBase::is_unfinished() const {
  const std::vector<Orphan> orphans = find_orphans(fs_, place_, Manifest{});
  if (orphans.size() != 1 || orphans[0].name != place_.base_name(1, true)) return false;
  constexpr uint64_t kTail = 8;  // the checksum
  const auto tail_of = [this](const std::string& path) -> Bytes {
    auto file = fs_.open(path, base::kOpenRead);
    if (!file.ok()) return {};
    const auto size = (*file)->size();
    if (!size.ok() || *size < kTail) return {};
    auto tail = read_exactly(**file, *size - kTail, kTail);
    return tail.ok() ? std::to_string(*size) + ":" + *tail : Bytes{};
  };
  const Bytes tail = tail_of(snapshot_path_);
  return !tail.empty() && tail == tail_of(place_.path(orphans[0].name));
}

base::IoResult<void> FirstBase::open_copy() {
  if (auto made = fs_.mkdir(place_.log_dir()); !made) return made;
  // A copy that a crash left between its name and the manifest: it is made anew.
  const std::string unnamed = place_.path(place_.base_name(1, true));
  if (fs_.exists(unnamed)) {
    if (auto gone = fs_.unlink(unnamed); !gone) return gone;
  }
  auto from = fs_.open(snapshot_path_, base::kOpenRead);
  if (!from.ok()) return from.error();
  const auto size = (*from)->size();
  if (!size.ok()) return size.error();
  auto to = fs_.open(place_.path(kFirstBaseFile), base::kOpenWrite | base::kOpenCreate | base::kOpenTruncate);
  if (!to.ok()) return to.error();
  total_bytes_ = *size;
  from_ = std::move(*from);
  to_ = std::move(*to);
  buffer_.resize(kCopyBytes);
  return {};
}

base::IoResult<bool> FirstBase::copy_some(size_t budget_bytes) {
  const auto got = from_->read(buffer_.data(), std::clamp<size_t>(budget_bytes, 1, kCopyBytes));
  if (!got.ok()) return got.error();
  if (*got == 0) return true;
  auto done = base::write_all(*to_, ByteView(buffer_).substr(0, *got));
  copied_bytes_ += *got;
  if (done) done = write_out();
  if (!done) return done.error();
  return false;
}

// What was begun to be written out before is waited for: never more than two ranges of it are dirty.
base::IoResult<void> FirstBase::write_out() {
  if (copied_bytes_ - written_out_ < kWriteOutBytes) return {};
  auto done = to_->sync_range(written_out_, copied_bytes_ - written_out_, base::Writeback::kStart);
  if (done && written_out_ > waited_for_) {
    done = to_->sync_range(waited_for_, written_out_ - waited_for_, base::Writeback::kWait);
  }
  waited_for_ = std::exchange(written_out_, copied_bytes_);
  return done;
}

base::IoResult<void> FirstBase::end_copy() {
  auto done = to_->fdatasync();
  if (done) done = to_->close();
  return done;
}

std::optional<Manifest> FirstBase::to_load() const {
  if (adopted_ != Adopted::kSnapshot) return std::nullopt;
  Manifest manifest;
  manifest.base = ManifestFile{kFirstBaseFile, 1};
  return manifest;
}

base::Result<void> FirstBase::settle(Manifest& manifest) {
  if (adopted_ != Adopted::kSnapshot) return {};
  manifest.base = ManifestFile{place_.base_name(1, true), 1};
  auto done = fs_.rename(place_.path(kFirstBaseFile), place_.path(manifest.base->name));
  if (done) done = fs_.fsync_dir(place_.log_dir());
  if (!done) return to_error(done.error());
  return {};
}

base::Error FirstBase::refuse(const base::Error& why) {
  const std::string copy = place_.path(kFirstBaseFile);
  if (adopted_ != Adopted::kSnapshot || !why.message.starts_with(copy)) return why;
  (void)fs_.unlink(copy);  // or the next start does it
  return base::Error{snapshot_path_ + why.message.substr(copy.size())};
}

}  // namespace sluice::aof
