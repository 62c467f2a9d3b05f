#include "base/result.h"

#include <memory>

#include <doctest/doctest.h>

namespace sluice::base {

TEST_CASE("Result: holds a value or an error, never both") {
  Result<int> good = 5;
  CHECK(good.ok());
  CHECK(*good == 5);
  Result<int> bad = Error{"no"};
  CHECK_FALSE(bad.ok());
  CHECK(bad.error().message == "no");
}

TEST_CASE("Result: moves what cannot be copied") {
  Result<std::unique_ptr<int>> owned = std::make_unique<int>(3);
  std::unique_ptr<int> taken = *std::move(owned);
  CHECK(*taken == 3);
}

TEST_CASE("Result<void>: succeeds by default") {
  Result<void> fine;
  CHECK(fine.ok());
  Result<void> broken = Error{"broken"};
  CHECK_FALSE(broken);
  CHECK(broken.error().message == "broken");
}

}  // namespace sluice::base
