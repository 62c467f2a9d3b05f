// Hashes: fields with values under one key. Those that are over by now are not seen, whoever looks.
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/element_reply.h"
#include "commands/family.h"
#include "commands/hash_fields.h"
#include "commands/sample_options.h"
#include "commands/scan_options.h"

namespace sluice::commands {

namespace {

using ds::Element;
using types::Hash;

// --- writing

enum class SetReply : uint8_t { kAdded, kOk };

Outcome set_fields(Call& call, SetReply shape) {
  const ByteView key = call.args.key();
  const auto pairs = call.args.rest();
  if (pairs.size() % 2 != 0) return call.fail(errors::wrong_arity(call.command.full_name));
  auto found = call.edit<Hash>(key);
  if (!found) return call.fail(found.error());
  Edit<Hash>& hash = *found;
  int64_t added = 0;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    expire_first(call, hash, pairs[i]);
    if (hash->set(pairs[i], pairs[i + 1])) ++added;
  }
  if (shape == SetReply::kAdded) {
    call.reply.integer(added);
  } else {
    call.reply.ok();
  }
  hash.commit(events::hset, pairs.size() / 2);
  return Outcome::kDone;
}

Outcome cmd_hset(Call& call) {
  return set_fields(call, SetReply::kAdded);
}
Outcome cmd_hmset(Call& call) {
  return set_fields(call, SetReply::kOk);
}

Outcome cmd_hsetnx(Call& call) {
  const ByteView key = call.args.key();
  const ByteView field = call.args.next();
  const ByteView value = call.args.next();
  auto found = call.edit<Hash>(key);
  if (!found) return call.fail(found.error());
  Edit<Hash>& hash = *found;
  expire_first(call, hash, field);
  const bool is_new = !hash.peek().contains(field);
  if (is_new) {
    hash->set(field, value);
    hash.commit(events::hset);
  }
  call.reply.integer(is_new ? 1 : 0);
  return Outcome::kDone;
}

Outcome cmd_hdel(Call& call) {
  const ByteView key = call.args.key();
  auto found = call.edit_existing<Hash>(key);
  if (!found) return call.fail(found.error());
  Edit<Hash>& hash = *found;
  uint64_t removed = 0;
  if (hash) {
    for (const ByteView field : call.args.rest()) {
      expire_first(call, hash, field);
      if (hash->erase(field)) ++removed;
    }
    if (removed > 0) {
      hash.commit(events::hdel, removed);
    } else {
      hash.unchanged();
    }
  }
  call.reply.integer(static_cast<int64_t>(removed));
  return Outcome::kDone;
}

Outcome cmd_hincrby(Call& call) {
  const ByteView key = call.args.key();
  const ByteView field = call.args.next();
  const int64_t increment = call.args.integer();
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = call.edit<Hash>(key);
  if (!found) return call.fail(found.error());
  Edit<Hash>& hash = *found;
  expire_first(call, hash, field);
  int64_t value = 0;
  if (const std::optional<Element> current = hash.peek().get(field)) {
    const auto number = current->is_int ? current->number : base::parse_int64(current->text);
    if (!number) return call.fail(errors::kHashValueNotAnInteger);
    value = *number;
  }
  if (__builtin_add_overflow(value, increment, &value)) return call.fail(errors::kIncrementOverflow);
  hash->set_keeping_deadline(field, base::format_int64(value).view());
  hash.commit(events::hincrby);
  call.reply.integer(value);
  return Outcome::kDone;
}

// Logged as the value it came to: long doubles are not the same everywhere. HSET takes the deadline away.
Outcome cmd_hincrbyfloat(Call& call) {
  constexpr ByteView kIncrementNotFinite = "ERR value is NaN or Infinity";
  const ByteView key = call.args.key();
  const ByteView field = call.args.next();
  const auto increment = base::parse_long_double(call.args.next());
  if (!increment) return call.fail(errors::kNotAFloat);
  if (!std::isfinite(*increment)) return call.fail(kIncrementNotFinite);
  auto found = call.edit<Hash>(key);
  if (!found) return call.fail(found.error());
  Edit<Hash>& hash = *found;
  expire_first(call, hash, field);
  long double value = *increment;
  if (const std::optional<Element> current = hash.peek().get(field)) {
    const auto number =
        current->is_int ? static_cast<long double>(current->number) : base::parse_long_double(current->text);
    if (!number) return call.fail(errors::kHashValueNotAFloat);
    value += *number;
  }
  if (!std::isfinite(value)) return call.fail(errors::kIncrementNanOrInfinity);
  const Bytes text = base::format_long_double(value);
  hash->set_keeping_deadline(field, text);
  hash.commit(events::hincrbyfloat);
  call.propagate_as({"HSET", key, field, text});
  const int64_t deadline_ms = hash.peek().deadline_ms(field);
  if (deadline_ms != types::kNeverExpires) propagate_deadline(call, key, deadline_ms, {&field, 1});
  call.reply.bulk(text);
  return Outcome::kDone;
}

// --- reading

void reply_value(resp::Reply& reply, const std::optional<Element>& value) {
  if (value) {
    reply_element(reply, *value);
  } else {
    reply.null();
  }
}

Outcome cmd_hget(Call& call) {
  const auto hash = view_live(call, call.args.key());
  if (!hash) return call.fail(hash.error());
  reply_value(call.reply, *hash ? (*hash)->get(call.args.next()) : std::nullopt);
  return Outcome::kDone;
}

Outcome cmd_hmget(Call& call) {
  const auto hash = view_live(call, call.args.key());
  if (!hash) return call.fail(hash.error());
  const auto fields = call.args.rest();
  call.reply.array(fields.size());
  for (const ByteView field : fields) {
    reply_value(call.reply, *hash ? (*hash)->get(field) : std::nullopt);
  }
  return Outcome::kDone;
}

Outcome cmd_hgetall(Call& call) {
  const auto hash = view_live(call, call.args.key());
  if (!hash) return call.fail(hash.error());
  call.reply.map(*hash ? (*hash)->size() : 0);
  if (!*hash) return Outcome::kDone;
  (*hash)->for_each([&call](const Element& field, const Element& value) {
    reply_element(call.reply, field);
    reply_element(call.reply, value);
  });
  return Outcome::kDone;
}

enum class Side : uint8_t { kFields, kValues };

Outcome list_side(Call& call, Side side) {
  const auto hash = view_live(call, call.args.key());
  if (!hash) return call.fail(hash.error());
  call.reply.array(*hash ? (*hash)->size() : 0);
  if (!*hash) return Outcome::kDone;
  (*hash)->for_each([&call, side](const Element& field, const Element& value) {
    reply_element(call.reply, side == Side::kFields ? field : value);
  });
  return Outcome::kDone;
}

Outcome cmd_hkeys(Call& call) {
  return list_side(call, Side::kFields);
}
Outcome cmd_hvals(Call& call) {
  return list_side(call, Side::kValues);
}

Outcome cmd_hexists(Call& call) {
  const auto hash = view_live(call, call.args.key());
  if (!hash) return call.fail(hash.error());
  call.reply.integer(*hash && (*hash)->contains(call.args.next()) ? 1 : 0);
  return Outcome::kDone;
}

Outcome cmd_hlen(Call& call) {
  const auto hash = view_live(call, call.args.key());
  if (!hash) return call.fail(hash.error());
  call.reply.integer(*hash ? static_cast<int64_t>((*hash)->size()) : 0);
  return Outcome::kDone;
}

Outcome cmd_hstrlen(Call& call) {
  const auto hash = view_live(call, call.args.key());
  if (!hash) return call.fail(hash.error());
  call.reply.integer(*hash ? static_cast<int64_t>((*hash)->value_length(call.args.next())) : 0);
  return Outcome::kDone;
}

Outcome cmd_hscan(Call& call) {
  const ByteView key = call.args.key();
  const uint64_t cursor = scan_cursor(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto hash = view_live(call, key);
  if (!hash) return call.fail(hash.error());
  if (!*hash) {
    reply_scan_cursor(call.reply, 0);
    call.reply.array(0);
    return Outcome::kDone;
  }
  const ScanOptions options = scan_options(call.args, ScanOf::kElements);
  if (!call.args.ok()) return call.fail(call.args.error());
  std::vector<std::pair<Element, Element>> page;
  const uint64_t next = (*hash)->scan(cursor, options.count, [&](const Element& field, const Element& value) {
    base::NumberText buffer;
    if (options.shows(field.to_text(buffer))) page.emplace_back(field, value);
  });
  reply_scan_cursor(call.reply, next);
  call.reply.array(page.size() * 2);
  for (const auto& [field, value] : page) {
    reply_element(call.reply, field);
    reply_element(call.reply, value);
  }
  return Outcome::kDone;
}

void reply_drawn(resp::Reply& reply, const Element& field, const Element& value, bool with_value) {
  if (with_value && reply.resp3()) reply.array(2);
  reply_element(reply, field);
  if (with_value) reply_element(reply, value);
}

Outcome cmd_hrandfield(Call& call) {
  const ByteView key = call.args.key();
  const SampleOptions options = sample_options(call.args, "WITHVALUES");
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto hash = view_live(call, key);
  if (!hash) return call.fail(hash.error());
  if (options.one) {
    if (*hash) {
      reply_element(call.reply, (*hash)->random(call.on.random).first);
    } else {
      call.reply.null();
    }
    return Outcome::kDone;
  }
  size_t count = *hash ? options.count : 0;
  if (*hash && !options.repeats) count = std::min(count, (*hash)->size());
  if (options.with_both) {
    reply_pairs(call.reply, count, pairs_of_protocol(call.reply));
  } else {
    call.reply.array(count);
  }
  if (count == 0) return Outcome::kDone;
  if (options.repeats) {
    for (; count > 0; --count) {
      const auto drawn = (*hash)->random(call.on.random);
      reply_drawn(call.reply, drawn.first, drawn.second, options.with_both);
    }
  } else {
    (*hash)->sample(count, call.on.random, [&](const Element& field, const Element& value) {
      reply_drawn(call.reply, field, value, options.with_both);
    });
  }
  return Outcome::kDone;
}

constexpr KeySpecs kReads = one_key(1, kKeyRo | kKeyAccess);
constexpr KeySpecs kLooks = one_key(1, kKeyRo);
constexpr KeySpecs kUpdates = one_key(1, kKeyRw | kKeyUpdate);
constexpr KeySpecs kAdds = one_key(1, kKeyRw | kKeyAccess | kKeyUpdate);
constexpr uint32_t kGrows = kWrite | kDenyOom | kFast;
// The state of a job: its worker has to write it, or the job cannot end.
constexpr uint32_t kNotes = kGrows | kUsesReserve;

constexpr CommandSpec kRows[] = {
    {"hdel", cmd_hdel, at_least(3), one_key(1, kKeyRw | kKeyDelete), kWrite | kFast, Group::kHash, "2.0.0",
     "Removes fields from a hash.", "key field [field ...]"},
    {"hexists", cmd_hexists, exactly(3), kLooks, kReadonly | kFast, Group::kHash, "2.0.0",
     "Tells whether a hash has a field.", "key field"},
    {"hget", cmd_hget, exactly(3), kReads, kReadonly | kFast, Group::kHash, "2.0.0",
     "Shows the value of a field.", "key field"},
    {"hgetall", cmd_hgetall, exactly(2), kReads, kReadonly, Group::kHash, "2.0.0",
     "Shows all fields of a hash with their values.", "key", 0, "nondeterministic_output_order"},
    {"hincrby", cmd_hincrby, exactly(4), kAdds, kNotes, Group::kHash, "2.0.0",
     "Adds to the integer in a field; an absent one counts as 0.", "key field increment"},
    {"hincrbyfloat", cmd_hincrbyfloat, exactly(4), kAdds, kGrows, Group::kHash, "2.6.0",
     "Adds to the number in a field, fractions allowed; an absent one counts as 0.",
     "key field increment:double"},
    {"hkeys", cmd_hkeys, exactly(2), kReads, kReadonly, Group::kHash, "2.0.0", "Shows the fields of a hash.",
     "key", 0, "nondeterministic_output_order"},
    {"hlen", cmd_hlen, exactly(2), kLooks, kReadonly | kFast, Group::kHash, "2.0.0",
     "Counts the fields of a hash.", "key"},
    {"hmget", cmd_hmget, at_least(3), kReads, kReadonly | kFast, Group::kHash, "2.0.0",
     "Shows the values of several fields.", "key field [field ...]"},
    {"hmset", cmd_hmset, at_least(4), kUpdates, kNotes, Group::kHash, "2.0.0",
     "Gives fields their values; HSET with another answer.", "key field value [field value ...]"},
    {"hrandfield", cmd_hrandfield, at_least(2), kReads, kReadonly, Group::kHash, "6.2.0",
     "Draws fields of a hash at random.", "key options[count [WITHVALUES]]", 0, "nondeterministic_output"},
    {"hscan", cmd_hscan, at_least(3), kReads, kReadonly, Group::kHash, "2.8.0",
     "Shows the fields of a hash page by page.", "key cursor [MATCH pattern] [COUNT count]", 0,
     "nondeterministic_output"},
    {"hset", cmd_hset, at_least(4), kUpdates, kNotes, Group::kHash, "2.0.0", "Gives fields their values.",
     "key field value [field value ...]"},
    {"hsetnx", cmd_hsetnx, exactly(4), one_key(1, kKeyRw | kKeyInsert), kGrows, Group::kHash, "2.0.0",
     "Gives a field its value unless it has one.", "key field value"},
    {"hstrlen", cmd_hstrlen, exactly(3), kLooks, kReadonly | kFast, Group::kHash, "3.2.0",
     "Tells how long the value of a field is.", "key field"},
    {"hvals", cmd_hvals, exactly(2), kReads, kReadonly, Group::kHash, "2.0.0", "Shows the values of a hash.",
     "key", 0, "nondeterministic_output_order"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> hash_commands() {
  return kRows;
}

}  // namespace sluice::commands
