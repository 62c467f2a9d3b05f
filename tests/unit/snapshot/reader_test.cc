#include "snapshot/reader.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "snapshot/crc64.h"
#include "snapshot/writer.h"
#include "unit/snapshot/text_source.h"
#include "unit/snapshot/value_text.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;

namespace {

struct Recorder final : EntrySink {
  base::Result<void> entry(LoadedEntry entry) override {
    if (entry.key == refused) return base::Error{"there is no room for it"};
    std::string line =
        std::to_string(entry.db) + " " + std::string(entry.key) + " " + ValueText::of(entry.value);
    if (entry.expiry_ms) line += " until " + std::to_string(*entry.expiry_ms);
    if (entry.use.idle_s) line += " idle " + std::to_string(*entry.use.idle_s);
    if (entry.use.frequency) line += " used " + std::to_string(*entry.use.frequency);
    lines.push_back(line);
    return {};
  }
  base::Result<void> aux(base::ByteView name, base::ByteView value) override {
    lines.push_back("aux " + std::string(name) + "=" + std::string(value));
    return {};
  }

  std::vector<std::string> lines;
  std::string refused;
};

// What a file reads as, one line each, or why it does not.
std::string read(const std::string& file, uint64_t budget = UINT64_MAX, const std::string& refused = "\n") {
  Keyspace keyspace(1, 1);
  Recorder sink;
  sink.refused = refused;
  const std::string exact(file);
  TextSource source(exact);
  Reader reader(source, exact.size(), keyspace, sink);
  for (;;) {
    const auto done = reader.load_on(budget);
    if (!done.ok()) return done.error().message;
    if (*done) break;
  }
  std::string text;
  for (const std::string& line : sink.lines) text += line + "\n";
  if (reader.skipped() > 0) text += "skipped " + std::to_string(reader.skipped()) + "\n";
  return text;
}

std::string closed(std::string file) {
  Encoder out(file, false);
  encode_file_end(out);
  encode_checksum(crc64(0, file), out);
  return file;
}

std::string with_version(const std::string& version, const std::string& records) {
  return closed("REDIS" + version + hex(records));
}

// A file of ours with a bit of everything.
std::string sample() {
  Keyspace keyspace(1, 1);
  base::Bytes file;
  Encoder out(file, true);
  encode_file_head({1700000000, 1000, false}, out);
  EntryHeads heads;
  const auto add = [&](int db, const std::string& key, const Value& value, std::optional<int64_t> expiry_ms) {
    heads.entry({db, key, code_of(value), expiry_ms}, out);
    encode_value(value, out);
  };
  heads.database(0, DatabaseSizes{2, 1}, out);
  add(0, "text", Value(types::StringValue::from_text("hello")), 1700000000123);
  auto list = keyspace.make<types::List>();
  for (int i = 0; i < 100; ++i) list.push_back("job " + std::to_string(i));
  add(0, "list", Value(std::move(list)), std::nullopt);
  auto set = keyspace.make<types::Set>();
  set.add("one");
  add(3, "set", Value(std::move(set)), std::nullopt);
  return closed(file);
}

}  // namespace

TEST_CASE("Reader: a file of ours comes back, in one go and in slices") {
  const std::string whole = read(sample());
  CHECK(whole.find("aux redis-ver=7.2.4\n") != std::string::npos);
  CHECK(whole.find("0 text embstr: hello until 1700000000123\n") != std::string::npos);
  CHECK(whole.find("0 list listpack: job 0 job 1 ") != std::string::npos);
  CHECK(whole.find("3 set listpack: one\n") != std::string::npos);
  CHECK(read(sample(), 1) == whole);
}

TEST_CASE("Reader: every version is read, and what each may hold besides entries") {
  CHECK(read("REDIS0001" + hex("fe 00 00 01 61 01 62 ff")) == "0 a embstr: b\n");
  CHECK(read("REDIS0002" + hex("fd 00 f1 53 65 00 01 61 01 62 ff")) == "0 a embstr: b until 1700000000000\n");
  CHECK(read(with_version("0005", "fe 00 fc 00 68 e5 cf 8b 01 00 00 00 01 61 01 62")) ==
        "0 a embstr: b until 1700000000000\n");
  CHECK(read(with_version("0009", "fe 01 fb 01 00 f8 40 64 00 01 61 01 62 f9 07 00 01 63 01 64")) ==
        "1 a embstr: b idle 100\n1 c embstr: d used 7\n");
  CHECK(read(with_version("0012", "f4 05 01 00 f5 00 00 01 61 01 62")) == "0 a embstr: b\n");
}

TEST_CASE("Reader: an idle time, a frequency or a deadline belongs to the next key only") {
  CHECK(read(with_version("0010", "f8 05 fc e8 03 00 00 00 00 00 00 00 01 61 01 62 00 01 63 01 64")) ==
        "0 a embstr: b until 1000 idle 5\n0 c embstr: d\n");
  CHECK(read(with_version("0010", "f9 ff 00 01 61 01 62 00 01 63 01 64")) ==
        "0 a embstr: b used 255\n0 c embstr: d\n");
}

