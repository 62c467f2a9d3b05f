#include "keyspace/entry.h"

#include <string>

#include <doctest/doctest.h>

#include "unit/keyspace/fixture.h"

namespace sluice::keyspace {

TEST_CASE("Entry: one allocation with its key, whatever the key's bytes") {
  for (const std::string& key :
       {std::string(), std::string("k"), std::string("a\0b\xff", 4), std::string(100'000, 'x')}) {
    Entry* const entry = Entry::create(key, Value(types::StringValue(5)));
    CHECK(entry->key() == key);
    CHECK(entry->memory_bytes() == sizeof(Entry) + key.size());
    CHECK(entry->deadline == kNoDeadline);
    CHECK(!entry->detached);
    CHECK(std::get<types::StringValue>(entry->value).integer() == 5);
    Entry::destroy(entry);
  }
}

TEST_CASE("Entry: stays small, since there are millions") {
  CHECK(sizeof(Entry) <= 40);
}

}  // namespace sluice::keyspace
