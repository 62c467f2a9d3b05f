#include "resp/extension.h"

#include <doctest/doctest.h>

namespace sluice::resp {

using base::Bytes;
using base::ByteView;

TEST_CASE("Extension: payloads of any length and content read back in lines Redis can skip") {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{2}, size_t{3}, size_t{665}, size_t{666}, size_t{667}, size_t{5000}}) {
    Bytes payload;
    for (size_t i = 0; i < size; ++i) payload.push_back(static_cast<char>(i * 37));
    Bytes lines;
    append_extension(lines, payload);
    Bytes back;
    bool continues = true;
    while (!lines.empty()) {
      CHECK(continues);
      const size_t end = lines.find("\r\n");
      REQUIRE(end != std::string::npos);
      CHECK(end + 2 <= kMaxExtensionLine);
      const auto part = parse_extension(ByteView(lines).substr(0, end));
      REQUIRE(part);
      back += part->bytes;
      continues = part->continues;
      lines.erase(0, end + 2);
    }
    CHECK_FALSE(continues);
    CHECK(back == payload);
  }
}

TEST_CASE("Extension: a line that nobody writes is refused") {
  CHECK(parse_extension("#SLUICE:YQ=="));
  CHECK_FALSE(parse_extension("#SLUICE:YR=="));  // bits behind the last byte
  CHECK_FALSE(parse_extension("#SLUICE:YQ="));
  CHECK_FALSE(parse_extension("#SLUICE:Y==="));
  CHECK_FALSE(parse_extension("#SLUICE:YQ==YQ=="));
  CHECK_FALSE(parse_extension("#SLUICE:Y Q="));
  CHECK_FALSE(parse_extension("#SLUICE-INCR:1"));
}

}  // namespace sluice::resp
