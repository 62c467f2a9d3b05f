#include "types/set.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/number.h"
#include "ds/listpack_check.h"
#include "ds/size_class.h"

namespace sluice::types {

using ds::IntSet;
using ds::Listpack;
using ds::ListpackView;
using ds::Packable;

namespace {

constexpr unsigned char kLongMember = 0xff;
constexpr size_t kLongHeaderBytes = 5;
// What the published integer set layout can hold at most, whatever the limit says.
constexpr size_t kMaxIntegers = size_t{1} << 30;

}  // namespace

SetItem* SetItem::create(base::ByteView member) {
  SLUICE_CHECK(member.size() <= UINT32_MAX, "a set member over 4 GiB");
  const bool is_long = member.size() >= kLongMember;
  const size_t header = is_long ? kLongHeaderBytes : 1;
  auto* memory = static_cast<unsigned char*>(std::malloc(header + member.size()));
  SLUICE_CHECK(memory != nullptr, "out of memory");
  if (is_long) {
    const auto length = static_cast<uint32_t>(member.size());
    memory[0] = kLongMember;
    std::memcpy(memory + 1, &length, sizeof length);
  } else {
    memory[0] = static_cast<unsigned char>(member.size());
  }
  if (!member.empty()) std::memcpy(memory + header, member.data(), member.size());
  return reinterpret_cast<SetItem*>(memory);
}

void SetItem::destroy(SetItem* item) {
  std::free(item);
}

base::ByteView SetItem::member() const {
  const auto* memory = reinterpret_cast<const unsigned char*>(this);
  if (memory[0] != kLongMember) return {reinterpret_cast<const char*>(memory + 1), memory[0]};
  uint32_t length = 0;
  std::memcpy(&length, memory + 1, sizeof length);
  return {reinterpret_cast<const char*>(memory + kLongHeaderBytes), length};
}

size_t SetItem::memory_bytes() const {
  const size_t length = member().size();
  return ds::size_class(length + (length >= kLongMember ? kLongHeaderBytes : 1));
}

Set& Set::operator=(Set&& other) noexcept {
  if (this == &other) return *this;
  const Set old(std::move(*this));  // a table's members go with it
  form_ = std::move(other.form_);
  return *this;
}

Set::~Set() {
  if (auto* table = form_.get_if<kTable>(); table != nullptr && *table != nullptr) release_slice(SIZE_MAX);
}

size_t Set::size() const {
  if (const auto* integers = form_.get_if<kIntegers>()) return integers->size();
  if (const auto* packed = form_.get_if<kPacked>()) return packed->size();
  return form_.get<kTable>()->dict.size();
}

size_t Set::memory_bytes() const {
  if (const auto* integers = form_.get_if<kIntegers>()) return integers->memory_bytes();
  if (const auto* packed = form_.get_if<kPacked>()) return packed->memory_bytes();
  const Table& table = *form_.get<kTable>();
  return sizeof(Table) + table.dict.memory_bytes() + table.item_bytes;
}

const char* Set::encoding() const {
  static constexpr const char* kNames[] = {"intset", "listpack", "hashtable"};
  return kNames[form_.index()];
}

void Set::expect(size_t count, base::ByteView first) {
  const SetLimits& limits = form_.context().set;
  if (!empty()) {
    const bool too_many_integers = form_.index() == kIntegers && count > limits.max_intset_entries;
    const bool too_many_packed = form_.index() == kPacked && count > limits.max_listpack_entries;
    if (too_many_integers || too_many_packed) convert_to_table();
    return;
  }
  if (base::parse_int64(first) && count <= limits.max_intset_entries) {
    form_.become<kIntegers>(IntSet());
  } else if (count <= limits.max_listpack_entries) {
    form_.become<kPacked>(Listpack());
  } else {
    form_.become<kTable>(std::make_unique<Table>(form_.context()));
  }
}

void Set::adopt(IntSet integers) {
  const size_t count = integers.size();
  form_.become<kIntegers>(std::move(integers));
  if (count > std::min(form_.context().set.max_intset_entries, kMaxIntegers)) convert_to_table();
}

bool Set::adopt(Listpack pack) {
  if (!ds::are_distinct(pack.view(), 1)) return false;
  const size_t count = pack.size();
  form_.become<kPacked>(std::move(pack));
  if (count > form_.context().set.max_listpack_entries) convert_to_table();
  return true;
}

bool Set::add(base::ByteView member) {
  if (form_.index() == kIntegers) {
    if (const auto value = base::parse_int64(member)) return add_integer(*value);
    leave_integers(member.size());
  }
  return form_.index() == kPacked ? add_packed(member) : add_to_table(member);
}

bool Set::add_integer(int64_t value) {
  auto& integers = form_.get<kIntegers>();
  if (!integers.insert(value)) return false;
  if (integers.size() > std::min(form_.context().set.max_intset_entries, kMaxIntegers)) convert_to_table();
  return true;
}

bool Set::add_packed(base::ByteView member) {
  auto& packed = form_.get<kPacked>();
  const Packable value(member);
  const size_t first = packed.view().first();
  if (first != ListpackView::kNone && packed.view().find(value, first, 0) != ListpackView::kNone)
    return false;
  if (packed.size() >= form_.context().set.max_listpack_entries ||
      member.size() > form_.context().set.max_listpack_value_bytes) {
    convert_to_table();
    return add_to_table(member);
  }
  packed.append(value);
  return true;
}

bool Set::add_to_table(base::ByteView member) {
  Table& table = *form_.get<kTable>();
  const uint64_t hash = table.dict.hash(member);
  if (table.dict.find(member, hash)) return false;
  SetItem* item = SetItem::create(member);
  table.item_bytes += item->memory_bytes();
  table.dict.insert(item, hash);
  return true;
}

// A member that is no integer, `arriving_bytes` long, joins a set of integers: it becomes a listpack if both
// the integers and the newcomer fit one, else a table at once.
void Set::leave_integers(size_t arriving_bytes) {
  const auto& integers = form_.get<kIntegers>();
  const SetLimits& limits = form_.context().set;
  size_t longest = arriving_bytes;
  if (!integers.empty()) {
    longest = std::max({longest, base::format_int64(integers.at(0)).view().size(),
                        base::format_int64(integers.at(integers.size() - 1)).view().size()});
  }
  if (integers.size() < limits.max_listpack_entries && longest <= limits.max_listpack_value_bytes) {
    convert_to_listpack();
  } else {
    convert_to_table();
  }
}

void Set::convert_to_listpack() {
  Listpack packed;
  for_each([&](const ds::Element& member) { packed.append(Packable(member)); });
  form_.become<kPacked>(std::move(packed));
}

void Set::convert_to_table() {
  auto table = std::make_unique<Table>(form_.context());
  for_each([&](const ds::Element& member) {
    base::NumberText buffer;
    SetItem* item = SetItem::create(member.to_text(buffer));
    table->item_bytes += item->memory_bytes();
    table->dict.insert(item);
  });
  form_.become<kTable>(std::move(table));
}

bool Set::remove(base::ByteView member) {
  if (auto* integers = form_.get_if<kIntegers>()) {
    const auto value = base::parse_int64(member);
    return value && integers->erase(*value);
  }
  if (auto* packed = form_.get_if<kPacked>()) {
    const size_t first = packed->view().first();
    if (first == ListpackView::kNone) return false;
    const size_t at = packed->view().find(Packable(member), first, 0);
    if (at == ListpackView::kNone) return false;
    packed->erase(at, 1);
    return true;
  }
  Table& table = *form_.get<kTable>();
  const auto item = table.dict.erase(member);
  if (!item) return false;
  table.item_bytes -= (*item)->memory_bytes();
  SetItem::destroy(*item);
  return true;
}

bool Set::contains(base::ByteView member) const {
  if (const auto* integers = form_.get_if<kIntegers>()) {
    const auto value = base::parse_int64(member);
    return value && integers->contains(*value);
  }
  if (const auto* packed = form_.get_if<kPacked>()) {
    const size_t first = packed->view().first();
    return first != ListpackView::kNone &&
           packed->view().find(Packable(member), first, 0) != ListpackView::kNone;
  }
  return form_.get<kTable>()->dict.find(member).has_value();
}

ds::Element Set::random(base::Random& random) const {
  if (const auto* integers = form_.get_if<kIntegers>()) {
    return {true, integers->at(random.below(integers->size())), {}};
  }
  if (const auto* packed = form_.get_if<kPacked>()) {
    return packed->view().get(packed->view().at(static_cast<int64_t>(random.below(packed->size()))));
  }
  return text(form_.get<kTable>()->dict.random(random));
}

Set Set::clone() const {
  Set copy(form_.context());
  if (const auto* integers = form_.get_if<kIntegers>()) {
    auto& copied = copy.form_.get<kIntegers>();
    for (size_t i = 0; i < integers->size(); ++i) copied.insert(integers->at(i));
  } else if (const auto* packed = form_.get_if<kPacked>()) {
    copy.form_.become<kPacked>(Listpack::copy_of(packed->block()));
  } else {
    const Table& table = *form_.get<kTable>();
    auto copied = std::make_unique<Table>(form_.context());
    table.dict.for_each([&](const SetItem* item) { copied->dict.insert(SetItem::create(item->member())); });
    copied->item_bytes = table.item_bytes;
    copy.form_.become<kTable>(std::move(copied));
  }
  return copy;
}

bool Set::release_slice(size_t max) {
  auto* table = form_.get_if<kTable>();
  if (table == nullptr) {
    form_.become<kIntegers>(IntSet());
    return false;
  }
  (*table)->dict.take_slice(max, [&](SetItem* item) {
    (*table)->item_bytes -= item->memory_bytes();
    SetItem::destroy(item);
  });
  return !(*table)->dict.empty();
}

}  // namespace sluice::types
