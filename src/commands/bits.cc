// Integers of any width within a string: BITFIELD BITFIELD_RO. Single bits are in bitmap.cc.
#include <algorithm>
#include <optional>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/bit_offset.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

using types::StringValue;

constexpr ByteView kBadFieldType =
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";

// What to do with a result that its field cannot hold.
enum class Overflow : uint8_t { kWrap, kSaturate, kFail };

// An integer of some bits at some bit of the string.
struct Field {
  bool is_signed = false;
  unsigned bits = 0;
  uint64_t offset = 0;

  [[nodiscard]] uint64_t bytes_needed() const { return (offset + bits + 7) / 8; }
  [[nodiscard]] int64_t max() const {
    const unsigned magnitude = is_signed ? bits - 1 : bits;
    return static_cast<int64_t>((uint64_t{1} << magnitude) - 1);
  }
  [[nodiscard]] int64_t min() const { return is_signed ? -max() - 1 : 0; }
  // The number that the lowest bits of `raw` are in this field.
  [[nodiscard]] int64_t cut(uint64_t raw) const {
    const unsigned unused = kMaxFieldBits - bits;
    raw <<= unused;
    return is_signed ? static_cast<int64_t>(raw) >> unused : static_cast<int64_t>(raw >> unused);
  }
};

struct FieldOp {
  enum class Kind : uint8_t { kGet, kSet, kIncrby };
  Kind kind = Kind::kGet;
  Overflow overflow = Overflow::kWrap;
  Field field;
  int64_t operand = 0;
};

// --- reading the arguments

// "u8", "i16".
std::optional<Field> parse_type(ByteView word) {
  if (word.empty() || (word[0] != 'i' && word[0] != 'u')) return std::nullopt;
  Field field;
  field.is_signed = word[0] == 'i';
  const auto bits = base::parse_int64(word.substr(1));
  // An unsigned one of 64 bits could not be told in a reply.
  if (!bits || *bits < 1 || *bits > (field.is_signed ? 64 : 63)) return std::nullopt;
  field.bits = static_cast<unsigned>(*bits);
  return field;
}

// A bit, or, after '#', how many fields of this width come before.
std::optional<uint64_t> parse_offset(const Call& call, ByteView word, unsigned bits) {
  const bool in_fields = word.starts_with('#');
  if (in_fields) word.remove_prefix(1);
  const auto number = base::parse_int64(word);
  if (!number) return std::nullopt;
  int64_t offset = *number;
  if (in_fields && __builtin_mul_overflow(offset, int64_t{bits}, &offset)) return std::nullopt;
  return bit_offset(call, offset);
}

void read_field(Call& call, FieldOp& op) {
  const std::optional<Field> field = parse_type(call.args.next());
  if (!field) {
    call.args.latch(kBadFieldType);
    return;
  }
  op.field = *field;
  const std::optional<uint64_t> offset = parse_offset(call, call.args.next(), field->bits);
  if (!offset) {
    call.args.latch(kBadBitOffset);
    return;
  }
  op.field.offset = *offset;
  if (op.kind != FieldOp::Kind::kGet) op.operand = call.args.integer();
}

// Latches Redis's errors.
std::vector<FieldOp> read_ops(Call& call) {
  std::vector<FieldOp> ops;
  exec::Args& args = call.args;
  Overflow overflow = Overflow::kWrap;
  while (args.more() && args.ok()) {
    if (args.accept_with("OVERFLOW")) {
      const ByteView word = args.next();
      if (same_word(word, "WRAP")) {
        overflow = Overflow::kWrap;
      } else if (same_word(word, "SAT")) {
        overflow = Overflow::kSaturate;
      } else if (same_word(word, "FAIL")) {
        overflow = Overflow::kFail;
      } else {
        args.latch("ERR Invalid OVERFLOW type specified");
      }
      continue;
    }
    FieldOp op;
    op.overflow = overflow;
    if (args.accept_with("GET", 2)) {
      op.kind = FieldOp::Kind::kGet;
    } else if (args.accept_with("SET", 3)) {
      op.kind = FieldOp::Kind::kSet;
    } else if (args.accept_with("INCRBY", 3)) {
      op.kind = FieldOp::Kind::kIncrby;
    } else {
      args.syntax_error();
      break;
    }
    read_field(call, op);
    ops.push_back(op);
  }
  return ops;
}

// --- fields of bytes

// Bits beyond the end are zeros.
int64_t read(ByteView bytes, const Field& field) {
  uint64_t raw = 0;
  for (uint64_t bit = field.offset; bit < field.offset + field.bits; ++bit) {
    const uint64_t byte = bit / 8;
    const unsigned value = byte < bytes.size() ? static_cast<unsigned char>(bytes[byte]) : 0;
    raw = (raw << 1) | ((value >> (7 - bit % 8)) & 1);
  }
  return field.cut(raw);
}

// REQUIRES: the field lies within `bytes`.
void write(char* bytes, const Field& field, int64_t number) {
  const auto raw = static_cast<uint64_t>(number);
  for (unsigned i = 0; i < field.bits; ++i) {
    const uint64_t bit = field.offset + i;
    const auto mask = static_cast<unsigned char>(0x80u >> (bit % 8));
    const bool set = ((raw >> (field.bits - 1 - i)) & 1) != 0;
    const auto old = static_cast<unsigned char>(bytes[bit / 8]);
    bytes[bit / 8] = static_cast<char>(set ? old | mask : old & ~mask);
  }
}

