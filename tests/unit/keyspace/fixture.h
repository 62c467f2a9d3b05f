// What every test of the keyspace needs: one with a log of changes, and a way in.
#pragma once

#include <string>
#include <vector>

#include "keyspace/changes.h"
#include "keyspace/edit.h"
#include "keyspace/keyspace.h"

namespace sluice::keyspace {

inline constexpr int64_t kNowMs = 1'000'000;

struct Fixture {
  Keyspace keyspace{4, 42};
  ChangeLog changes{keyspace.graveyard()};
  Access access{&keyspace.database(0), &changes, kNowMs};

  Database& db() { return keyspace.database(0); }

  // A list of `elements` elements under `key`, recorded as done and over.
  Entry& add_list(base::ByteView key, size_t elements = 1) {
    auto list = keyspace.make<types::List>();
    for (size_t i = 0; i < elements; ++i) list.push_back(std::to_string(i));
    Entry& entry = keyspace.store(access, key, std::move(list), events::rpush);
    changes.clear();
    return entry;
  }
  // A hash whose n-th field, called by its number, has the n-th deadline.
  Entry& add_hash(base::ByteView key, const std::vector<int64_t>& deadlines_ms) {
    auto hash = keyspace.make<types::Hash>();
    for (size_t i = 0; i < deadlines_ms.size(); ++i) {
      hash.set(std::to_string(i), "v");
      hash.set_deadline(std::to_string(i), deadlines_ms[i]);
    }
    Entry& entry = keyspace.store(access, key, std::move(hash), events::hset);
    keyspace.deadlines().follow_value(db(), entry);
    changes.clear();
    return entry;
  }
};

}  // namespace sluice::keyspace