TEST_CASE("Reader: deadlines of fields belong to the hash right before them") {
  const std::string a = "10 01 61 0c 0c000000 0200 81 66 02 01 01 ff";  // a: f 1
  const std::string name = "fa " + to_hex(packed("sluice-hash-deadlines"));
  const std::string block = "0b e803000000000000 00 01 66";
  const std::string other = "fa 01 78 01 79";
  CHECK(read(with_version("0010", a + name + block)) == "0 a listpackex: f 1@1000\n");
  for (const uint64_t budget : {uint64_t{1}, UINT64_MAX}) {
    CHECK(
        read(with_version("0010", "fe 02 fc e803000000000000" + a + other + name + block + "00 01 62 01 63"),
             budget) == "aux x=y\n2 a listpackex: f 1@1000 until 1000\n2 b embstr: c\n");
  }
  const auto at = [](size_t offset) { return "at offset " + std::to_string(offset) + ": "; };
  const size_t behind_a = 9 + hex(a).size();
  CHECK(read(with_version("0010", name + block)) ==
        at(9) + "a record of deadlines of fields stands behind no hash");
  CHECK(read(with_version("0010", "00 01 62 01 63" + name + block)) ==
        at(14) + "key 'b': a record of deadlines of fields stands behind no hash");
  CHECK(read(with_version("0010", a + "fe 00" + name + block)) ==
        at(behind_a + 2) + "a record of deadlines of fields stands behind no hash");
  CHECK(read(with_version("0010", a + name + "0b e803000000000000 00 01 67")) ==
        at(behind_a) + "key 'a': a record of deadlines of fields: the hash has no such field");
  CHECK(read(with_version("0010", a + name + "01 61")) ==
        at(behind_a) +
            "key 'a': a record of deadlines of fields: it ends too early: 8 bytes are wanted and 1 left");
}

TEST_CASE("Reader: empty collections, which nobody can have made, are left out") {
  CHECK(read(with_version("0010", "02 01 61 00 00 01 62 01 63")) == "0 b embstr: c\nskipped 1\n");
}

TEST_CASE("Reader: a checksum of zero is none, any other must hold") {
  std::string file = sample();
  std::string unchecked = file.substr(0, file.size() - 8) + std::string(8, '\0');
  CHECK(read(unchecked) == read(file));
  file.back() = static_cast<char>(file.back() ^ 1);
  CHECK(read(file) == "at offset " + std::to_string(file.size() - 8) +
                          ": the checksum does not hold: the file is damaged somewhere");
}

TEST_CASE("Reader: cut at any byte it is refused, with an offset in the file") {
  const std::string file = sample();
  for (size_t size = 0; size < file.size(); ++size) {
    const std::string got = read(file.substr(0, size));
    REQUIRE(got.substr(0, 10) == "at offset ");
    CHECK(std::stoul(got.substr(10)) <= size);
  }
}

TEST_CASE("Reader: any changed byte before the checksum is found") {
  const std::string file = sample();
  for (size_t at = 0; at < file.size() - 8; ++at) {
    for (const int flip : {1, 0x10, 0xff}) {
      std::string changed = file;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      REQUIRE(read(changed).substr(0, 10) == "at offset ");
    }
  }
}

TEST_CASE("Reader: what is no such file, or of a version to come, is refused") {
  CHECK(read("") == "at offset 0: it ends too early: 5 bytes are wanted and 0 left");
  CHECK(read("VALKEY080") == "at offset 0: it does not begin with REDIS");
  CHECK(read("REDIS00x1") == "at offset 5: its version is no number");
  CHECK(read("REDIS0013") == "at offset 5: it has version 13; versions 1 to 12 can be read");
  CHECK(read(sample() + "more") ==
        "at offset " + std::to_string(sample().size()) + ": 4 bytes stand behind its end");
}

TEST_CASE("Reader: what this server does not have is refused by its name") {
  CHECK(read(with_version("0010", "f5 03 61 62 63")) ==
        "at offset 9: it holds a library of functions, which this version cannot hold");
  CHECK(read(with_version("0010", "f6 00")) ==
        "at offset 9: it holds functions in a layout that was never released");
  CHECK(read(with_version("0010", "f7 81 2d e0 c0 4c 31 94 00 01 00")).find("it holds data of the module ") !=
        std::string::npos);
  CHECK(read(with_version("0010", "07 01 61 81 00 00 00 00 00 00 00 01")) ==
        "at offset 9: the value of 'a' is one of the module AAAAAAAAA, and there are no modules here");
  CHECK(read(with_version("0010", "63 01 61 00")) == "at offset 9: no type of value has the code 99");
}

TEST_CASE("Reader: a sink that refuses ends the load, with the key") {
  CHECK(read(with_version("0010", "00 01 61 01 62"), UINT64_MAX, "a") ==
        "at offset 9: key 'a': there is no room for it");
}
