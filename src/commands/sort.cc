// SORT and SORT_RO: the elements of a list, a set or a sorted set in order, by themselves or by what other
// keys hold for them, shown or stored as a list. Elements are copied first: looking at other keys may remove
// expired ones. The log gets the command as it came, so a stored order must follow from the data alone; where
// it followed from fields of hashes, which may be due and hidden but not removed yet, the log gets the
// result.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/family.h"
#include "commands/hash_fields.h"

namespace sluice::commands {

namespace {

using ds::Element;
using types::Hash;
using types::List;
using types::Set;
using types::SortedSet;
using types::StringValue;

// As C reads it: Redis looks for its signs in a pattern, and compares texts that are shown, up to a NUL only.
ByteView until_nul(ByteView text) {
  return text.substr(0, text.find('\0'));
}

// "weight_*", "job_*->priority", or "#" for the element itself.
class Pattern {
 public:
  explicit Pattern(ByteView text) : whole_(until_nul(text) == "#") {
    const size_t star = until_nul(text).find('*');
    if (star == ByteView::npos) return;
    names_a_key_ = true;
    prefix_ = text.substr(0, star);
    suffix_ = text.substr(star + 1);
    const size_t arrow = until_nul(suffix_).find("->");
    if (arrow == ByteView::npos || arrow + 2 >= until_nul(suffix_).size()) return;
    field_ = suffix_.substr(arrow + 2);
    suffix_ = suffix_.substr(0, arrow);
  }

  [[nodiscard]] bool names_a_key() const { return names_a_key_; }
  [[nodiscard]] bool names_a_field() const { return !field_.empty(); }
  // What it stands for with this element, nothing when that is not there.
  [[nodiscard]] std::optional<Bytes> look_up_for(Call& call, ByteView element) const {
    if (whole_) return Bytes(element);
    if (!names_a_key_) return std::nullopt;
    const Bytes key = Bytes(prefix_) + Bytes(element) + Bytes(suffix_);
    keyspace::Entry* entry = look_up(call, key, Purpose::kUse);
    if (entry == nullptr) return std::nullopt;
    return field_.empty() ? text_of(*entry) : field_of(call, *entry);
  }

 private:
  static std::optional<Bytes> text_of(keyspace::Entry& entry) {
    const auto* text = keyspace::get_if<StringValue>(entry.value);
    if (text == nullptr) return std::nullopt;
    base::NumberText digits;
    return Bytes(text->view(digits));
  }
  [[nodiscard]] std::optional<Bytes> field_of(const Call& call, keyspace::Entry& entry) const {
    const auto* hash = keyspace::get_if<Hash>(entry.value);
    if (hash == nullptr) return std::nullopt;
    const auto value = live(call, *hash).get(field_);
    if (!value) return std::nullopt;
    base::NumberText digits;
    return Bytes(value->to_text(digits));
  }

  bool whole_;
  bool names_a_key_ = false;
  ByteView prefix_;
  ByteView suffix_;
  ByteView field_;
};

struct Query {
  std::optional<Pattern> by;
  bool sorts = true;  // false: BY a pattern that names no key
  bool descending = false;
  bool alpha = false;
  int64_t offset = 0;
  int64_t limit = -1;  // negative: all
  std::vector<Pattern> shown;
  std::optional<ByteView> destination;

