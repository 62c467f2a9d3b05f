#include "aof/first_base.h"

#include <algorithm>
#include <memory>

#include "aof/file_io.h"

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

}  // namespace

base::Result<bool> adopt_snapshot(base::Fs& fs, const LogPlace& place, const std::string& snapshot_path) {
  if (find_log(fs, place) != LogFound::kNothing || !fs.exists(snapshot_path)) return false;
  const bool strays = !find_orphans(fs, place, Manifest{}).empty();
  if (strays && !is_unfinished(fs, place, snapshot_path)) return false;  // the loader will say what is wrong
  Manifest manifest;
  manifest.base = ManifestFile{place.base_name(1, true), 1};
  const std::string copy = place.path("temp-first-base.rdb");
  if (auto made = fs.mkdir(place.log_dir()); !made.ok()) return to_error(made.error());
  if (auto copied = copy_durably(fs, snapshot_path, copy); !copied.ok()) return to_error(copied.error());
  if (auto moved = fs.rename(copy, place.path(manifest.base->name)); !moved.ok())
    return to_error(moved.error());
  if (auto synced = fs.fsync_dir(place.log_dir()); !synced.ok()) return to_error(synced.error());
  if (auto synced = fs.fsync_dir(place.dir); !synced.ok()) return to_error(synced.error());
  if (auto named = write_manifest(fs, place, manifest); !named.ok()) return to_error(named.error());
  return true;
}

}  // namespace sluice::aof
