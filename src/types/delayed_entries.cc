#include "types/delayed_entries.h"

#include <algorithm>

#include "base/check.h"
#include "ds/size_class.h"
#include "types/moment.h"

namespace sluice::types {

namespace {

// What stands as the value of the first field, whose name is empty:
//
//   flags | due: 8 bytes | [TTL: 8 bytes] | [trim: kind, threshold, 2nd half of it, limit] | [ticket]
//
// Numbers are little-endian; the ticket goes on to the end.
constexpr uint8_t kHasTtl = 1;
constexpr uint8_t kHasTrim = 2;
constexpr uint8_t kHasTicket = 4;
constexpr uint8_t kByMinId = 1;  // of the kind of a trim
constexpr uint8_t kApproximate = 2;
constexpr unsigned kPolicyShift = 2;

struct Header {
  DelayedRules rules;
  base::ByteView ticket;
};

void put64(base::Bytes& out, uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

base::Bytes header_of(const DelayedRules& rules, base::ByteView ticket) {
  base::Bytes out(1, static_cast<char>((rules.ttl_ms != 0 ? kHasTtl : 0) | (rules.trim ? kHasTrim : 0) |
                                       (!ticket.empty() ? kHasTicket : 0)));
  put64(out, static_cast<uint64_t>(rules.due_ms));
  if (rules.ttl_ms != 0) put64(out, static_cast<uint64_t>(rules.ttl_ms));
  if (rules.trim) {
    const StreamTrim& trim = *rules.trim;
    const bool by_id = trim.keep == StreamTrim::Keep::kMinId;
    out.push_back(static_cast<char>((by_id ? kByMinId : 0) | (trim.approximate ? kApproximate : 0) |
                                    static_cast<unsigned>(trim.policy) << kPolicyShift));
    put64(out, by_id ? trim.min_id.ms : trim.max_length);
    put64(out, by_id ? trim.min_id.seq : 0);
    put64(out, trim.limit);
  }
  out.append(ticket);
  return out;
}

// Reads from the front, zeros beyond the end.
class HeaderReader {
 public:
  explicit HeaderReader(base::ByteView bytes) : left_(bytes) {}

  uint8_t byte() { return static_cast<uint8_t>(take(1)); }
  uint64_t number() { return take(8); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] base::ByteView rest() const { return left_; }

 private:
  uint64_t take(size_t size) {
    uint64_t value = 0;
    ok_ = ok_ && left_.size() >= size;
    if (!ok_) return 0;
    for (size_t i = 0; i < size; ++i) value |= uint64_t{static_cast<uint8_t>(left_[i])} << (8 * i);
    left_.remove_prefix(size);
    return value;
  }

  base::ByteView left_;
  bool ok_ = true;
};

std::optional<StreamTrim> read_trim(HeaderReader& in) {
  const uint8_t kind = in.byte();
  const unsigned policy = kind >> kPolicyShift;
  if (policy > static_cast<unsigned>(DeletePolicy::kAcked)) return std::nullopt;
  StreamTrim trim;
  trim.policy = static_cast<DeletePolicy>(policy);
  trim.approximate = (kind & kApproximate) != 0;
  const StreamId threshold{in.number(), in.number()};
  if ((kind & kByMinId) != 0) {
    trim.keep = StreamTrim::Keep::kMinId;
    trim.min_id = threshold;
  } else {
    trim.max_length = threshold.ms;
    if (threshold.ms > INT64_MAX || threshold.seq != 0) return std::nullopt;
  }
  trim.limit = in.number();
  return trim;
}

bool in_range(uint64_t ms, uint64_t least) {
  return ms >= least && ms <= static_cast<uint64_t>(kLatestDueMs);
}

std::optional<Header> read_header(base::ByteView bytes) {
  HeaderReader in(bytes);
  Header header;
  const uint8_t flags = in.byte();
  const uint64_t due_ms = in.number();
  if (flags > (kHasTtl | kHasTrim | kHasTicket) || !in_range(due_ms, 0)) return std::nullopt;
  header.rules.due_ms = static_cast<int64_t>(due_ms);
  if ((flags & kHasTtl) != 0) {
    const uint64_t ttl_ms = in.number();
    if (!in_range(ttl_ms, 1)) return std::nullopt;
    header.rules.ttl_ms = static_cast<int64_t>(ttl_ms);
  }
  if ((flags & kHasTrim) != 0) {
    header.rules.trim = read_trim(in);
    if (!header.rules.trim) return std::nullopt;
  }
  header.ticket = in.rest();
  const bool fits =
      header.ticket.empty() == ((flags & kHasTicket) == 0) && header.ticket.size() <= kMostTicketBytes;
  if (!in.ok() || !fits) return std::nullopt;
  return header;
}

// The first field of a held entry, as it stands in the block.
struct First {
  base::Bytes name;
  base::Bytes value;
  size_t bytes_behind = 0;  // of names and values of all others
};

First first_field(const StreamEntry& entry) {
  First first;
  bool seen = false;
  entry.for_each([&](const ds::Element& name, const ds::Element& value) {
    base::NumberText buffer;
    if (seen) {
      first.bytes_behind += name.to_text(buffer).size();
      first.bytes_behind += value.to_text(buffer).size();
      return;
    }
    seen = true;
    first.name = name.to_text(buffer);
    first.value = value.to_text(buffer);
  });
  return first;
}

constexpr StreamId held_id(uint64_t arrival) {
  return {0, arrival};
}
StreamId place_of(int64_t due_ms, uint64_t arrival) {
  return {static_cast<uint64_t>(due_ms), arrival};
}

}  // namespace

DelayedEntries::DelayedEntries(const ValueContext& context)
    : context_(&context),
      held_(context),
      due_(context.epoch, &due_),
      tickets_(context.epoch, &tickets_),
      expiries_(context.epoch, &expiries_) {}

// --- finding
// --------------------------------------------------------------------------------------------------

// 32 bits of it, so that the slots of the tree stay narrow.
uint64_t DelayedEntries::hash_of(base::ByteView ticket) const {
  return context_->seed.hash(ticket) >> 32;
}

bool DelayedEntries::has_ticket(uint64_t arrival, base::ByteView ticket) const {
  const First first = first_field(held_.seek(held_id(arrival)).entry());
  return read_header(first.value)->ticket == ticket;
}

std::optional<StreamId> DelayedEntries::find(base::ByteView ticket) const {
  const uint64_t hash = hash_of(ticket);
  for (auto item = tickets_.first_from({hash, 0}); item && item->id.ms == hash;
       item = tickets_.first_from(*item->id.next())) {
    const First first = first_field(held_.seek(held_id(item->id.seq)).entry());
    const Header header = *read_header(first.value);
    if (header.ticket == ticket) return place_of(header.rules.due_ms, item->id.seq);
  }
  // As it would have been made.
  const auto place = parse_stream_id(ticket, 0);
  if (!place || StreamIdText(*place).view() != ticket || !due_.find(*place)) return std::nullopt;
  return has_ticket(place->seq, {}) ? place : std::nullopt;
}

std::optional<StreamId> DelayedEntries::next(const StreamId& from) const {
  const auto item = due_.first_from(from);
  if (!item) return std::nullopt;
  return item->id;
}

DelayedEntry DelayedEntries::read(const StreamId& place) const {
  const Stream::Cursor cursor = held_.seek(held_id(place.seq));
  SLUICE_CHECK(cursor.valid() && cursor.entry().id == held_id(place.seq), "a place without an entry");
  DelayedEntry delayed;
  bool is_header = true;
  cursor.entry().for_each([&](const ds::Element& name, const ds::Element& value) {
    base::NumberText buffer;
    if (is_header) {
      const base::ByteView bytes = value.to_text(buffer);
      const Header header = *read_header(bytes);
      delayed.rules = header.rules;
      delayed.ticket = header.ticket;
      is_header = false;
      return;
    }
    delayed.fields.emplace_back(name.to_text(buffer));
    delayed.fields.emplace_back(value.to_text(buffer));
  });
  if (delayed.ticket.empty()) delayed.ticket = StreamIdText(place).view();
  return delayed;
}

int64_t DelayedEntries::next_due_ms() const {
  const auto place = next(kMinStreamId);
  return place ? static_cast<int64_t>(place->ms) : kNeverExpires;
}

// --- changing
// -------------------------------------------------------------------------------------------------

base::Result<StreamId, AppendError> DelayedEntries::add(const DelayedRules& rules, base::ByteView ticket,
                                                        StreamFields fields) {
  uint64_t arrival = last_arrival() + 1;
  // Somebody may have chosen what would be made.
  while (arrival <= kLastArrival && find(StreamIdText(place_of(rules.due_ms, arrival)).view())) ++arrival;
  if (arrival > kLastArrival) return AppendError::kExhausted;
  const StreamId place = place_of(rules.due_ms, arrival);
  if (ticket == StreamIdText(place).view()) ticket = {};
  const base::Bytes header = header_of(rules, ticket);
  std::vector<base::ByteView> words = {{}, header};
  words.reserve(fields.size() + 2);
  words.insert(words.end(), fields.begin(), fields.end());
  if (const auto added = held_.append(held_id(arrival), words); !added.ok()) return added.error();
  due_.insert({place});
  if (!ticket.empty()) tickets_.insert({StreamId{hash_of(ticket), arrival}});
  return place;
}

DelayedEntry DelayedEntries::take(const StreamId& place) {
  DelayedEntry delayed = read(place);
  held_.remove(held_id(place.seq));
  due_.erase(place);
  tickets_.erase(StreamId{hash_of(delayed.ticket), place.seq});
  return delayed;
}

void DelayedEntries::set_expiry(const StreamId& id, int64_t when_ms) {
  const PendingItem item{id, when_ms, 0, 0};
  if (!expiries_.insert(item)) expiries_.update(item);
}

void DelayedEntries::forget_before(const StreamId& first, size_t max) {
  for (; max > 0 && has_expiry_before(first); --max) expiries_.erase(expiries_.first_from(kMinStreamId)->id);
}

bool DelayedEntries::has_expiry_before(const StreamId& first) const {
  const auto item = expiries_.first_from(kMinStreamId);
  return item && item->id < first;
}

std::optional<int64_t> DelayedEntries::expiry_ms(const StreamId& id) const {
  const auto item = expiries_.find(id);
  if (!item) return std::nullopt;
  return item->time_key;
}

std::optional<DelayedEntries::Expiry> DelayedEntries::next_expiry() const {
  const auto item = expiries_.first_in_time();
  if (!item) return std::nullopt;
  return Expiry{item->id, item->time_key};
}

// --- as a whole
// -----------------------------------------------------------------------------------------------

const char* DelayedEntries::adopt(StreamBlock* block) {
  const size_t index = held_.block_count();
  const uint64_t last_number = last_arrival();
  if (!held_.adopt(block)) return "delayed entries are not in the order of their arrival";
  uint64_t last = 0;
  for (std::optional<StreamEntry> entry = held_.block(index).first(); entry;
       entry = held_.block(index).next(*entry)) {
    if (entry->id.ms != 0 || entry->id.seq > kLastArrival) return "a number of arrival is out of range";
    last = std::max(last, entry->id.seq);
    if (entry->deleted) continue;
    const First first = first_field(*entry);
    const std::optional<Header> header = first.name.empty() ? read_header(first.value) : std::nullopt;
    const bool fits = entry->size() >= 2 && first.bytes_behind <= Stream::kMaxEntryBytes;
    if (!header || !fits) return "a delayed entry is damaged";
    const StreamId place = place_of(header->rules.due_ms, entry->id.seq);
    const StreamIdText made(place);
    if (find(header->ticket.empty() ? made.view() : header->ticket)) return "a ticket is there twice";
    due_.insert({place});
    if (!header->ticket.empty()) tickets_.insert({StreamId{hash_of(header->ticket), entry->id.seq}});
  }
  held_.set_last_id(held_id(std::max(last, last_number)));
  return nullptr;
}

void DelayedEntries::set_last_arrival(uint64_t number) {
  held_.set_last_id(held_id(std::max(number, last_arrival())));
}

std::unique_ptr<DelayedEntries> DelayedEntries::clone() const {
  auto copy = std::make_unique<DelayedEntries>(*context_);
  copy->held_ = held_.clone();
  const auto copy_tree = [](const auto& from, auto& to) {
    from.for_each_leaf([&to](const auto& leaf) {
      for (size_t i = 0; i < leaf.count(); ++i) to.insert(leaf.item(i));
    });
  };
  copy_tree(due_, copy->due_);
  copy_tree(tickets_, copy->tickets_);
  copy_tree(expiries_, copy->expiries_);
  return copy;
}

size_t DelayedEntries::memory_bytes() const {
  return ds::size_class(sizeof(DelayedEntries)) + held_.memory_bytes() + due_.memory_bytes() +
         tickets_.memory_bytes() + expiries_.memory_bytes();
}

bool DelayedEntries::consistent() const {
  return due_.consistent() && tickets_.consistent() && expiries_.consistent() &&
         due_.size() == held_.size() && tickets_.size() <= due_.size();
}

bool DelayedEntries::release_slice(size_t max) {
  if (max == 0 || held_.release_slice(max)) return true;
  for (BareTree* const tree : {&due_, &tickets_}) {
    tree->drop_leaves(max);
    if (!tree->empty()) return true;
  }
  expiries_.drop_leaves(max);
  return !expiries_.empty();
}

// --- of the stream itself

DelayedEntries& Stream::delayed_entries() {
  if (delayed_ == nullptr) {
    delayed_ = std::make_unique<DelayedEntries>(*context_);
    (void)agenda();  // where these moments are filed
  }
  return *delayed_;
}

// A big cut may have left moments that nothing has any more: they are to be forgotten at once.
int64_t Stream::next_delayed_ms() const {
  if (delayed_ == nullptr) return kNeverExpires;
  if (delayed_->has_expiry_before(empty() ? kMaxStreamId : first_id())) return 0;
  const int64_t due_ms = last_id_ == kMaxStreamId ? kNeverExpires : delayed_->next_due_ms();
  const auto expiry = delayed_->next_expiry();
  return expiry ? std::min(due_ms, expiry->when_ms) : due_ms;
}

}  // namespace sluice::types
