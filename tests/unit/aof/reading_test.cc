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

}  // namespace sluice::aof
