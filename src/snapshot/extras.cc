#include "snapshot/extras.h"

#include <array>
#include <memory>
#include <string>
#include <variant>

#include "snapshot/block_codec.h"
#include "snapshot/deadline_codec.h"
#include "snapshot/delayed_codec.h"
#include "snapshot/group_codec.h"
#include "snapshot/idempotence_codec.h"
#include "snapshot/policy_codec.h"

namespace sluice::snapshot {

namespace {

// A kind of field: its name, what it says in words, and how it is done to a value of the right type.
template <class T>
struct Kind {
  base::ByteView name;
  const char* says;
  const char* belongs_to;
  base::Result<void> (*apply)(base::ByteView block, T& value);
};

constexpr Kind<types::Hash> kDeadlines = {kDeadlinesName, "a record of deadlines of fields", "hash",
                                          apply_deadlines};
constexpr std::array<Kind<types::Stream>, 9> kOfStreams = {{
    {kDroppedName, "a record of what a block dropped", "stream", apply_dropped},
    {kReleasedName, "a record of released entries", "stream", apply_released},
    {kGroupDelayedName, "a record of entries to be released", "stream", apply_group_delayed},
    {kPolicyName, "a policy of a group", "stream", apply_policy},
    {kActiveName, "a record of active consumers", "stream", apply_active},
    {kIdempotenceName, "a record of what producers sent", "stream", apply_idempotence},
    {kDelayedLastName, "a record of delayed entries", "stream", apply_delayed_last},
    {kDelayedBlockName, "a record of delayed entries", "stream", apply_delayed_block},
    {kExpiriesName, "a record of entries that go", "stream", apply_expiries},
}};

template <class T>
base::Result<void> apply(const Kind<T>& kind, base::ByteView block, keyspace::Value* value) {
  T* const held = value == nullptr ? nullptr : keyspace::get_if<T>(*value);
  const std::string says = kind.says;
  if (held == nullptr) return base::Error{says + " stands behind no " + kind.belongs_to};
  if (auto done = kind.apply(block, *held); !done.ok()) {
    return base::Error{says + ": " + done.error().message};
  }
  return {};
}

}  // namespace

void encode_extras(const keyspace::Value& value, Encoder& out) {
  encode_deadlines(value, out);
  const auto* stream = std::get_if<std::unique_ptr<types::Stream>>(&value);
  if (stream == nullptr) return;
  encode_dropped(**stream, out);
  encode_idempotence(**stream, out);
  encode_policies(**stream, out);
  encode_delayed(**stream, out);
  encode_group_records(**stream, out);
}

bool is_extra(base::ByteView name) {
  for (const auto& kind : kOfStreams) {
    if (kind.name == name) return true;
  }
  return name == kDeadlinesName;
}

bool is_extra_of(base::ByteView name, const keyspace::Value& value) {
  const keyspace::Type type = name == kDeadlinesName ? keyspace::Type::kHash : keyspace::Type::kStream;
  return is_extra(name) && keyspace::type_of(value) == type;
}

base::Result<void> apply_extra(base::ByteView name, base::ByteView block, keyspace::Value* value) {
  for (const auto& kind : kOfStreams) {
    if (kind.name == name) return apply(kind, block, value);
  }
  return apply(kDeadlines, block, value);
}

}  // namespace sluice::snapshot
