#include "commands/any_type.h"

#include "keyspace/event.h"

namespace sluice::commands {

keyspace::Entry* look_up(exec::Call& call, base::ByteView key, Purpose purpose) {
  keyspace::Access access = call.access();
  access.touch = purpose == Purpose::kTouch || (access.touch && purpose == Purpose::kUse);
  keyspace::Entry* entry = call.on.keyspace.find(access, key);
  exec::looked_up(call, key, entry != nullptr, purpose == Purpose::kInspect);
  return entry;
}

std::string invalid_expire_time(const exec::Call& call) {
  return "ERR invalid expire time in '" + call.command.full_name + "' command";
}

void remove_key(exec::Call& call, base::ByteView key) {
  keyspace::Entry* entry = call.on.keyspace.find(call.access(), key);
  if (entry != nullptr) call.on.keyspace.remove(call.access(), *entry, keyspace::events::del);
}

int64_t refcount_of(const keyspace::Value& value) {
  constexpr int64_t kSharedIntegers = 10000;
  const auto* text = std::get_if<types::StringValue>(&value);
  if (text == nullptr || base::ByteView(text->encoding()) != "int") return 1;
  const int64_t number = text->integer().value_or(-1);
  return number >= 0 && number < kSharedIntegers ? INT32_MAX : 1;
}

std::optional<int64_t> expiry_of(exec::Call& call, const keyspace::Entry& entry) {
  if (entry.deadline == keyspace::kNoDeadline) return std::nullopt;
  return call.on.keyspace.deadlines().expiry_ms(entry);
}

void set_expiry(exec::Call& call, keyspace::Entry& entry, int64_t when_ms) {
  keyspace::Database& db = *call.access().db;
  call.on.keyspace.deadlines().set_expiry(db, entry, when_ms);
  call.unit().changes.touched(db, entry, &keyspace::events::expire);
}

bool drop_expiry(exec::Call& call, keyspace::Entry& entry) {
  if (entry.deadline == keyspace::kNoDeadline) return false;
  call.on.keyspace.deadlines().clear_expiry(entry);
  call.unit().changes.touched(*call.access().db, entry, &keyspace::events::persist);
  call.unit().changes.count_dirty(1);
  return true;
}

void remove_outdated(exec::Call& call, keyspace::Entry& entry) {
  // Recorded first: the key's bytes are the entry's.
  call.propagate_as({"DEL", entry.key()});
  call.on.keyspace.remove(call.access(), entry, keyspace::events::del);
}

bool is_past(const exec::Call& call, int64_t when_ms) {
  return when_ms <= call.access().now_ms && call.entrance != exec::Entrance::kReplay;
}

}  // namespace sluice::commands
