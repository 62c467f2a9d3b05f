#include "types/stream_id.h"

#include <string>

#include <doctest/doctest.h>

namespace sluice::types {

namespace {

std::string shown(const std::optional<StreamId>& id) {
  return id ? std::string(StreamIdText(*id).view()) : "invalid";
}

std::string shown(const StreamBound& bound) {
  if (bound.status == StreamBound::Status::kNothingBeyond) return "nothing";
  return bound.status == StreamBound::Status::kInvalid ? "invalid" : shown(std::optional(bound.id));
}

std::string request(base::ByteView text) {
  StreamIdRequest wanted;
  if (!parse_stream_id_request(text, wanted)) return "invalid";
  switch (wanted.kind) {
    case StreamIdRequest::Kind::kNext:
      return "next";
    case StreamIdRequest::Kind::kNextSeq:
      return "next of " + std::to_string(wanted.id.ms);
    case StreamIdRequest::Kind::kExplicit:
      break;
  }
  return shown(wanted.id);
}

}  // namespace

TEST_CASE("StreamId: is ordered by milliseconds, then by sequence") {
  CHECK(StreamId{1, 9} < StreamId{2, 0});
  CHECK(StreamId{2, 1} > StreamId{2, 0});
  CHECK(StreamId{2, 1} == StreamId{2, 1});
}

TEST_CASE("StreamId: its neighbours carry over, and end at the ends") {
  CHECK(shown(StreamId{3, UINT64_MAX}.next()) == "4-0");
  CHECK(shown(StreamId{3, 4}.next()) == "3-5");
  CHECK(shown(StreamId{3, 0}.previous()) == "2-18446744073709551615");
  CHECK(shown(kMaxStreamId.next()) == "invalid");
  CHECK(shown(kMinStreamId.previous()) == "invalid");
  CHECK(shown(kMaxStreamId) == "18446744073709551615-18446744073709551615");
}

TEST_CASE("StreamId: a missing sequence is the caller's") {
  CHECK(shown(parse_stream_id("5", 0)) == "5-0");
  CHECK(shown(parse_stream_id("5", 7)) == "5-7");
  CHECK(shown(parse_stream_id("5-2", 7)) == "5-2");
}

TEST_CASE("StreamId: reads what redis-server reads and refuses what it refuses") {
  for (const char* text : {"", "-", "+", "5-", "-5", "a", "5-a", "12 -1", "9--3", "1-2-3",
                           "18446744073709551616-1", "5-*", "*", "(5-1"}) {
    CAPTURE(text);
    CHECK(shown(parse_stream_id(text, 0)) == "invalid");
  }
  CHECK(shown(parse_stream_id("+6-1", 0)) == "6-1");
  CHECK(shown(parse_stream_id(" 7-1", 0)) == "7-1");
  CHECK(shown(parse_stream_id("8- 1", 0)) == "8-1");
  CHECK(shown(parse_stream_id("010-007", 0)) == "10-7");
  CHECK(shown(parse_stream_id(base::ByteView("5-1\0x", 5), 0)) == "5-1");
  CHECK(shown(parse_stream_id(std::string(124, '0') + "5-1", 0)) == "5-1");
  CHECK(shown(parse_stream_id(std::string(125, '0') + "5-1", 0)) == "invalid");
}

TEST_CASE("StreamIdRequest: from the clock, half given, or given") {
  CHECK(request("*") == "next");
  CHECK(request("11-*") == "next of 11");
  CHECK(request("11") == "11-0");
  CHECK(request("11-3") == "11-3");
  for (const char* text : {"11-**", "-*", "**", "*-1", "-", "+"}) CHECK(request(text) == "invalid");
}

TEST_CASE("StreamBound: open, inclusive and exclusive ends") {
  CHECK(shown(parse_stream_start("-")) == "0-0");
  CHECK(shown(parse_stream_end("+")) == shown(kMaxStreamId));
  CHECK(shown(parse_stream_start("5")) == "5-0");
  CHECK(shown(parse_stream_end("5")) == "5-18446744073709551615");
  CHECK(shown(parse_stream_start("(5")) == "5-1");
  CHECK(shown(parse_stream_start("(5-18446744073709551615")) == "6-0");
  CHECK(shown(parse_stream_end("(5-0")) == "4-18446744073709551615");
  CHECK(shown(parse_stream_end("(5")) == "5-18446744073709551614");
  CHECK(shown(parse_stream_start("(18446744073709551615-18446744073709551615")) == "nothing");
  CHECK(shown(parse_stream_end("(0-0")) == "nothing");
  for (const char* text : {"(", "(-", "(+", "x", "((5"}) {
    CHECK(shown(parse_stream_start(text)) == "invalid");
    CHECK(shown(parse_stream_end(text)) == "invalid");
  }
}

}  // namespace sluice::types
