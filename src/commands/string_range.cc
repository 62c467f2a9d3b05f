// Parts of strings: APPEND STRLEN GETRANGE SUBSTR SETRANGE.
#include <algorithm>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"
#include "commands/string_limit.h"

namespace sluice::commands {

namespace {

using types::StringValue;

// Whether `size` and `more` bytes make a string that is allowed. Neither is trusted to be small.
bool fits(const Call& call, size_t size, size_t more) {
  const size_t limit = string_limit_bytes(call);
  return size <= limit && more <= limit - size;
}

Outcome cmd_append(Call& call) {
  const ByteView key = call.args.key();
  const size_t index = call.args.position();
  const ByteView suffix = call.args.next();
  auto found = call.edit_existing<StringValue>(key);
  if (!found) return call.fail(found.error());
  size_t size = suffix.size();
  if (!*found) {
    call.on.keyspace.store(call.access(), key, StringValue::adopt(call.take(index)), events::append);
  } else {
    Edit<StringValue>& text = *found;
    if (!fits(call, text.peek().size(), suffix.size())) return call.fail(errors::kStringTooLong);
    size = text->append(suffix);
    text.commit(events::append);
  }
  call.reply.integer(static_cast<int64_t>(size));
  return Outcome::kDone;
}

Outcome cmd_strlen(Call& call) {
  const auto found = call.view<StringValue>(call.args.key());
  if (!found) return call.fail(found.error());
  call.reply.integer(*found ? static_cast<int64_t>((**found).size()) : 0);
  return Outcome::kDone;
}

// The bytes first..last, both included, negative ones counted from the end, cut to what there is.
ByteView cut_out(ByteView text, int64_t first, int64_t last) {
  if (first < 0 && last < 0 && first > last) return {};
  const auto size = static_cast<int64_t>(text.size());
  if (first < 0) first = std::max<int64_t>(first + size, 0);
  if (last < 0) last = std::max<int64_t>(last + size, 0);
  last = std::min(last, size - 1);
  if (first > last) return {};
  return text.substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1));
}

Outcome cmd_getrange(Call& call) {
  const ByteView key = call.args.key();
  const int64_t first = call.args.integer();
  const int64_t last = call.args.integer();
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto found = call.view<StringValue>(key);
  if (!found) return call.fail(found.error());
  base::NumberText digits;
  call.reply.bulk(*found ? cut_out((**found).view(digits), first, last) : ByteView{});
  return Outcome::kDone;
}

Outcome cmd_setrange(Call& call) {
  const ByteView key = call.args.key();
  const int64_t offset = call.args.integer();
  const ByteView part = call.args.next();
  if (!call.args.ok()) return call.fail(call.args.error());
  if (offset < 0) return call.fail(errors::kOffsetOutOfRange);
  auto found = call.edit_existing<StringValue>(key);
  if (!found) return call.fail(found.error());
  const size_t old_size = *found ? found->peek().size() : 0;
  const auto start = static_cast<size_t>(offset);
  if (part.empty()) {
    call.reply.integer(static_cast<int64_t>(old_size));
    return Outcome::kDone;
  }
  if (!fits(call, start, part.size())) return call.fail(errors::kStringTooLong);
  size_t size = 0;
  if (*found) {
    size = (*found)->set_range(start, part);
    found->commit(events::setrange);
  } else {
    StringValue text = StringValue::from_plain_text({});
    size = text.set_range(start, part);
    call.on.keyspace.store(call.access(), key, std::move(text), events::setrange);
  }
  call.reply.integer(static_cast<int64_t>(size));
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"append", cmd_append, exactly(3), one_key(1, kKeyRw | kKeyInsert), kWrite | kDenyOom | kFast,
     Group::kString, "2.0.0", "Puts bytes behind those of a string.", "key value"},
    {"getrange", cmd_getrange, exactly(4), one_key(1, kKeyRo | kKeyAccess), kReadonly, Group::kString,
     "2.4.0", "Shows a part of a string.", "key start end"},
    {"setrange", cmd_setrange, exactly(4), one_key(1, kKeyRw | kKeyUpdate), kWrite | kDenyOom, Group::kString,
     "2.2.0", "Overwrites a part of a string, growing it as needed.", "key offset value"},
    {"strlen", cmd_strlen, exactly(2), one_key(1, kKeyRo), kReadonly | kFast, Group::kString, "2.2.0",
     "Tells how long a string is.", "key"},
    {"substr", cmd_getrange, exactly(4), one_key(1, kKeyRo | kKeyAccess), kReadonly, Group::kString, "1.0.0",
     "Shows a part of a string; the old name of GETRANGE.", "key start end"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> string_range_commands() {
  return kRows;
}

}  // namespace sluice::commands
