#include "aof/reading.h"

#include <doctest/doctest.h>

namespace sluice::aof {

TEST_CASE("Reading: what was handed over goes, and every position with it") {
  Reading reading;
  reading.buffer = "appliedrest";
  reading.buffer_at = 100;
  reading.apply = 7;
  reading.ready = 8;
  reading.whole = 9;
  reading.scan = 10;
  reading.wanted = 11;
  reading.batch = 3;
  reading.drop_applied();
  CHECK(reading.buffer == "rest");
  CHECK(reading.file_offset(0) == 107);
  CHECK(reading.apply == 0);
  CHECK(reading.ready == 1);
  CHECK(reading.whole == 2);
  CHECK(reading.scan == 3);
  CHECK(reading.wanted == 4);
  CHECK(reading.batch == 0);
}

TEST_CASE("Reading: a page was lost where a whole sector of the file is zero, and nowhere else") {
  Reading reading;
  reading.buffer_at = 500;
  reading.buffer = Bytes(2000, 'x');
  reading.scan = reading.buffer.size();
  CHECK_FALSE(reading.lost_page(0));
  reading.buffer.replace(13, 512, Bytes(512, '\0'));  // one byte behind the sector's beginning
  CHECK_FALSE(reading.lost_page(0));
  reading.buffer[12] = '\0';
  CHECK(reading.lost_page(0));
  CHECK(reading.lost_page(12));
  CHECK_FALSE(reading.lost_page(13));
  reading.scan = 523;
  CHECK_FALSE(reading.lost_page(0));
}

TEST_CASE("Reading: a page was lost where a whole sector is the filler that was there before") {
  Reading reading;
  reading.buffer_at = 511;
  reading.buffer = Bytes(2000, 'x');
  reading.scan = reading.buffer.size();
  for (size_t i = 0; i < 512; ++i) reading.buffer[1 + i] = i % 2 == 0 ? '#' : '\n';
  CHECK(reading.lost_page(0));
  reading.buffer[1] = '\n';
  CHECK_FALSE(reading.lost_page(0));
}

TEST_CASE("Reading: filler in front was lost or appended to, as what follows says") {
  for (const char* appended : {"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n", "#TS:1\r\n"}) {
    Reading reading;
    for (int i = 0; i < 600; ++i) reading.buffer += "#\n";
    reading.buffer += appended;
    reading.scan = reading.buffer.size();
    CHECK_FALSE(reading.lost_page(0));
    reading.buffer_at = 1;  // no filler begins there: sectors of what looks like it
    CHECK_FALSE(reading.lost_page(0));
  }
  Reading torn;
  torn.buffer = "#\n#\n*1\r\n$4\r\nPING\r\n";
  torn.scan = torn.buffer.size();
  CHECK(torn.lost_page(0));
  CHECK_FALSE(torn.lost_page(4));
}

}  // namespace sluice::aof
