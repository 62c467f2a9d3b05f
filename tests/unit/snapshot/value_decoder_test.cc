// Vectors follow the public description of the RDB format, old encodings included.
#include "snapshot/value_decoder.h"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "unit/snapshot/value_text.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;

namespace {

struct Fixture {
  Keyspace keyspace{1, 1};

  std::string read(TypeCode code, const std::string& bytes) { return decoded(keyspace, code, bytes); }
  // As what it is written as, and back.
  std::string again(const Value& value) {
    return decoded(keyspace, code_of(value), encoded_value(value, true));
  }
};

const std::string kZiplist = hex("13000000 0f000000 0300 00 01 61 03 f8 02 01 62 ff");      // a 7 b
const std::string kPairs = hex("15000000 12000000 0400 00 01 61 03 f8 02 01 62 03 f2 ff");  // a 7 b 1

}  // namespace

TEST_CASE_FIXTURE(Fixture, "Value decoder: strings in every form") {
  CHECK(read(TypeCode::kString, hex("02 68 69")) == "embstr: hi");
  CHECK(read(TypeCode::kString, hex("c1 39 30")) == "int: 12345");
  CHECK(read(TypeCode::kString, hex("00")) == "embstr: ");
  CHECK(read(TypeCode::kString, hex("c3 05 14 00 61 e0 0a 00")) == "embstr: aaaaaaaaaaaaaaaaaaaa");
  const std::string big(100'000, 'b');
  CHECK(read(TypeCode::kString, packed(big)) == "raw: " + big);
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: lists of all ages") {
  CHECK(read(TypeCode::kList, hex("03 01 61 c0 07 01 62")) == "listpack: a 7 b");
  CHECK(read(TypeCode::kListZiplist, packed(kZiplist)) == "listpack: a 7 b");
  CHECK(read(TypeCode::kListQuicklist, hex("02") + packed(kZiplist) + packed(kZiplist)) ==
        "listpack: a 7 b a 7 b");
  keyspace.value_context().list.limits.packed_threshold = 5;
  CHECK(read(TypeCode::kListQuicklist2, hex("02 02 0c 0c000000 0200 81 61 02 07 01 ff 01 05") + "large") ==
        "quicklist: a 7 large");
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: a node of a list that holds an integer as text is written anew") {
  CHECK(read(TypeCode::kListQuicklist2, hex("01 02 0a 0a000000 0100 81 35 02 ff")) == "listpack: 5");
  auto list = keyspace.make<types::List>();
  list.push_back("5");
  CHECK(list.positions("5", {}).size() == 1);
}

namespace {

// A list of more nodes than are read one by one. Every third is packed, every fifth one big value.
struct LongList {
  static constexpr size_t kNodes = 6000;

  explicit LongList(size_t broken = kNodes, const std::string& instead = {}) {
    Encoder out(bytes, true);
    out.length(kNodes);
    for (size_t i = 0; i < kNodes; ++i) {
      if (i == broken) {
        broken_at = bytes.size();
        bytes += instead;
        continue;
      }
      const std::string value = "job-" + std::to_string(i) + filler(i % 3 == 0);
      text += " " + value;
      if (i % 5 == 0) {
        out.length(1);
        out.text(value);
        continue;
      }
      ds::Listpack pack;
      pack.append(ds::Packable(value));
      out.length(2);
      out.text(pack.block());
    }
  }

  // Several batches need what does not pack.
  std::string filler(bool packs) {
    std::string filler(200, 'x');
    for (size_t i = 0; !packs && i < filler.size(); ++i) {
      state = state * 1664525 + 1013904223;
      filler[i] = static_cast<char>('!' + (state >> 24) % 90);
    }
    return filler;
  }

  base::Bytes bytes;
  std::string text;
  size_t broken_at = 0;
  uint32_t state = 1;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "Value decoder: a long list reads as a short one does, in slices of any size") {
  const LongList list;
  CHECK(read(TypeCode::kListQuicklist2, list.bytes) == "quicklist:" + list.text);
  for (const uint64_t budget : {uint64_t{1}, uint64_t{1000}, uint64_t{100'000}}) {
    Decoder in(list.bytes);
    ValueDecoder decoder(TypeCode::kListQuicklist2, in, keyspace);
    int slices = 1;
    while (!decoder.step(in, budget)) ++slices;
    CHECK(slices >= 2);
    REQUIRE(in.ok());
    CHECK(in.left() == 0);
    CHECK(ValueText::of(decoder.take()) == "quicklist:" + list.text);
  }
  Decoder in(list.bytes);
  ValueDecoder left_in_the_middle(TypeCode::kListQuicklist2, in, keyspace);
  CHECK_FALSE(left_in_the_middle.step(in, 1000));
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: what is wrong in a long list is refused, with its place") {
  const auto place = [](size_t at) { return "at offset " + std::to_string(at) + ": "; };
  for (const size_t node : {size_t{0}, size_t{1234}, LongList::kNodes - 1}) {
    const LongList damaged(node, hex("02 0a 0a000000 0200 81 35 02 ff"));
    CHECK(read(TypeCode::kListQuicklist2, damaged.bytes) ==
          place(damaged.broken_at) + "a node of a list is damaged");
    const LongList unknown(node, hex("03 01 61"));
    CHECK(read(TypeCode::kListQuicklist2, unknown.bytes) ==
          place(unknown.broken_at) + "a node of a list is damaged");
    const LongList badly_packed(node, hex("01 c3 05 14 00 61 e0 0a 07"));
    CHECK(read(TypeCode::kListQuicklist2, badly_packed.bytes) ==
          place(badly_packed.broken_at + 1) + "a compressed string is damaged");
  }
  const LongList list;
  for (size_t size = list.bytes.size() - 300; size < list.bytes.size(); ++size) {
    CHECK(read(TypeCode::kListQuicklist2, list.bytes.substr(0, size)).rfind("at offset ", 0) == 0);
  }
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: hashes of all ages") {
  CHECK(read(TypeCode::kHash, hex("02 01 66 c0 01 01 67 01 78")) == "listpack: f 1 g x");
  CHECK(read(TypeCode::kHashZipmap, packed(hex("02 01 66 01 00 31 01 67 01 00 78 ff"))) ==
        "listpack: f 1 g x");
  CHECK(read(TypeCode::kHashZiplist, packed(kPairs)) == "listpack: a 7 b 1");
  CHECK(read(TypeCode::kHashListpack, hex("0c 0c000000 0200 81 66 02 01 01 ff")) == "listpack: f 1");
  keyspace.value_context().hash.max_listpack_entries = 0;
  CHECK(read(TypeCode::kHash, hex("01 01 66 c0 01")) == "hashtable: f 1");
  CHECK(read(TypeCode::kHashListpack, hex("0c 0c000000 0200 81 66 02 01 01 ff")) == "hashtable: f 1");
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: sets of all ages") {
  CHECK(read(TypeCode::kSet, hex("02 01 78 c0 01")) == "listpack: x 1");
  CHECK(read(TypeCode::kSet, hex("02 c0 05 c0 01")) == "intset: 1 5");
  CHECK(read(TypeCode::kSetIntset, packed(hex("02000000 02000000 ffff 0300"))) == "intset: -1 3");
  CHECK(read(TypeCode::kSetListpack, hex("0c 0c000000 0200 81 61 02 07 01 ff")) == "listpack: a 7");
  keyspace.value_context().set.max_intset_entries = 1;
  keyspace.value_context().set.max_listpack_entries = 1;
  CHECK(read(TypeCode::kSetIntset, packed(hex("02000000 02000000 ffff 0300"))).substr(0, 9) == "hashtable");
  CHECK(read(TypeCode::kSetListpack, hex("0c 0c000000 0200 81 61 02 07 01 ff")).substr(0, 9) == "hashtable");
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: sorted sets of all ages") {
  CHECK(read(TypeCode::kSortedSet, hex("03 01 61 03 312e35 01 62 fe 01 63 ff")) ==
        "listpack: c@-inf a@1.5 b@inf");
  CHECK(read(TypeCode::kSortedSet2, hex("01 01 6d 0000000000000440")) == "listpack: m@2.5");
  CHECK(read(TypeCode::kSortedSetZiplist, packed(kPairs)) == "listpack: b@1 a@7");
  CHECK(read(TypeCode::kSortedSetListpack, hex("0f 0f000000 0200 81 6d 02 83 322e35 04 ff")) ==
        "listpack: m@2.5");
  keyspace.value_context().sorted_set.max_listpack_entries = 0;
  CHECK(read(TypeCode::kSortedSet2, hex("01 01 6d 0000000000000440")) == "skiplist: m@2.5");
  CHECK(read(TypeCode::kSortedSetZiplist, packed(kPairs)) == "skiplist: b@1 a@7");
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: what comes twice is refused") {
  CHECK(read(TypeCode::kHash, hex("02 01 66 c0 01 01 66 c0 02")) == "at offset 5: a hash has a field twice");
  CHECK(read(TypeCode::kSet, hex("02 01 78 01 78")) == "at offset 3: a set has a member twice");
  CHECK(read(TypeCode::kSortedSet2, hex("02 01 6d 0000000000000440 01 6d 0000000000000840")) ==
        "at offset 21: a sorted set has a member twice");
  CHECK(read(TypeCode::kHashListpack, hex("11 11000000 0400 81 66 02 01 01 81 66 02 02 01 ff")) ==
        "at offset 0: a packed value is damaged");
  CHECK(read(TypeCode::kSetListpack, hex("0b 0b000000 0200 07 01 07 01 ff")) ==
        "at offset 0: a packed value is damaged");
  CHECK(read(TypeCode::kSetIntset, packed(hex("02000000 02000000 0300 0300"))) ==
        "at offset 0: a packed value is damaged");
}

TEST_CASE_FIXTURE(
    Fixture, "Value decoder: packed values with half a pair, or with scores that are none, are refused") {
  const std::string odd = hex("0a 0a000000 0100 81 66 02 ff");
  CHECK(read(TypeCode::kHashListpack, odd) == "at offset 0: a packed value is damaged");
  CHECK(read(TypeCode::kSortedSetListpack, odd) == "at offset 0: a packed value is damaged");
  CHECK(read(TypeCode::kSortedSetListpack, hex("0d 0d000000 0200 81 6d 02 81 78 02 ff")) ==
        "at offset 0: a packed value is damaged");
  CHECK(read(TypeCode::kSortedSet, hex("01 01 61 fd")) == "at offset 4: a score is not a number");
  CHECK(read(TypeCode::kSortedSet, hex("01 01 61 01 78")) == "at offset 5: a score is not a number");
  CHECK(read(TypeCode::kSortedSet2, hex("01 01 6d 000000000000f87f")) ==
        "at offset 11: a score is not a number");
  CHECK(read(TypeCode::kListQuicklist2, hex("01 03 0a 0a000000 0100 81 66 02 ff")) ==
        "at offset 1: a node of a list is damaged");
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: what this server cannot hold is refused by name") {
  CHECK(read(TypeCode::kModule, "") ==
        "at offset 0: it is a value of a module, and there are no modules here");
  CHECK(read(static_cast<TypeCode>(26), "") == "at offset 0: no type of value has the code 26");
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: hashes with fields that expire, in every layout of Redis 7.4") {
  // The earliest deadline, then for each field how much later its own is plus one, or 0; field; value.
  const std::string earliest = hex("e8 03 00 00 00 00 00 00");  // 1000
  CHECK(read(TypeCode::kHashExpiring, earliest + hex("03 05 01 61 c0 01 00 01 62 c0 02 01 01 63 c0 03")) ==
        "listpackex: a 1@1004 b 2 c 3@1000");
  CHECK(read(TypeCode::kHashExpiringPreGa, hex("02 45 dc 01 61 c0 01 00 01 62 c0 02")) ==
        "listpackex: a 1@1500 b 2");
  // One listpack: field, value, deadline, field, ...
  const std::string triplets =
      packed(hex("16 00 00 00 06 00 81 61 02 01 01 c3 e8 02 81 62 02 02 01 00 01 ff"));
  REQUIRE(triplets.size() == 23);
  keyspace.value_context().hash.max_listpack_entries = 512;
  CHECK(read(TypeCode::kHashListpackExpiringPreGa, triplets) == "listpackex: a 1@1000 b 2");
  CHECK(read(TypeCode::kHashListpackExpiring, earliest + triplets) == "listpackex: a 1@1000 b 2");
  keyspace.value_context().hash.max_listpack_entries = 1;
  CHECK(read(TypeCode::kHashListpackExpiringPreGa, triplets).substr(0, 10) == "hashtable:");
  // Whoever persisted all of them writes the layout all the same.
  CHECK(read(TypeCode::kHashExpiring, hex("ff ff ff ff ff ff 00 00 01 00 01 61 c0 01")) == "listpack: a 1");
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: deadlines of fields that make no sense are refused") {
  CHECK(read(TypeCode::kHashExpiring, hex("00 00 00 00 00 00 01 00 01 00 01 61 c0 01")) ==
        "at offset 0: the deadline of a field is out of range");
  CHECK(read(TypeCode::kHashExpiring, hex("ff ff ff ff ff ff 00 00 01 02 01 61 c0 01")) ==
        "at offset 9: the deadline of a field is out of range");
  CHECK(read(TypeCode::kHashExpiringPreGa, hex("01 81 ff ff ff ff ff ff ff ff 01 61 c0 01")) ==
        "at offset 1: the deadline of a field is out of range");
  CHECK(read(TypeCode::kHashExpiringPreGa, hex("02 00 01 61 c0 01 05 01 61 c0 01")) ==
        "at offset 7: a hash has a field twice");
  // Two elements; a deadline that is text; a field twice.
  for (const char* block :
       {"0c 00 00 00 02 00 81 61 02 01 01 ff", "0f 00 00 00 03 00 81 61 02 01 01 81 78 02 ff",
        "15 00 00 00 06 00 81 61 02 01 01 00 01 81 61 02 01 01 00 01 ff"}) {
    CHECK(read(TypeCode::kHashListpackExpiringPreGa, packed(hex(block))) ==
          "at offset 0: a packed value is damaged");
  }
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: what is encoded comes back, whatever its form") {
  auto list = keyspace.make<types::List>();
  for (int i = 0; i < 3000; ++i) list.push_back("job number " + std::to_string(i));
  for (int i = 0; i < 300; ++i) list.push_front(std::to_string(i * 1'000'000'007LL));
  list.push_back(std::string(20'000, 'L'));
  CHECK(again(Value(std::move(list))).substr(0, 20) == "quicklist: 299000002");
  for (const int count : {1, 10, 2000}) {
    auto hash = keyspace.make<types::Hash>();
    auto set = keyspace.make<types::Set>();
    auto integers = keyspace.make<types::Set>();
    auto sorted = keyspace.make<types::SortedSet>();
    for (int i = 0; i < count; ++i) {
      const std::string text = "member " + std::to_string(i * 7919);
      hash.set(text, std::to_string(i));
      set.add(text);
      integers.add(std::to_string(i * 40'000));
      sorted.add(text, i * 0.37);
    }
    Value values[] = {Value(std::move(hash)), Value(std::move(set)), Value(std::move(integers)),
                      Value(std::move(sorted))};
    for (Value& value : values) {
      const std::string text = ValueText::of(value);
      const std::string back = again(value);
      CHECK(back.size() == text.size());
      // Tables come in an order of their own.
      if (count < 2000) CHECK(back == text);
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "Value decoder: a long value is read in slices") {
  auto list = keyspace.make<types::List>();
  for (int i = 0; i < 20'000; ++i) list.push_back("job number " + std::to_string(i));
  const std::string bytes = encoded_value(Value(std::move(list)));
  Decoder in(bytes);
  ValueDecoder decoder(TypeCode::kListQuicklist2, in, keyspace);
  int steps = 1;
  uint64_t before = in.offset();
  while (!decoder.step(in, 10'000)) {
    ++steps;
    CHECK(in.offset() - before < 10'000 + 8200);
    before = in.offset();
  }
  CHECK(steps > 20);
  REQUIRE(in.ok());
  Value value = decoder.take();
  CHECK(keyspace::get_if<types::List>(value)->size() == 20'000);
}

TEST_CASE_FIXTURE(Fixture,
                  "Value decoder: cut anywhere it is refused, changed anywhere it is refused or whole") {
  auto list = keyspace.make<types::List>();
  for (int i = 0; i < 40; ++i) list.push_back("job " + std::to_string(i * 37));
  auto sorted = keyspace.make<types::SortedSet>();
  for (int i = 0; i < 20; ++i) sorted.add("m" + std::to_string(i), i * 1.5);
  auto hash = keyspace.make<types::Hash>();
  for (int i = 0; i < 20; ++i) hash.set("f" + std::to_string(i), std::string(5, 'v'));
  Value values[] = {Value(std::move(list)), Value(std::move(sorted)), Value(std::move(hash))};
  for (const Value& value : values) {
    for (const bool compress : {false, true}) {
      const std::string bytes = encoded_value(value, compress);
      for (size_t size = 0; size < bytes.size(); ++size) {
        CHECK(read(code_of(value), bytes.substr(0, size)).substr(0, 10) == "at offset ");
      }
      for (size_t at = 0; at < bytes.size(); ++at) {
        for (const int flip : {1, 0x80, 0xff}) {
          std::string changed = bytes;
          changed[at] = static_cast<char>(changed[at] ^ flip);
          CHECK_FALSE(read(code_of(value), changed).empty());
        }
      }
    }
  }
}
