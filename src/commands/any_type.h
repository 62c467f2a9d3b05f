// What commands that treat a key whatever it holds share: looking one up without using it, and its deadline.
// Commands of one type go through Call::view and Call::edit instead. Owns nothing; must not know what is
// inside a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "exec/call.h"
#include "keyspace/entry.h"

namespace sluice::commands {

// What a key is looked up for: to use it, which counts as its last use; to count as such a use, even for a
// client with NO-TOUCH; to learn of it; or to look into how it is kept, which announces no miss either.
enum class Purpose : uint8_t { kUse, kTouch, kLearn, kInspect };

// The live entry or null, counted as a hit or a miss.
keyspace::Entry* look_up(exec::Call& call, base::ByteView key, Purpose purpose);

// "ERR invalid expire time in 'set' command".
std::string invalid_expire_time(const exec::Call& call);
// The key goes, if it is there: what storing an empty result comes to.
void remove_key(exec::Call& call, base::ByteView key);
// How many hold the value. Redis has one object for all numbers 0 to 9999, and says so with INT_MAX.
int64_t refcount_of(const keyspace::Value& value);
// When the key expires, in unix milliseconds.
std::optional<int64_t> expiry_of(exec::Call& call, const keyspace::Entry& entry);
// Sets that and says so, as one more change of the key; what INFO counts is the caller's matter.
void set_expiry(exec::Call& call, keyspace::Entry& entry, int64_t when_ms);
// Takes the deadline away: one change. False when there is none.
bool drop_expiry(exec::Call& call, keyspace::Entry& entry);
// The moment asked for is not in the future: the key goes now, and the log is told so instead of the command.
void remove_outdated(exec::Call& call, keyspace::Entry& entry);
// Whether a deadline given by a command has passed already. Never while the log is loaded: it brings its own
// removals.
bool is_past(const exec::Call& call, int64_t when_ms);

}  // namespace sluice::commands
