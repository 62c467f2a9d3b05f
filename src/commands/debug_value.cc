#include "commands/debug_value.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <variant>

#include "base/number.h"
#include "commands/any_type.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

using ds::Element;
using keyspace::Entry;

// Each element of a value in its order, hashes as field, value, field, value, sorted sets as member, score.
struct VisitTexts {
  template <class Visit>
  static void one(const Element& element, Visit& visit) {
    base::NumberText buffer;
    visit(element.to_text(buffer));
  }
  template <class Visit>
  void operator()(const types::StringValue& value, Visit& visit) const {
    base::NumberText buffer;
    visit(value.view(buffer));
  }
  template <class Visit>
  void operator()(const types::List& list, Visit& visit) const {
    for (auto at = list.cursor_at(0); at.valid(); at.next()) one(at.get(), visit);
  }
  template <class Visit>
  void operator()(const types::Hash& hash, Visit& visit) const {
    hash.for_each([&](const Element& field, const Element& value) {
      one(field, visit);
      one(value, visit);
    });
  }
  template <class Visit>
  void operator()(const types::Set& set, Visit& visit) const {
    set.for_each([&](const Element& member) { one(member, visit); });
  }
  template <class Visit>
  void operator()(const types::SortedSet& set, Visit& visit) const {
    set.for_each([&](const Element& member, double score) {
      one(member, visit);
      visit(base::format_double(score).view());
    });
  }
  template <class Visit>
  void operator()(const std::unique_ptr<types::Stream>& stream, Visit& visit) const {
    for (auto at = stream->seek(types::StreamId{}); at.valid(); at.next()) {
      at.entry().for_each([&](const Element& field, const Element& value) {
        one(field, visit);
        one(value, visit);
      });
    }
  }
};

template <class Visit>
void for_each_text(const keyspace::Value& value, Visit&& visit) {
  std::visit([&](const auto& held) { VisitTexts()(held, visit); }, value);
}

// The entry, or null once an error was replied. A key that is shown was not used.
const Entry* inspect(Call& call) {
  const Entry* entry = look_up(call, call.args.key(), Purpose::kInspect);
  if (entry == nullptr) call.fail(errors::kNoSuchKey);
  return entry;
}

std::string list_fields(const types::List& list) {
  const ds::NodeList& nodes = list.nodes();
  const double average = static_cast<double>(nodes.size()) / static_cast<double>(nodes.node_count());
  std::array<char, 32> average_text{};
  std::snprintf(average_text.data(), average_text.size(), "%.2f", average);
  return " ql_nodes:" + std::to_string(nodes.node_count()) + " ql_avg_node:" + average_text.data() +
         " ql_compressed:0 ql_uncompressed_size:" + std::to_string(nodes.entry_bytes());
}

void add_figure(std::string& text, std::string_view name, uint64_t figure) {
  text += " " + std::string(name) + ": " + std::to_string(figure) + "\n";
}

void add_table(std::string& text, uint64_t elements, uint64_t bytes) {
  text += "Hash table 0 stats (main hash table):\n";
  if (elements == 0) {
    text += "No stats available for empty dictionaries\n";
    return;
  }
  add_figure(text, "number of elements", elements);
  add_figure(text, "bytes of the table", bytes);
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

// serializedlength is the bytes of the elements as text, which is what any dump of them is made from.
Outcome debug_object(Call& call) {
  const Entry* entry = inspect(call);
  if (entry == nullptr) return Outcome::kFailed;
  size_t text_bytes = 0;
  for_each_text(entry->value, [&](ByteView text) { text_bytes += text.size(); });
  std::array<char, 32> address{};
  std::snprintf(address.data(), address.size(), "%p", static_cast<const void*>(entry));
  const int64_t now_s = call.access().now_ms / 1000;
  std::string line = std::string("Value at:") + address.data() +
                     " refcount:" + std::to_string(refcount_of(entry->value)) +
                     " encoding:" + std::string(keyspace::encoding_of(entry->value)) +
                     " serializedlength:" + std::to_string(text_bytes) +
                     " lru:" + std::to_string(entry->usage.clock_s(now_s)) +
                     " lru_seconds_idle:" + std::to_string(entry->usage.idle_s(now_s));
  const auto* list = std::get_if<types::List>(&entry->value);
  if (list != nullptr && keyspace::encoding_of(entry->value) == "quicklist") line += list_fields(*list);
  call.reply.status(line);
  return Outcome::kDone;
}

Outcome debug_htstats(Call& call) {
  const int64_t index = call.args.integer();
  if (!call.args.ok()) return call.fail(call.args.error());
  if (index < 0 || index >= call.on.keyspace.database_count()) return call.fail("ERR Out of range database");
  const keyspace::Database& db = call.on.keyspace.database(static_cast<int>(index));
  std::string text = "[Dictionary HT]\n";
  add_table(text, db.size(), db.entries().memory_bytes());
  if (db.size() > 0) add_figure(text, "directory entries", db.entries().directory_entries());
  // Deadlines are in one heap for all: there is no second table.
  text += "[Expires HT]\n";
  add_figure(text, "number of elements", db.volatile_size());
  call.reply.verbatim("txt", text);
  return Outcome::kDone;
}

Outcome debug_htstats_key(Call& call) {
  const Entry* entry = inspect(call);
  if (entry == nullptr) return Outcome::kFailed;
  if (!is_one_of(keyspace::encoding_of(entry->value), {"hashtable", "skiplist"})) {
    return call.fail("ERR The value stored at the specified key is not represented using an hash table");
  }
  std::string text;
  add_table(text, keyspace::element_count(entry->value), keyspace::memory_bytes(entry->value));
  call.reply.verbatim("txt", text);
  return Outcome::kDone;
}

// The structure goes to the log, which is the standard output unless a file was named.
Outcome debug_listpack(Call& call) {
  constexpr size_t kShownBytes = 4096;
  const Entry* entry = inspect(call);
  if (entry == nullptr) return Outcome::kFailed;
  if (!is_one_of(keyspace::encoding_of(entry->value), {"listpack", "listpackex"}))
    return call.fail("ERR Not a listpack encoded object.");
  std::string line = "listpack:";
  size_t count = 0;
  for_each_text(entry->value, [&](ByteView text) {
    if (line.size() < kShownBytes) line += " [" + std::to_string(count) + "] " + std::string(text);
    ++count;
  });
  call.on.log.notice(line + " (" + std::to_string(count) + " elements)");
  call.reply.status("Listpack structure printed on stdout");
  return Outcome::kDone;
}

}  // namespace sluice::commands