// The number that the operation leaves in the field, nothing if it must not.
std::optional<int64_t> result_of(const FieldOp& op, int64_t old) {
  const Field& field = op.field;
  int64_t exact = op.operand;
  bool above = false;
  bool below = false;
  if (op.kind == FieldOp::Kind::kIncrby && __builtin_add_overflow(old, op.operand, &exact)) {
    above = op.operand > 0;
    below = !above;
  } else {
    // A negative number set to an unsigned field counts as a very large one.
    const bool huge = op.kind == FieldOp::Kind::kSet && !field.is_signed && exact < 0;
    above = huge || exact > field.max();
    below = !above && exact < field.min();
  }
  if (!above && !below) return exact;
  switch (op.overflow) {
    case Overflow::kWrap:
      return field.cut(static_cast<uint64_t>(exact));
    case Overflow::kSaturate:
      return above ? field.max() : field.min();
    case Overflow::kFail:
      break;
  }
  return std::nullopt;
}

Outcome reply_fields(Call& call, ByteView key, std::span<const FieldOp> ops) {
  const auto found = call.view<StringValue>(key);
  if (!found) return call.fail(found.error());
  base::NumberText digits;
  const ByteView bytes = *found ? (**found).view(digits) : ByteView{};
  call.reply.array(ops.size());
  for (const FieldOp& op : ops) call.reply.integer(read(bytes, op.field));
  return Outcome::kDone;
}

// The string grows to the farthest field written, even if nothing is left in it: that is a change, too.
Outcome change_fields(Call& call, ByteView key, std::span<const FieldOp> ops) {
  auto found = call.edit<StringValue>(key);
  if (!found) return call.fail(found.error());
  Edit<StringValue>& text = *found;
  if (text.created()) *text = StringValue::from_plain_text({});
  uint64_t needed = 0;
  for (const FieldOp& op : ops) {
    if (op.kind != FieldOp::Kind::kGet) needed = std::max(needed, op.field.bytes_needed());
  }
  const bool grows = text.peek().size() < needed;
  char* const bytes = text->edit(needed);
  const size_t size = text.peek().size();
  uint64_t changes = 0;
  call.reply.array(ops.size());
  for (const FieldOp& op : ops) {
    const int64_t old = read({bytes, size}, op.field);
    if (op.kind == FieldOp::Kind::kGet) {
      call.reply.integer(old);
      continue;
    }
    const std::optional<int64_t> result = result_of(op, old);
    if (!result) {
      call.reply.null();
      continue;
    }
    write(bytes, op.field, *result);
    call.reply.integer(op.kind == FieldOp::Kind::kSet ? old : *result);
    if (grows || *result != old) ++changes;
  }
  if (grows || changes > 0) {
    text.commit(events::setbit, std::max<uint64_t>(changes, 1));
  } else {
    text.unchanged();
  }
  return Outcome::kDone;
}

bool only_reads(std::span<const FieldOp> ops) {
  return std::all_of(ops.begin(), ops.end(),
                     [](const FieldOp& op) { return op.kind == FieldOp::Kind::kGet; });
}

Outcome cmd_bitfield(Call& call) {
  const ByteView key = call.args.key();
  const std::vector<FieldOp> ops = read_ops(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  return only_reads(ops) ? reply_fields(call, key, ops) : change_fields(call, key, ops);
}

Outcome cmd_bitfield_ro(Call& call) {
  const ByteView key = call.args.key();
  const std::vector<FieldOp> ops = read_ops(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  if (!only_reads(ops)) return call.fail("ERR BITFIELD_RO only supports the GET subcommand");
  return reply_fields(call, key, ops);
}

// Operations that only read leave the key as it is.
bool keys_of_bitfield(std::span<const ByteView> words, std::vector<KeyArgument>& keys) {
  const auto operations = words.subspan(2);
  const bool changes = std::any_of(operations.begin(), operations.end(), [](ByteView word) {
    return same_word(word, "SET") || same_word(word, "INCRBY");
  });
  keys.push_back(
      {1, static_cast<uint16_t>(changes ? kKeyRw | kKeyAccess | kKeyUpdate : kKeyRo | kKeyAccess)});
  return true;
}

constexpr CommandSpec kRows[] = {
    {"bitfield",
     cmd_bitfield,
     at_least(2),
     one_key(1, kKeyRw | kKeyAccess | kKeyUpdate | kKeyVariableFlags,
             "It may show the key, change it, or both"),
     kWrite | kDenyOom,
     Group::kBitmap,
     "3.2.0",
     "Reads and changes integers of any width within a string.",
     "key [operation<GET encoding offset|write<[OVERFLOW <WRAP|SAT|FAIL>] write_operation<SET encoding "
     "offset value:integer|INCRBY encoding offset increment>>> [<GET encoding offset|<[OVERFLOW "
     "<WRAP|SAT|FAIL>] <SET encoding offset value|INCRBY encoding offset increment>>> ...]]",
     0,
     {},
     {},
     keys_of_bitfield},
    {"bitfield_ro", cmd_bitfield_ro, at_least(2), one_key(1, kKeyRo | kKeyAccess), kReadonly | kFast,
     Group::kBitmap, "6.0.0", "Reads integers of any width within a string.",
     "key [GET encoding offset [GET encoding offset ...]]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> bits_commands() {
  return kRows;
}

}  // namespace sluice::commands
