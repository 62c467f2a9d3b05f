// What a snapshot holds, for tests: a keyspace with a way in, a recorder whose worker runs when told to, and
// the file read back as lines "<db> <key> <value>[ until <ms>][ idle <s>][ used <n>]",
// sorted.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "snapshot/reader.h"
#include "snapshot/recorder.h"
#include "support/memory_fs.h"
#include "unit/keyspace/fixture.h"
#include "unit/snapshot/text_source.h"
#include "unit/snapshot/value_text.h"

namespace sluice::snapshot {

using Lines = std::vector<std::string>;

// Items of hashes and sets are sorted: their order says nothing.
inline std::string text_of(keyspace::Value& value) {
  Lines items;
  base::NumberText first;
  base::NumberText second;
  if (auto* hash = keyspace::get_if<types::Hash>(value)) {
    hash->for_each([&](const ds::Element& field, const ds::Element& held, int64_t deadline_ms) {
      items.push_back(std::string(field.to_text(first)) + "=" + std::string(held.to_text(second)));
      if (deadline_ms != types::kNeverExpires) items.back() += "@" + std::to_string(deadline_ms);
    });
  } else if (auto* set = keyspace::get_if<types::Set>(value)) {
    set->for_each([&](const ds::Element& member) { items.emplace_back(member.to_text(first)); });
  } else {
    return ValueText::of(value);
  }
  std::sort(items.begin(), items.end());
  std::string text(keyspace::encoding_of(value));
  for (const std::string& item : items) text += " " + item;
  return text;
}

struct EntryLines final : EntrySink {
  base::Result<void> entry(LoadedEntry entry) override {
    std::string line = std::to_string(entry.db) + " " + std::string(entry.key) + " " + text_of(entry.value);
    if (entry.expiry_ms) line += " until " + std::to_string(*entry.expiry_ms);
    if (entry.use.idle_s) line += " idle " + std::to_string(*entry.use.idle_s);
    if (entry.use.frequency) line += " used " + std::to_string(*entry.use.frequency);
    lines.push_back(line);
    return {};
  }
  base::Result<void> aux(base::ByteView, base::ByteView) override { return {}; }
  Lines lines;
};

struct SnapshotDesk : keyspace::Fixture {
  testing::MemoryFs fs;
  base::ManualClock clock{1'000'000};
  int wakes = 0;
  Recorder recorder{keyspace, fs, clock, [this] { ++wakes; }};

  void begin() {
    FileJob job;
    job.temporary_path = "./temp";
    job.final_path = "./file";
    recorder.begin(job, {access.now_ms / 1000, 0, false});
  }
  // To the end.
  base::Result<void> finish() {
    for (int i = 0; i < 10'000; ++i) {
      (void)recorder.step();
      recorder.run_pending();
      if (auto end = recorder.take_end()) return *end;
    }
    return base::Error{"no end"};
  }
  Lines written() {
    REQUIRE(finish().ok());
    return read();
  }
  Lines read() {
    keyspace::Keyspace other(4, 7);
    EntryLines sink;
    const std::string file = fs.content("./file");
    TextSource source(file);
    Reader reader(source, file.size(), other, sink);
    const auto done = reader.load_on(UINT64_MAX);
    REQUIRE_MESSAGE(done.ok(), (done.ok() ? std::string() : done.error().message));
    CHECK(reader.verified());
    std::sort(sink.lines.begin(), sink.lines.end());
    return sink.lines;
  }
  void set(base::ByteView key, base::ByteView value) {
    keyspace.store(access, key, types::StringValue::from_text(value), keyspace::events::set);
    changes.clear();
  }
  // A set of so many members, too many to be encoded at once.
  keyspace::Entry& add_big_set(base::ByteView key, size_t members = 2000) {
    auto set = keyspace.make<types::Set>();
    for (size_t i = 0; i < members; ++i) set.add("member:" + std::to_string(i));
    keyspace::Entry& entry = keyspace.store(access, key, std::move(set), keyspace::events::sadd);
    changes.clear();
    return entry;
  }
  void remove(keyspace::Entry& entry) {
    keyspace.remove(access, entry, keyspace::events::del);
    changes.clear();
  }
};

}  // namespace sluice::snapshot
