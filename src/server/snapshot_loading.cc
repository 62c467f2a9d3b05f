#include "server/snapshot_loading.h"

#include <utility>

namespace sluice::server {

base::Result<std::unique_ptr<SnapshotLoading>> SnapshotLoading::open(base::Fs& fs, const std::string& path,
                                                                     Into into) {
  auto file = fs.open(path, base::kOpenRead);
  if (!file.ok()) return base::Error{file.error().message};
  const auto size = (*file)->size();
  if (!size.ok()) return base::Error{size.error().message};
  return std::unique_ptr<SnapshotLoading>(new SnapshotLoading(std::move(*file), *size, into));
}

base::Result<size_t> SnapshotLoading::read(char* into, size_t size) {
  const auto got = file_->read(into, size);
  if (!got.ok()) return base::Error{got.error().message};
  return *got;
}

base::Result<void> SnapshotLoading::aux(base::ByteView, base::ByteView) {
  return {};
}

base::Result<void> SnapshotLoading::entry(snapshot::LoadedEntry entry) {
  keyspace::Keyspace& keyspace = into_.keyspace;
  if (entry.db >= static_cast<uint64_t>(keyspace.database_count())) {
    return base::Error{"it is in database " + std::to_string(entry.db) + ", and there are only " +
                       std::to_string(keyspace.database_count()) + " (databases)"};
  }
  keyspace::Database& db = keyspace.database(static_cast<int>(entry.db));
  if (db.find(entry.key) != nullptr) return base::Error{"it is there twice"};
  if (entry.expiry_ms && into_.expired == Expired::kDrop && *entry.expiry_ms <= into_.now_ms) {
    ++expired_;
    return {};
  }
  keyspace::Entry& loaded = db.insert(entry.key, std::move(entry.value));
  if (entry.expiry_ms) keyspace.deadlines().set_expiry(db, loaded, *entry.expiry_ms);
  keyspace.deadlines().follow_value(db, loaded);
  loaded.usage = keyspace.fresh_usage(into_.now_ms, entry.use);
  return {};
}

}  // namespace sluice::server
