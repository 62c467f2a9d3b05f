#include "ds/marked_pointer.h"

#include <memory>

#include <doctest/doctest.h>

namespace sluice::ds {

TEST_CASE("MarkedPointer: address and mark do not touch each other") {
  const auto number = std::make_unique<int>(7);
  MarkedPointer<int> pointer(number.get(), 65535);
  CHECK(pointer.get() == number.get());
  CHECK(pointer.mark() == 65535);
  pointer.set_mark(1);
  CHECK(*pointer.get() == 7);
  CHECK(pointer.mark() == 1);
}

TEST_CASE("MarkedPointer: none is null without a mark, and null may have one") {
  const MarkedPointer<int> none;
  CHECK(none.get() == nullptr);
  CHECK(none.mark() == 0);
  const MarkedPointer<int> marked(nullptr, 3);
  CHECK(marked.get() == nullptr);
  CHECK(marked.mark() == 3);
}

}  // namespace sluice::ds
