#include "server/snapshot_loading.h"

#include <string>

#include <doctest/doctest.h>

#include "support/memory_fs.h"
#include "support/whole_snapshot.h"

using namespace sluice;
using server::SnapshotLoading;

namespace {

constexpr int64_t kNowMs = 1'000'000;

struct Fixture {
  testing::MemoryFs fs;
  keyspace::Keyspace from{4, 1};
  keyspace::Keyspace into{4, 2};

  keyspace::Entry& add(int db, const std::string& key, const std::string& text) {
    return from.database(db).insert(key, types::StringValue::from_text(text));
  }
  void save() { fs.put("./dump.rdb", testing::encode_keyspace(from, {}, true)); }
  // How it ended: "", or why it did not.
  std::string load(SnapshotLoading::Expired expired, uint64_t budget = UINT64_MAX) {
    auto loading = SnapshotLoading::open(fs, "./dump.rdb", {into, expired, kNowMs});
    if (!loading.ok()) return loading.error().message;
    for (;;) {
      const auto done = (*loading)->step(budget);
      if (!done.ok()) return done.error().message;
      if (*done) return "";
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(
    Fixture, "Snapshot loading: keys arrive in their databases, with deadlines, in one go or in slices") {
  for (int i = 0; i < 100; ++i) add(i % 4, "key" + std::to_string(i), std::string(50, 'v'));
  from.deadlines().set_expiry(from.database(1), *from.database(1).find("key1"), kNowMs + 5);
  save();
  CHECK(load(SnapshotLoading::Expired::kDrop, 100).empty());
  CHECK(into.database(1).size() == 25);
  keyspace::Entry* key = into.database(1).find("key1");
  REQUIRE(key != nullptr);
  CHECK(into.deadlines().expiry_ms(*key) == kNowMs + 5);
  CHECK(key->usage == keyspace::Usage::at(kNowMs / 1000));
}

TEST_CASE_FIXTURE(Fixture, "Snapshot loading: expired keys are dropped, unless a log will remove them") {
  from.deadlines().set_expiry(from.database(0), add(0, "old", "v"), kNowMs - 5);
  save();
  CHECK(load(SnapshotLoading::Expired::kDrop).empty());
  CHECK(into.database(0).size() == 0);
  CHECK(load(SnapshotLoading::Expired::kKeep).empty());
  CHECK(into.database(0).size() == 1);
}

TEST_CASE_FIXTURE(
    Fixture, "Snapshot loading: a missing file, a key that is there, or a database that is not, is refused") {
  CHECK(load(SnapshotLoading::Expired::kKeep).find("dump.rdb") != std::string::npos);
  add(0, "key", "v");
  save();
  CHECK(load(SnapshotLoading::Expired::kKeep).empty());
  CHECK(load(SnapshotLoading::Expired::kKeep).find("key 'key': it is there twice") != std::string::npos);
  keyspace::Keyspace wide(20, 1);
  wide.database(19).insert("key", types::StringValue(1));
  fs.put("./dump.rdb", testing::encode_keyspace(wide, {}, true));
  CHECK(load(SnapshotLoading::Expired::kKeep).find("it is in database 19, and there are only 4") !=
        std::string::npos);
}
