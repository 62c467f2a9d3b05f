#include "aof/first_base.h"

#include <algorithm>
#include <memory>

#include "aof/file_io.h"
#include "aof/leftovers.h"

namespace sluice::aof {

namespace {

constexpr size_t kCopyBytes = size_t{1} << 20;

base::IoResult<void> copy_durably(base::Fs& fs, const std::string& from_path, const std::string& to_path) {
  auto from = fs.open(from_path, base::kOpenRead);
  if (!from.ok()) return from.error();
  auto to = fs.open(to_path, base::kOpenWrite | base::kOpenCreate | base::kOpenTruncate);
  if (!to.ok()) return to.error();
  const auto buffer = std::make_unique<char[]>(kCopyBytes);
  for (;;) {
    const auto got = (*from)->read(buffer.get(), kCopyBytes);
    if (!got.ok()) return got.error();
    if (*got == 0) break;
    if (auto written = base::write_all(**to, base::ByteView(buffer.get(), *got)); !written.ok())
      return written;
  }
  if (auto synced = (*to)->fdatasync(); !synced.ok()) return synced;
  return (*to)->close();
}

// Whether the only thing in the log's directory is a copy that was made before a crash.
bool is_unfinished(base::Fs& fs, const LogPlace& place, const std::string& snapshot_path) {
  const std::vector<Orphan> orphans = find_orphans(fs, place, Manifest{});
  if (orphans.size() != 1 || orphans[0].name != place.base_name(1, true)) return false;
  constexpr uint64_t kTail = 8;  // the checksum
  const auto tail_of = [&fs](const std::string& path) -> Bytes {
    auto file = fs.open(path, base::kOpenRead);
    if (!file.ok()) return {};
    const auto size = (*file)->size();
    if (!size.ok() || *size < kTail) return {};
    auto tail = read_exactly(**file, *size - kTail, kTail);
    return tail.ok() ? std::to_string(*size) + ":" + *tail : Bytes{};
  };
  const Bytes tail = tail_of(snapshot_path);
  return !tail.empty() && tail == tail_of(place.path(orphans[0].name));
}

base::Result<bool> adopt_snapshot(base::Fs& fs, const LogPlace& place, const std::string& snapshot_path) {
  if (!fs.exists(snapshot_path)) return false;
  const bool strays = !find_orphans(fs, place, Manifest{}).empty();
  if (strays && !is_unfinished(fs, place, snapshot_path)) return false;  // the loader will say what is wrong
  Manifest manifest;
  manifest.base = ManifestFile{place.base_name(1, true), 1};
  const std::string copy = place.path(kFirstBaseFile);
  if (auto made = fs.mkdir(place.log_dir()); !made.ok()) return to_error(made.error());
  if (auto copied = copy_durably(fs, snapshot_path, copy); !copied.ok()) return to_error(copied.error());
  if (auto moved = fs.rename(copy, place.path(manifest.base->name)); !moved.ok())
    return to_error(moved.error());
  if (auto synced = fs.fsync_dir(place.log_dir()); !synced.ok()) return to_error(synced.error());
  if (auto synced = fs.fsync_dir(place.dir); !synced.ok()) return to_error(synced.error());
  if (auto named = write_manifest(fs, place, manifest); !named.ok()) return to_error(named.error());
  return true;
}

base::Result<void> move_single_file(base::Fs& fs, const LogPlace& place) {
  base::IoResult<void> done = fs.rename(place.single_file_path(), place.path(place.file_name));
  if (done) done = fs.fsync_dir(place.log_dir());
  if (done) done = fs.fsync_dir(place.dir);
  if (!done) return to_error(done.error());
  return {};
}

// The manifest first, as redis-server does: with it, and only with it, a file that is still outside is known
// to belong inside.
base::Result<bool> adopt_single_file(base::Fs& fs, const LogPlace& place) {
  if (!fs.exists(place.single_file_path()) || !find_orphans(fs, place, Manifest{}).empty()) return false;
  if (fs.exists(place.path(place.file_name))) {
    return base::Error{place.single_file_path() + ": there is another one at " + place.path(place.file_name) +
                       ", and no manifest says which is the log. Move one of them away"};
  }
  Manifest manifest;
  manifest.base = ManifestFile{place.file_name, 1};
  base::IoResult<void> ready = fs.mkdir(place.log_dir());
  if (ready) ready = fs.fsync_dir(place.dir);
  if (ready) ready = write_manifest(fs, place, manifest);
  if (!ready) return to_error(ready.error());
  if (auto moved = move_single_file(fs, place); !moved) return moved.error();
  return true;
}

// Whether a crash came between the manifest and the move.
bool is_half_moved(base::Fs& fs, const LogPlace& place) {
  const auto manifest = read_manifest(fs, place);
  return manifest.ok() && manifest->base && manifest->base->name == place.file_name &&
         !fs.exists(place.path(place.file_name)) && fs.exists(place.single_file_path());
}

}  // namespace

base::Result<Adopted> adopt_first_base(base::Fs& fs, const LogPlace& place,
                                       const std::string& snapshot_path) {
  if (fs.exists(place.manifest_path())) {
    if (!is_half_moved(fs, place)) return Adopted::kNothing;
    if (auto moved = move_single_file(fs, place); !moved) return moved.error();
    return Adopted::kSingleFile;
  }
  const auto moved = adopt_single_file(fs, place);
  if (!moved.ok()) return moved.error();
  if (*moved) return Adopted::kSingleFile;
  if (fs.exists(place.single_file_path())) return Adopted::kNothing;  // the loader will say what is wrong
  const auto copied = adopt_snapshot(fs, place, snapshot_path);
  if (!copied.ok()) return copied.error();
  return *copied ? Adopted::kSnapshot : Adopted::kNothing;
}

}  // namespace sluice::aof
