#include "snapshot/extras.h"

#include <string>

#include <doctest/doctest.h>

#include "snapshot/block_codec.h"
#include "snapshot/deadline_codec.h"
#include "snapshot/delayed_codec.h"
#include "snapshot/dump.h"
#include "snapshot/group_codec.h"
#include "snapshot/idempotence_codec.h"
#include "unit/snapshot/value_text.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;

TEST_CASE("Extras: each kind belongs to one type of value") {
  Keyspace keyspace(1, 1);
  Value hash(keyspace.make<types::Hash>());
  Value stream(keyspace.make<types::Stream>());
  for (const base::ByteView name : {kDeadlinesName, kReleasedName, kActiveName, kIdempotenceName,
                                    kDelayedLastName, kDelayedBlockName, kExpiriesName, kDroppedName}) {
    CHECK(is_extra(name));
    const bool of_hash = name == kDeadlinesName;
    CHECK(is_extra_of(name, hash) == of_hash);
    CHECK(is_extra_of(name, stream) == !of_hash);
    for (Value* value : {of_hash ? &stream : &hash, static_cast<Value*>(nullptr)}) {
      const auto done = apply_extra(name, "", value);
      REQUIRE_FALSE(done.ok());
      CHECK(done.error().message.find(of_hash ? "stands behind no hash" : "stands behind no stream") !=
            std::string::npos);
    }
  }
  CHECK_FALSE(is_extra("redis-ver"));
  CHECK_FALSE(is_extra_of("redis-ver", stream));
}

TEST_CASE("Extras: all of a group is in a dump") {
  Keyspace keyspace(1, 1);
  auto stream = keyspace.make<types::Stream>();
  types::StreamGroup* group = stream->add_group("g", {9, 0}, 3);
  types::StreamConsumer& worker = group->add_consumer("c", 1000);
  group->add_consumer("new", 1001);
  group->add_pending({1, 0}, {&worker, 5, uint64_t{INT64_MAX}});
  group->add_released({3, 0}, uint64_t{INT64_MAX});
  group->add_released({2, 0}, 1);
  const Value value(std::move(stream));
  const std::string text = ValueText::of(value);
  CHECK(text.find("new seen 1001 active -1 released 3-0x9223372036854775807 released 2-0x1") !=
        std::string::npos);
  auto restored = restore_value(dump_value(value, true), keyspace);
  REQUIRE(restored.ok());
  CHECK(ValueText::of(*restored) == text);
}
