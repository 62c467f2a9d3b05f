// WriteHook: how a snapshot under way learns of what is about to change, before it does. It sees each entry
// of the moment the snapshot began (its epoch) at most once, and may take over what would be freed while it
// still owes it. Databases, entries and the graveyard ask through a WriteGate, which costs one compare when
// nobody listens. Nodes inside big values announce themselves by ds::NodeHook; nothing here knows of them.
#pragma once

#include <memory>

#include "ds/node.h"
#include "keyspace/value.h"

namespace sluice::keyspace {

class Database;
class Entry;

class WriteHook {
 public:
  virtual ~WriteHook() = default;
  // Before the first change of an entry that is older than the epoch: of its value or its expiry, or its
  // removal. `db` may be one that FLUSHDB has set aside. The hook must not change the keyspace.
  virtual void before_change(const Database& db, Entry& entry) = 0;
  // A value no key holds any more, on its way to be freed. True: the hook has moved it out, and frees it.
  virtual bool keep(Value& value) = 0;
  // The same for a database that was replaced by an empty one.
  virtual bool keep(std::unique_ptr<Database>& database) = 0;
};

// One per keyspace.
struct WriteGate {
  ds::Epoch epoch{};
  WriteHook* hook = nullptr;  // null when no snapshot runs
};

}  // namespace sluice::keyspace
