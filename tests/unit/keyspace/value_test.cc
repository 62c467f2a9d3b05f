#include "keyspace/value.h"

#include <doctest/doctest.h>

#include "unit/keyspace/fixture.h"

namespace sluice::keyspace {

namespace {

// One value of each type, in the order of Value's alternatives, with `elements` elements where that makes
// sense.
std::vector<Value> one_of_each(Fixture& f, size_t elements) {
  auto list = f.keyspace.make<types::List>();
  auto hash = f.keyspace.make<types::Hash>();
  auto set = f.keyspace.make<types::Set>();
  auto sorted = f.keyspace.make<types::SortedSet>();
  auto stream = f.keyspace.make<types::Stream>();
  for (size_t i = 0; i < elements; ++i) {
    const std::string name = "member-" + std::to_string(i);
    list.push_back(name + std::string(200, 'x'));  // a few dozen to a node
    hash.set(name, "v");
    set.add(name);
    sorted.add(name, static_cast<double>(i), {});
  }
  std::vector<Value> values;
  values.emplace_back(types::StringValue::from_text("text"));
  values.emplace_back(std::move(list));
  values.emplace_back(std::move(hash));
  values.emplace_back(std::move(set));
  values.emplace_back(std::move(sorted));
  values.emplace_back(std::move(stream));
  return values;
}

}  // namespace

TEST_CASE("Value: types have the names TYPE answers, in the order of the alternatives") {
  Fixture f;
  std::string names;
  for (const Value& value : one_of_each(f, 1)) names += std::string(type_name(type_of(value))) + " ";
  CHECK(names == "string list hash set zset stream ");
  static_assert(type_as<types::List>() == Type::kList);
  static_assert(type_as<types::Stream>() == Type::kStream);
}

TEST_CASE("Value: get_if finds the type inside and no other") {
  Fixture f;
  Value list(f.keyspace.make<types::List>());
  CHECK(get_if<types::List>(list) != nullptr);
  CHECK(get_if<types::Hash>(list) == nullptr);
  CHECK(get_if<types::StringValue>(list) == nullptr);
  Value string(types::StringValue(3));
  CHECK(get_if<types::StringValue>(string)->integer() == 3);
  CHECK(get_if<types::List>(string) == nullptr);
}

TEST_CASE("Value: empty collections vanish, strings and streams never do") {
  Fixture f;
  const std::vector<bool> expected = {false, true, true, true, true, false};
  const std::vector<Value> empty = one_of_each(f, 0);
  const std::vector<Value> full = one_of_each(f, 2);
  for (size_t i = 0; i < empty.size(); ++i) {
    CAPTURE(i);
    CHECK(vanishes(empty[i]) == expected[i]);
    CHECK_FALSE(vanishes(full[i]));
  }
}

TEST_CASE("Value: encodings and sizes are those of the type inside") {
  Fixture f;
  const std::vector<Value> values = one_of_each(f, 3);
  CHECK(encoding_of(values[0]) == "embstr");
  CHECK(encoding_of(values[1]) == "listpack");
  CHECK(encoding_of(values[5]) == "stream");
  CHECK(element_count(values[0]) == 1);
  for (size_t i = 1; i < 5; ++i) {
    CHECK(element_count(values[i]) == 3);
    CHECK(memory_bytes(values[i]) > 0);
  }
}

TEST_CASE("Value: big ones are freed in slices to nothing") {
  Fixture f;
  for (Value& value : one_of_each(f, 5000)) {
    CAPTURE(type_name(type_of(value)));
    int slices = 1;
    while (release_slice(value, 500)) ++slices;
    const bool big = type_of(value) != Type::kString && type_of(value) != Type::kStream;
    if (big) {
      CHECK(slices > 3);
      CHECK(element_count(value) == 0);
    }
  }
}

}  // namespace sluice::keyspace
