#include "snapshot/delayed_codec.h"

#include <string>

#include <doctest/doctest.h>

#include "snapshot/dump.h"
#include "unit/snapshot/value_text.h"
#include "unit/snapshot/written.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;
using types::DelayedRules;

namespace {

constexpr base::ByteView kFields[] = {"f", "v"};

struct Fixture {
  Keyspace keyspace{1, 1};
  Value value;

  types::Stream& make() {
    value = Value(keyspace.make<types::Stream>());
    return *keyspace::get_if<types::Stream>(value);
  }
  std::string applied(base::Result<void> (*apply)(base::ByteView, types::Stream&), const std::string& block) {
    const auto done = apply(hex(block), make());
    return done.ok() ? ValueText::of(value) : done.error().message;
  }
};

void add(types::Stream& stream, int64_t due_ms, base::ByteView ticket = {}) {
  DelayedRules rules;
  rules.due_ms = due_ms;
  REQUIRE(stream.delayed_entries().add(rules, ticket, kFields).ok());
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "Delayed codec: one record tells the last number, and one each block and leaf") {
  types::Stream& stream = make();
  base::Bytes out;
  Encoder encoder(out, false);
  encode_delayed(stream, encoder);
  CHECK(out.empty());
  add(stream, 7);
  stream.delayed_entries().set_expiry({5, 1}, 9);
  encode_delayed(stream, encoder);
  const std::string block(stream.delayed()->held().block(0).listpack());
  CHECK(to_hex(out) == "fa " + to_hex(packed("sluice-delayed-last")) + " 01 01" + " fa " +
                           to_hex(packed("sluice-delayed-block")) + " " +
                           to_hex(packed(hex("00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01") + block)) +
                           " fa " + to_hex(packed("sluice-stream-expiries")) + " 18" +
                           " 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00 01 09 00 00 00 00 00 00 00");
}

TEST_CASE_FIXTURE(Fixture, "Delayed codec: all of a stream comes back from a dump") {
  types::Stream& stream = make();
  REQUIRE(stream.append({1, 1}, kFields).ok());
  for (int64_t i = 0; i < 3000; ++i)
    add(stream, 5000 + i * 7919 % 3000, i % 3 == 0 ? "t" + std::to_string(i) : "");
  for (uint64_t i = 0; i < 500; ++i) {
    stream.delayed_entries().take(*stream.delayed()->next({5000 + i * 5, 0}));
    stream.delayed_entries().set_expiry({i, i}, static_cast<int64_t>(i * 7919 % 500));
  }
  for (const bool compress : {false, true}) {
    const auto restored = restore_value(dump_value(value, compress), keyspace);
    REQUIRE(restored.ok());
    CHECK(ValueText::of(*restored) == ValueText::of(value));
  }
  // An empty one still knows which tickets it made.
  types::Stream& empty = make();
  add(empty, 7);
  empty.delayed_entries().take({7, 1});
  const auto restored = restore_value(dump_value(value, false), keyspace);
  REQUIRE(restored.ok());
  CHECK(ValueText::of(*restored).find("{arrived 1}") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "Delayed codec: what cannot be is refused") {
  CHECK(applied(apply_delayed_last, "05").find("{arrived 5}") != std::string::npos);
  CHECK(applied(apply_delayed_last, "81 40 00 00 00 00 00 00 01") == "a number of arrival is out of range");
  CHECK(applied(apply_delayed_last, "").find("it ends too early") != std::string::npos);
  CHECK(applied(apply_delayed_block, "00 01").find("it ends too early") != std::string::npos);
  const std::string id = "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 ";
  CHECK(applied(apply_delayed_block, id) == "a block of delayed entries is damaged");
  CHECK(applied(apply_delayed_block, id + "07 00 00 00 00 00 ff") == "a block of delayed entries is damaged");
  types::Stream& other = make();
  REQUIRE(other.append({1, 1}, kFields).ok());
  const std::string no_header = to_hex(std::string(other.block(0).listpack()));
  CHECK(applied(apply_delayed_block, id + no_header) == "a delayed entry is damaged");
  const std::string goes = id + "09 00 00 00 00 00 00 00";
  CHECK(applied(apply_expiries, goes).find("goes 0-1@9") != std::string::npos);
  CHECK(applied(apply_expiries, goes + " " + goes) == "an entry goes twice");
  CHECK(applied(apply_expiries, id + "00 00 00 00 00 00 00 80") ==
        "the moment at which an entry goes is out of range");
  CHECK(applied(apply_expiries, id + "09 00").find("it ends too early") != std::string::npos);
  CHECK(applied(apply_expiries, "").find("it ends too early") != std::string::npos);
}

TEST_CASE("Delayed codec: a file keeps what little is delayed in a stream that changes meanwhile") {
  SnapshotDesk desk;
  Value value(desk.keyspace.make<types::Stream>());
  auto* stream = keyspace::get_if<types::Stream>(value);
  add(*stream, 7, "mine");
  stream->delayed_entries().set_expiry({5, 1}, 9);
  keyspace::Entry& entry = desk.keyspace.store(desk.access, "s", std::move(value), keyspace::events::xadd);
  desk.changes.clear();
  const std::string text = ValueText::of(entry.value);
  CHECK(text.find("[7-1 mine 0 f v] goes 5-1@9") != std::string::npos);
  desk.begin();
  desk.db().before_change(entry);
  stream->delayed_entries().take({7, 1});
  stream->delayed_entries().clear_expiry({5, 1});
  CHECK(desk.written() == Lines{"0 s " + text});
}