  struct Range {
    size_t first;
    size_t count;
  };
  [[nodiscard]] Range within(size_t size) const {
    const size_t first = std::min(static_cast<size_t>(std::max<int64_t>(offset, 0)), size);
    const size_t count = limit < 0 ? size : static_cast<size_t>(limit);
    return {first, std::min(count, size - first)};
  }
};

enum class Form : uint8_t { kMayStore, kOnlyShows };

// BY and GET read keys that no word names: not for users who may read some keys only.
constexpr ByteView kByDenied = "ERR BY option of SORT denied due to insufficient ACL permissions.";
constexpr ByteView kGetDenied = "ERR GET option of SORT denied due to insufficient ACL permissions.";

Query read_query(exec::Args& args, Form form, bool reads_every_key) {
  Query query;
  while (args.more() && args.ok()) {
    if (args.accept("ASC")) {
      query.descending = false;
    } else if (args.accept("DESC")) {
      query.descending = true;
    } else if (args.accept("ALPHA")) {
      query.alpha = true;
    } else if (args.accept_with("LIMIT", 2)) {
      query.offset = args.integer();
      query.limit = args.integer();
    } else if (form == Form::kMayStore && args.accept_with("STORE")) {
      query.destination = args.next();
    } else if (args.accept_with("BY")) {
      query.by = Pattern(args.next());
      query.sorts = query.sorts && query.by->names_a_key();
      if (query.by->names_a_key() && !reads_every_key) args.latch(kByDenied);
    } else if (args.accept_with("GET")) {
      query.shown.emplace_back(args.next());
      if (!reads_every_key) args.latch(kGetDenied);
    } else {
      args.syntax_error();
    }
  }
  return query;
}

// --- elements

struct Item {
  Bytes text;
  double score = 0;             // without ALPHA
  std::optional<Bytes> weight;  // with ALPHA and BY
};
using Items = std::vector<Item>;

void add(Items& items, const Element& element) {
  base::NumberText digits;
  items.push_back({Bytes(element.to_text(digits)), 0, {}});
}

// All, or what LIMIT leaves of them where nothing is sorted.
Items items_of(const List& list, const Query& query) {
  Items items;
  const bool backward = !query.sorts && query.descending;
  const auto [first, count] = query.sorts ? Query::Range{0, list.size()} : query.within(list.size());
  if (count == 0) return items;
  List::Cursor at = list.cursor_at(backward ? list.size() - 1 - first : first);
  for (size_t left = count; left > 0; --left) {
    add(items, at.get());
    if (backward) {
      at.prev();
    } else {
      at.next();
    }
  }
  return items;
}

Items items_of(const SortedSet& set, const Query& query) {
  Items items;
  const bool backward = !query.sorts && query.descending;
  const auto [first, count] = query.sorts ? Query::Range{0, set.size()} : query.within(set.size());
  set.for_each({backward ? set.size() - first - count : first, count}, backward,
               [&items](const Element& element, double) { add(items, element); });
  return items;
}

// A table's order is chance, and what is equal by its weight stays in the order it came in.
Items items_of(const Set& set, const Query& query) {
  Items items;
  set.for_each([&items](const Element& element) { add(items, element); });
  if (query.sorts && query.alpha) {
    std::sort(items.begin(), items.end(),
              [](const Item& left, const Item& right) { return left.text < right.text; });
  }
  if (query.sorts) return items;
  const auto [first, count] = query.within(items.size());
  items.erase(items.begin() + static_cast<int64_t>(first + count), items.end());
  items.erase(items.begin(), items.begin() + static_cast<int64_t>(first));
  return items;
}

base::Result<Items, keyspace::Refusal> load(Call& call, ByteView key, Query& query) {
  keyspace::Entry* entry = look_up(call, key, Purpose::kUse);
  if (entry == nullptr) return Items();
  if (const auto* list = keyspace::get_if<List>(entry->value)) return items_of(*list, query);
  if (auto* set = keyspace::get_if<SortedSet>(entry->value)) {
    if (set->packed() != nullptr) {
      // No change that anyone hears of, but OBJECT ENCODING shows it.
      call.access().db->before_change(*entry);
      set->leave_packed();
    }
    return items_of(*set, query);
  }
  const auto* set = keyspace::get_if<Set>(entry->value);
  if (set == nullptr) return keyspace::Refusal::kWrongType;
  // A set has no order of its own that a log or a script could rely on.
  if (!query.sorts && (query.destination || call.entrance == exec::Entrance::kScripted)) {
    query.sorts = true;
    query.alpha = true;
    query.by.reset();
  }
  return items_of(*set, query);
}

// --- order

// All of it, as strtod reads it: nothing is 0, leading blanks pass, and what follows a NUL is not seen.
std::optional<double> score_of(const Bytes& text) {
  if (const auto score = base::parse_double(text)) return score;
  char* end = nullptr;
  errno = 0;
  const double score = std::strtod(text.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(score)) return std::nullopt;
  return score;
}

// False when an element, or what BY names for it, is no number though the order goes by numbers.
bool weigh(Call& call, const Query& query, Items& items) {
  bool numbers = true;
  for (Item& item : items) {
    std::optional<Bytes> found;
    if (query.by) found = query.by->look_up_for(call, item.text);
    if (query.alpha) {
      item.weight = std::move(found);
      continue;
    }
    if (query.by && !found) continue;  // counts as 0
    const auto score = score_of(found ? *found : item.text);
    numbers = numbers && score;
    item.score = score.value_or(0);
  }
  return numbers;
}

// Negative, 0 or positive. What is stored is compared to the last byte.
int compare_texts(ByteView left, ByteView right, bool stored) {
  return stored ? left.compare(right) : until_nul(left).compare(until_nul(right));
}

int compare(const Item& left, const Item& right, const Query& query) {
  if (!query.alpha) {
    if (left.score != right.score) return left.score < right.score ? -1 : 1;
    return left.text.compare(right.text);
  }
  const bool stored = query.destination.has_value();
  if (!query.by) return compare_texts(left.text, right.text, stored);
  if (left.weight && right.weight) return compare_texts(*left.weight, *right.weight, stored);
  return static_cast<int>(left.weight.has_value()) - static_cast<int>(right.weight.has_value());
}

void sort(Items& items, const Query& query) {
  std::stable_sort(items.begin(), items.end(), [&query](const Item& left, const Item& right) {
    return query.descending ? compare(left, right, query) > 0 : compare(left, right, query) < 0;
  });
  const auto [first, count] = query.within(items.size());
  items.erase(items.begin() + static_cast<int64_t>(first + count), items.end());
  items.erase(items.begin(), items.begin() + static_cast<int64_t>(first));
}

// --- results

void show(Call& call, const Query& query, const Items& items) {
  call.reply.array(items.size() * std::max<size_t>(query.shown.size(), 1));
  for (const Item& item : items) {
    if (query.shown.empty()) call.reply.bulk(item.text);
    for (const Pattern& pattern : query.shown) {
      if (const auto text = pattern.look_up_for(call, item.text)) {
        call.reply.bulk(*text);
      } else {
        call.reply.null();
      }
    }
  }
}

bool looks_into_hashes(const Query& query) {
  const auto names_a_field = [](const Pattern& pattern) { return pattern.names_a_field(); };
  return (query.by && query.by->names_a_field()) ||
         std::any_of(query.shown.begin(), query.shown.end(), names_a_field);
}

// Records of bounded size.
void log_result(Call& call, ByteView destination, const std::vector<Bytes>& texts) {
  constexpr size_t kMostTexts = 512;
  constexpr size_t kMostBytes = size_t{1} << 20;
  call.propagate_as({"DEL", destination});
  std::vector<ByteView> record;
  size_t bytes = 0;
  for (const Bytes& text : texts) {
    if (record.empty()) record = {"RPUSH", destination};
    record.push_back(text);
    bytes += text.size();
    if (&text != &texts.back() && bytes < kMostBytes && record.size() < kMostTexts) continue;
    call.propagate_as(record);
    record.clear();
    bytes = 0;
  }
}

// What is not there is stored as an empty text.
void store(Call& call, const Query& query, Items items) {
  std::vector<Bytes> texts;
  for (Item& item : items) {
    for (const Pattern& pattern : query.shown) {
      texts.push_back(pattern.look_up_for(call, item.text).value_or(Bytes()));
    }
    if (query.shown.empty()) texts.push_back(std::move(item.text));
  }
  if (looks_into_hashes(query)) log_result(call, *query.destination, texts);
  if (!texts.empty()) {
    auto list = call.on.keyspace.make<List>();
    list.push_all(List::End::kBack, texts);
    call.on.keyspace.store(call.access(), *query.destination, std::move(list), events::sortstore);
    call.unit().changes.count_dirty(texts.size() - 1);
  } else {
    remove_key(call, *query.destination);
  }
  call.reply.integer(static_cast<int64_t>(texts.size()));
}

Outcome sort_key(Call& call, Form form) {
  const ByteView key = call.args.key();
  const bool reads_every_key =
      call.on.executor->access().may_read_every_key({call.client, call.command, call.args.words()});
  Query query = read_query(call.args, form, reads_every_key);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto items = load(call, key, query);
  if (!items) return call.fail(items.error());
  if (query.sorts) {
    if (!weigh(call, query, *items)) {
      return call.fail("ERR One or more scores can't be converted into double");
    }
    sort(*items, query);
  }
  if (query.destination) {
    store(call, query, std::move(*items));
  } else {
    show(call, query, *items);
  }
  return Outcome::kDone;
}

Outcome cmd_sort(Call& call) {
  return sort_key(call, Form::kMayStore);
}
Outcome cmd_sort_ro(Call& call) {
  return sort_key(call, Form::kOnlyShows);
}

// The last STORE names the second key; words behind BY, GET, LIMIT and STORE are never options.
bool keys_of_sort(std::span<const ByteView> words, std::vector<KeyArgument>& keys) {
  keys.push_back({1, kKeyRo | kKeyAccess});
  std::optional<size_t> destination;
  for (size_t i = 2; i < words.size(); ++i) {
    if (same_word(words[i], "LIMIT")) {
      i += 2;
    } else if (same_word(words[i], "BY") || same_word(words[i], "GET")) {
      ++i;
    } else if (same_word(words[i], "STORE") && i + 1 < words.size()) {
      destination = ++i;
    }
  }
  if (destination) keys.push_back({*destination, kKeyOw | kKeyUpdate});
  return true;
}

constexpr uint16_t kRead = kKeyRo | kKeyAccess;
constexpr KeySpec kByPattern = unknown_spec(
    kRead, "Of BY and GET: the names follow from the elements, so only the server can tell them");
constexpr uint32_t kSorted = kCatNotOfGroup | kCatSet | kCatSortedSet | kCatList | kCatDangerous;

constexpr CommandSpec kRows[] = {
    {"sort",
     cmd_sort,
     at_least(2),
     {key_range(1, 0, 1, kRead), kByPattern,
      unknown_spec(kKeyOw | kKeyUpdate, "Of STORE, which may stand anywhere among the options")},
     kWrite | kDenyOom,
     Group::kGeneric,
     "1.0.0",
     "Sorts the elements of a list, a set or a sorted set, and shows or stores them.",
     "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] order[ASC|DESC] [ALPHA:sorting] "
     "[STORE destination]",
     kSorted,
     {},
     {},
     keys_of_sort},
    {"sort_ro",
     cmd_sort_ro,
     at_least(2),
     {key_range(1, 0, 1, kRead), kByPattern},
     kReadonly,
     Group::kGeneric,
     "7.0.0",
     "Sorts the elements of a list, a set or a sorted set, and shows them.",
     "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] order[ASC|DESC] [ALPHA:sorting]",
     kSorted},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> sort_commands() {
  return kRows;
}

}  // namespace sluice::commands
