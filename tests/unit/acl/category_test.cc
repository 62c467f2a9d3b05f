#include "acl/category.h"

#include <doctest/doctest.h>

namespace sluice::acl {

TEST_CASE("Category: names stand in the order of their bits, and are found in any case") {
  for (size_t i = 0; i < kCategoryNames.size(); ++i) CHECK(category_by_name(kCategoryNames[i]) == 1u << i);
  CHECK(category_by_name("SortedSet") == kCatSortedSet);
  CHECK(category_by_name("scripting") == kCatScripting);
}

TEST_CASE("Category: all, the empty name and a name with its sign are none") {
  for (const char* name : {"all", "", "@read", "reads", "rea"})
    CHECK_FALSE(category_by_name(name).has_value());
}

}  // namespace sluice::acl
