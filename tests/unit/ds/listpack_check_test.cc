#include "ds/listpack_check.h"

#include <string>

#include <doctest/doctest.h>

namespace sluice::ds {
namespace {

Listpack listpack_of(std::initializer_list<base::ByteView> texts) {
  Listpack pack;
  for (const base::ByteView text : texts) pack.append(Packable(text));
  return pack;
}

// A listpack that holds "5" as text, as nobody who follows the format writes it.
std::string loose() {
  std::string block = {11, 0, 0, 0, 2, 0};
  block += '\x81';
  block += "5";
  block += '\x02';
  block += '\x05';  // the integer 5
  block[0] = 12;
  block += '\x01';
  block += '\xff';
  block[0] = static_cast<char>(block.size());
  return block;
}

TEST_CASE("Listpack check: counts the elements of a good one, and refuses a broken one") {
  const Listpack pack = listpack_of({"a", "7", "b"});
  const auto facts = inspect(pack.block());
  REQUIRE(facts);
  CHECK(facts->elements == 3);
  CHECK(facts->canonical);
  CHECK_FALSE(inspect(pack.block().substr(1)));
  CHECK_FALSE(inspect(""));
  CHECK_FALSE(checked_copy(pack.block().substr(0, 8)));
}

TEST_CASE("Listpack check: a text that is an integer is found, and written anew as one") {
  const auto facts = inspect(loose());
  REQUIRE(facts);
  CHECK_FALSE(facts->canonical);
  const auto copy = checked_copy(loose());
  REQUIRE(copy);
  CHECK(inspect(copy->block())->canonical);
  CHECK(copy->size() == 2);
  CHECK(copy->view().get(copy->view().first()).is_int);
  CHECK_FALSE(are_distinct(copy->view(), 1));
}

TEST_CASE("Listpack check: elements are compared a stride apart") {
  const Listpack pack = listpack_of({"a", "1", "b", "1"});
  CHECK(are_distinct(pack.view(), 2));
  CHECK_FALSE(are_distinct(pack.view(), 1));
  CHECK_FALSE(are_distinct(listpack_of({"7", "x", "7", "y"}).view(), 2));
  CHECK(are_distinct(Listpack().view(), 1));
}

}  // namespace
}  // namespace sluice::ds
