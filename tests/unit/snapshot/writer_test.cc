#include "snapshot/writer.h"

#include <string>

#include <doctest/doctest.h>

#include "unit/snapshot/bytes.h"

using namespace sluice;
using namespace sluice::snapshot;

TEST_CASE("Writer: the head names version 10 and what the file is") {
  base::Bytes out;
  Encoder encoder(out, true);
  encode_file_head({1000, 70000, true}, encoder);
  CHECK(out.substr(0, 9) == "REDIS0010");
  CHECK(to_hex(out.substr(9)) == "fa 09 " + to_hex("redis-ver") + " 05 " + to_hex("7.2.4") +  //
                                     " fa 0a " + to_hex("redis-bits") + " c0 40" +            //
                                     " fa 05 " + to_hex("ctime") + " c1 e8 03" +              //
                                     " fa 08 " + to_hex("used-mem") + " c2 70 11 01 00" +     //
                                     " fa 08 " + to_hex("aof-base") + " c0 01");
}

TEST_CASE("Writer: a database is selected when it changes, a deadline stands before its key") {
  base::Bytes out;
  Encoder encoder(out, false);
  EntryHeads heads;
  heads.database(2, DatabaseSizes{100, 1}, encoder);
  heads.entry({2, "a", TypeCode::kString, std::nullopt}, encoder);
  heads.entry({2, "b", TypeCode::kHash, 1700000000000}, encoder);
  heads.entry({0, "c", TypeCode::kSet, std::nullopt}, encoder);
  CHECK(to_hex(out) == "fe 02 fb 40 64 01 00 01 61 fc 00 68 e5 cf 8b 01 00 00 04 01 62 fe 00 02 01 63");
}

TEST_CASE("Writer: an idle time or a frequency stands between the deadline and the key") {
  base::Bytes out;
  Encoder encoder(out, false);
  EntryHeads heads;
  EntryHeads::Entry entry{0, "a", TypeCode::kString, 1700000000000};
  entry.use.idle_s = 100;
  heads.entry(entry, encoder);
  CHECK(to_hex(out) == "fe 00 fc 00 68 e5 cf 8b 01 00 00 f8 40 64 00 01 61");
  out.clear();
  entry.expiry_ms.reset();
  entry.use = {};
  entry.use.frequency = uint8_t{255};
  heads.entry(entry, encoder);
  CHECK(to_hex(out) == "f9 ff 00 01 61");
}

TEST_CASE("Writer: the end is a mark and the checksum of all before, low byte first") {
  base::Bytes out;
  Encoder encoder(out, false);
  encode_file_end(encoder);
  encode_checksum(0x0102030405060708, encoder);
  CHECK(to_hex(out) == "ff 08 07 06 05 04 03 02 01");
}
