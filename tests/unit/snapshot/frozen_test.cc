#include "snapshot/frozen.h"

#include "unit/snapshot/written.h"

namespace sluice::snapshot {

using keyspace::Entry;
using keyspace::Value;

namespace {

// The value under "big", written before anything changed, and while `change` works on it before the walk
// comes to it, under its own key or, like one that was renamed, under another.
template <class T, class Fill, class Change>
void check_frozen(Fill fill, Change change) {
  const auto add = [&](SnapshotDesk& desk) -> Entry& {
    Value value(desk.keyspace.make<T>());
    fill(*keyspace::get_if<T>(value));
    Entry& entry = desk.keyspace.store(desk.access, "big", std::move(value), keyspace::events::set);
    desk.changes.clear();
    CHECK(needs_freezing(entry.value));
    return entry;
  };
  SnapshotDesk before;
  add(before);
  before.begin();
  const Lines expected = before.written();

  for (const bool half_way : {false, true}) {
    for (const bool moved : {false, true}) {
      SnapshotDesk desk;
      Entry* entry = &add(desk);
      desk.begin();
      if (half_way) (void)desk.recorder.step(2000);
      desk.db().before_change(*entry);
      if (moved) {
        Value value = std::exchange(entry->value, Value());
        desk.remove(*entry);
        entry = &desk.db().insert("elsewhere", std::move(value));
      }
      change(*keyspace::get_if<T>(entry->value));
      CHECK(desk.written() == expected);
    }
  }
}

std::string item(size_t i) {
  return "item:" + std::to_string(i);
}

}  // namespace

TEST_CASE("Frozen: a list is written as it was, whatever is done to its nodes") {
  check_frozen<types::List>(
      [](types::List& list) {
        for (size_t i = 0; i < 3000; ++i) list.push_back(item(i));
        list.push_back(std::string(100'000, 'L'));
      },
      [](types::List& list) {
        list.push_front("new");
        for (int i = 0; i < 700; ++i) list.pop_front();
        list.pop_back();
        list.set(100, "set");
        list.insert(ds::End::kFront, item(2000), "inserted");
        list.remove(0, item(1500));
        const types::List::Trimmed trimmed = list.trim(10, -1500);
        CHECK(!trimmed.back.empty());
      });
}

TEST_CASE("Frozen: a list of one big value is written as it was") {
  check_frozen<types::List>([](types::List& list) { list.push_back(std::string(100'000, 'L')); },
                            [](types::List& list) {
                              list.push_front("new");
                              list.pop_back();
                              list.pop_back();
                              list.push_back("newer");
                            });
}

TEST_CASE("Frozen: a list is written as it was when its neighbours give room back") {
  check_frozen<types::List>(
      [](types::List& list) {
        for (size_t i = 0; i < 3000; ++i) list.push_back(item(i));
        // The last node keeps a big block for very little.
        while (list.size() > 2200 && list.nodes().node_size(list.nodes().node_count() - 1) != 2)
          list.pop_back();
      },
      [](types::List& list) { list.push_back(std::string(100'000, 'L')); });
  check_frozen<types::List>(
      [](types::List& list) {
        list.push_back(std::string(100'000, 'L'));
        for (size_t i = 0; i < 300; ++i) list.push_back(item(i));
        while (list.size() > 3) list.pop_back();
      },
      [](types::List& list) { list.pop_front(); });
}

TEST_CASE("Frozen: a hash is written as it was") {
  check_frozen<types::Hash>(
      [](types::Hash& hash) {
        for (size_t i = 0; i < 2000; ++i) hash.set(item(i), item(i));
      },
      [](types::Hash& hash) {
        for (size_t i = 0; i < 300; ++i) hash.set(item(i), "changed");
        for (size_t i = 300; i < 1500; ++i) hash.erase(item(i));
        for (size_t i = 5000; i < 9000; ++i) hash.set(item(i), "new");
      });
}

TEST_CASE("Frozen: a hash is written with the deadlines that its fields had") {
  check_frozen<types::Hash>(
      [](types::Hash& hash) {
        for (size_t i = 0; i < 2000; ++i) hash.set(item(i), item(i));
        for (size_t i = 0; i < 2000; i += 3) hash.set_deadline(item(i), 5000 + static_cast<int64_t>(i));
      },
      [](types::Hash& hash) {
        CHECK(hash.expire(5300, SIZE_MAX, [](base::ByteView) {}) == 101);
        for (size_t i = 400; i < 600; ++i) hash.set_deadline(item(i), 100);
        for (size_t i = 600; i < 800; ++i) hash.set_deadline(item(i), types::kNeverExpires);
        for (size_t i = 800; i < 1000; ++i) hash.set_keeping_deadline(item(i), "changed");
        for (size_t i = 1000; i < 1500; ++i) hash.erase(item(i));
      });
  check_frozen<types::Hash>(
      [](types::Hash& hash) {
        for (size_t i = 0; i < 2000; ++i) hash.set(item(i), item(i));
      },
      [](types::Hash& hash) {
        for (size_t i = 0; i < 1500; ++i) hash.set_deadline(item(i), 100);
      });
  check_frozen<types::Hash>(
      [](types::Hash& hash) {
        for (size_t i = 0; i < 2000; ++i) hash.set(item(i), item(i));
        for (size_t i = 0; i < 2000; ++i) hash.set_deadline(item(i), 100);
      },
      [](types::Hash& hash) {
        for (size_t i = 0; i < 2000; ++i) hash.set_deadline(item(i), types::kNeverExpires);
      });
}

TEST_CASE("Frozen: a set is written as it was") {
  check_frozen<types::Set>(
      [](types::Set& set) {
        for (size_t i = 0; i < 2000; ++i) set.add(item(i));
      },
      [](types::Set& set) {
        for (size_t i = 0; i < 1500; ++i) set.remove(item(i));
        for (size_t i = 5000; i < 9000; ++i) set.add(item(i));
      });
}

TEST_CASE("Frozen: a sorted set is written as it was") {
  check_frozen<types::SortedSet>(
      [](types::SortedSet& set) {
        for (size_t i = 0; i < 2000; ++i) set.add(item(i), static_cast<double>(i % 97));
      },
      [](types::SortedSet& set) {
        for (size_t i = 0; i < 300; ++i) set.add(item(i), 1e6);
        for (size_t i = 300; i < 800; ++i) set.remove(item(i));
        set.remove_range({100, 500});
        for (size_t i = 5000; i < 7000; ++i) set.add(item(i), static_cast<double>(i % 89) + 0.5);
      });
}

TEST_CASE("Frozen: a stream is written as it was") {
  check_frozen<types::Stream>(
      [](types::Stream& stream) {
        for (uint64_t i = 1; i < 2000; ++i) {
          const std::string text = item(i);
          const std::array<base::ByteView, 2> fields = {"field", text};
          CHECK(stream.append({i, 0}, fields).ok());
        }
      },
      [](types::Stream& stream) {
        const std::array<base::ByteView, 2> fields = {"field", "new"};
        CHECK(stream.append({9000, 0}, fields).ok());
        CHECK(stream.remove({1500, 0}));
        types::StreamTrim rule;
        rule.max_length = 450;
        CHECK(stream.trim(rule).gone > 0);
      });
}

TEST_CASE("Frozen: small values need none") {
  SnapshotDesk desk;
  CHECK(!needs_freezing(desk.add_list("list", 10).value));
  CHECK(!needs_freezing(desk.add_big_set("set", 100).value));
  desk.set("string", "1");
  CHECK(!needs_freezing(desk.db().find("string")->value));
}

TEST_CASE("Frozen: what is given up half-way gives every node back") {
  SnapshotDesk desk;
  Entry& entry = desk.add_list("big", 20'000);
  desk.begin();
  (void)desk.recorder.step(2000);
  desk.db().before_change(entry);
  auto& list = *keyspace::get_if<types::List>(entry.value);
  for (int i = 0; i < 10'000; ++i) list.pop_back();
  desk.recorder.cancel();
  CHECK(!desk.finish().ok());
  for (const auto& ref : list.nodes().node_refs()) CHECK(ref.node->refs == 1);
}

}  // namespace sluice::snapshot
