#include "commands/scan_options.h"

#include <vector>

#include <doctest/doctest.h>

#include "resp/errors.h"

namespace sluice::commands {

namespace {

using Words = std::vector<base::ByteView>;

}  // namespace

TEST_CASE("ScanOptions: without options everything is shown, ten at a time") {
  const Words words = {"HSCAN", "h", "0"};
  exec::Args args(words, 3);
  const ScanOptions options = scan_options(args, ScanOf::kElements);
  CHECK(args.ok());
  CHECK(options.count == kDefaultScanCount);
  CHECK(options.shows(""));
  CHECK(options.shows("field"));
}

TEST_CASE("ScanOptions: the last of several counts and patterns is the one that holds") {
  const Words words = {"count", "5", "match", "a*", "COUNT", "70", "MATCH", "b?"};
  exec::Args args(words, 0);
  const ScanOptions options = scan_options(args, ScanOf::kElements);
  CHECK(args.ok());
  CHECK(options.count == 70);
  CHECK(options.shows("b1"));
  CHECK(!options.shows("a1"));
  CHECK(!options.shows(""));
}

TEST_CASE("ScanOptions: TYPE belongs to keys, not to elements") {
  const Words words = {"TYPE", "list"};
  exec::Args of_keys(words, 0);
  CHECK(scan_options(of_keys, ScanOf::kKeys).type == base::ByteView("list"));
  CHECK(of_keys.ok());
  exec::Args of_elements(words, 0);
  scan_options(of_elements, ScanOf::kElements);
  CHECK(of_elements.error() == resp::errors::kSyntax);
}

TEST_CASE("scan_cursor: a bad cursor latches before bad options do") {
  const Words words = {"12a", "COUNT", "0"};
  exec::Args args(words, 0);
  scan_cursor(args);
  scan_options(args, ScanOf::kElements);
  CHECK(args.error() == resp::errors::kInvalidCursor);
}

TEST_CASE("scan_cursor: every unsigned 64-bit number, and minus one as the largest") {
  const Words words = {"18446744073709551615", "-1", "0", ""};
  exec::Args args(words, 0);
  CHECK(scan_cursor(args) == UINT64_MAX);
  CHECK(scan_cursor(args) == UINT64_MAX);
  CHECK(scan_cursor(args) == 0);
  CHECK(scan_cursor(args) == 0);
  CHECK(args.ok());
}

}  // namespace sluice::commands
