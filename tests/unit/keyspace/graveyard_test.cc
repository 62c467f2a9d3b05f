#include "keyspace/graveyard.h"

#include <doctest/doctest.h>

#include "unit/keyspace/fixture.h"

namespace sluice::keyspace {

TEST_CASE("Graveyard: small values die at once, big ones wait and go in slices") {
  Fixture f;
  Graveyard& graveyard = f.keyspace.graveyard();
  const auto list_of = [&](size_t elements) {
    auto list = f.keyspace.make<types::List>();
    for (size_t i = 0; i < elements; ++i) list.push_back(std::string(200, 'x'));
    return Value(std::move(list));
  };
  graveyard.bury(list_of(kFreeAtOnceElements));
  graveyard.bury(Value(types::StringValue(1)));
  CHECK(graveyard.empty());
  CHECK_FALSE(graveyard.step(100, f.keyspace.deadlines()));
  graveyard.bury(list_of(50'000));
  graveyard.bury(list_of(50'000));
  CHECK(graveyard.pending() == 2);
  int steps = 1;
  while (graveyard.step(1000, f.keyspace.deadlines())) ++steps;
  CHECK(steps > 5);
  CHECK(graveyard.empty());
  CHECK(graveyard.freed() == 2);
}

TEST_CASE("Graveyard: a flushed database is freed in slices, key by key") {
  Fixture f;
  for (int i = 0; i < 5000; ++i) f.add_list("k" + std::to_string(i));
  CHECK(f.keyspace.flush(0) == 5000);
  CHECK(f.keyspace.graveyard().pending() == 5000);
  CHECK(f.keyspace.graveyard().step(1000, f.keyspace.deadlines()));
  CHECK(f.keyspace.graveyard().pending() < 5000);
  CHECK(f.keyspace.graveyard().pending() >= 4000);
  while (f.keyspace.graveyard().step(1000, f.keyspace.deadlines())) {
  }
  CHECK(f.keyspace.graveyard().freed() == 5000);
}

TEST_CASE("Graveyard: what is pending in a stream, or in a group that left it, is freed in slices") {
  Fixture f;
  Graveyard& graveyard = f.keyspace.graveyard();
  const auto stream_of = [&](uint64_t pending) {
    auto stream = f.keyspace.make<types::Stream>();
    types::StreamGroup* group = stream->add_group("g", {}, 0);
    types::StreamConsumer& consumer = group->add_consumer("c", 0);
    for (uint64_t i = 1; i <= pending; ++i) group->add_pending({i, 0}, {&consumer, 1, 1});
    return stream;
  };
  graveyard.bury(stream_of(10)->remove_group("g"));
  CHECK(graveyard.empty());
  for (const bool whole : {true, false}) {
    auto stream = stream_of(50'000);
    if (whole) {
      graveyard.bury(Value(std::move(stream)));
    } else {
      graveyard.bury(stream->remove_group("g"));
    }
    CHECK(graveyard.pending() == 1);
    int steps = 1;
    while (graveyard.step(1000, f.keyspace.deadlines())) ++steps;
    CHECK(steps > 50);
    CHECK(graveyard.empty());
  }
  CHECK(graveyard.freed() == 2);
}

TEST_CASE("Graveyard: an empty database needs no burial") {
  Fixture f;
  CHECK(f.keyspace.flush(0) == 0);
  CHECK(f.keyspace.graveyard().empty());
}

}  // namespace sluice::keyspace
