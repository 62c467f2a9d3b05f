#include "snapshot/frozen_names.h"

#include <memory>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "base/random.h"
#include "snapshot/decoder.h"
#include "snapshot/idempotence_codec.h"
#include "unit/snapshot/value_text.h"
#include "unit/snapshot/written.h"

namespace sluice::snapshot {

using types::IdempotenceTable;
using types::StreamId;

namespace {

using Names = std::multiset<std::string>;

Names names_of(const IdempotenceTable& table) {
  Names names;
  table.for_each([&](base::ByteView pid, base::ByteView iid, const StreamId& id) {
    names.insert(std::string(pid) + "/" + std::string(iid) + "/" + std::to_string(id.ms) + "-" +
                 std::to_string(id.seq));
  });
  return names;
}

// What the records say, each of which has to be small.
Names names_in(const base::Bytes& written, uint64_t& added) {
  keyspace::Keyspace keyspace(1, 1);
  auto stream = keyspace.make<types::Stream>();
  Decoder in(written);
  while (in.left() > 0) {
    REQUIRE(in.byte() == 0xfa);
    REQUIRE(in.text() == kIdempotenceName);
    const base::Bytes block(in.text());
    REQUIRE(block.size() < kIdempotenceBlockBytes + 100);
    REQUIRE(apply_idempotence(block, *stream).ok());
  }
  added = stream->idempotence()->added();
  return names_of(*stream->idempotence());
}

void add_some(IdempotenceTable& table, base::Random& random, uint64_t count) {
  for (; count > 0; --count) {
    table.add("p" + std::to_string(random.below(8)), "name:" + std::to_string(random.below(9000)),
              {1 + random.below(500), random.below(3)}, 1);
  }
}

}  // namespace

TEST_CASE("Frozen names: what was remembered is written in small pieces, whatever comes and goes meanwhile") {
  for (const uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    base::Random random(seed);
    auto table = std::make_unique<IdempotenceTable>(types::IdempotenceLimits{1000, 1000});
    add_some(*table, random, 9000);
    const Names before = names_of(*table);
    const uint64_t added_before = table->added();
    FrozenNames frozen(*table);
    base::Bytes written;
    int pieces = 0;
    while (!frozen.done()) {
      base::Bytes piece;
      frozen.write_some(piece);
      CHECK(piece.size() < 3 * kIdempotenceBlockBytes);
      written += piece;
      ++pieces;
      if (seed == 5 && pieces == 3) table.reset();
      if (seed == 6 && pieces == 3) table->release_slice(SIZE_MAX);
      if (table != nullptr) add_some(*table, random, random.below(60));
    }
    CHECK(pieces > 20);
    uint64_t added = 0;
    CHECK(names_in(written, added) == before);
    CHECK(added == added_before);
    CHECK(frozen.memory_bytes() < 100'000);
  }
}

TEST_CASE("Frozen names: nobody is told any more once they were given up") {
  IdempotenceTable table({1000, 1000});
  base::Random random(1);
  add_some(table, random, 1000);
  {
    FrozenNames frozen(table);
    base::Bytes piece;
    frozen.write_some(piece);
    CHECK_FALSE(frozen.done());
  }
  add_some(table, random, 1000);
}

TEST_CASE("Frozen names: a stream of one entry whose producers sent much is not encoded in one go") {
  SnapshotDesk desk;
  keyspace::Value value(desk.keyspace.make<types::Stream>());
  auto* stream = keyspace::get_if<types::Stream>(value);
  const base::ByteView fields[] = {"f", "v"};
  REQUIRE(stream->append({1, 0}, fields).ok());
  // Each under an id of its own: of two under one the order is not kept.
  const auto send = [&](uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; ++i) {
      stream->idempotence_table().add("p" + std::to_string(i % 9), "n" + std::to_string(i), {i, 0}, 1);
    }
  };
  send(1, 900);
  CHECK(needs_freezing(value));
  keyspace::Entry& entry = desk.keyspace.store(desk.access, "s", std::move(value), keyspace::events::xadd);
  desk.changes.clear();
  const std::string text = ValueText::of(entry.value);
  desk.begin();
  desk.db().before_change(entry);
  send(900, 1400);
  CHECK(desk.written() == Lines{"0 s " + text});
}

}  // namespace sluice::snapshot
