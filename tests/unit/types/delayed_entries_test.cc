#include "types/delayed_entries.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "types/moment.h"
#include "unit/types/fixture.h"

namespace sluice::types {

namespace {

using Parts = std::vector<base::ByteView>;

DelayedRules at(int64_t due_ms) {
  DelayedRules rules;
  rules.due_ms = due_ms;
  return rules;
}

StreamId add(DelayedEntries& delayed, const DelayedRules& rules, base::ByteView ticket = {},
             const Parts& fields = {"f", "v"}) {
  const auto place = delayed.add(rules, ticket, fields);
  REQUIRE(place.ok());
  return *place;
}

// Ticket, due time and fields of all, in order.
std::vector<std::string> listed(const DelayedEntries& delayed) {
  std::vector<std::string> all;
  for (auto place = delayed.next(kMinStreamId); place; place = delayed.next(*place->next())) {
    const DelayedEntry entry = delayed.read(*place);
    std::string text = entry.ticket + " " + std::to_string(entry.rules.due_ms);
    for (const base::Bytes& word : entry.fields) text += " " + word;
    all.push_back(text);
  }
  return all;
}

// Everything that a snapshot keeps of it, put into another.
const char* load(const DelayedEntries& from, DelayedEntries& to) {
  for (size_t i = 0; i < from.held().block_count(); ++i) {
    if (const char* reason = to.adopt(from.held().block(i).clone()); reason != nullptr) return reason;
  }
  to.set_last_arrival(from.last_arrival());
  return nullptr;
}

// A block of held entries with these headers.
StreamBlock* block_with(const std::vector<std::pair<StreamId, base::Bytes>>& headers) {
  StreamBlock* block = nullptr;
  for (const auto& [id, header] : headers) {
    const Parts fields = {"", header, "f", "v"};
    if (block == nullptr) {
      block = new StreamBlock(id, fields);
    } else {
      block->append(id, fields);
    }
  }
  return block;
}

base::Bytes header(uint8_t flags, int64_t due_ms, base::ByteView rest = {}) {
  base::Bytes bytes(1, static_cast<char>(flags));
  for (unsigned shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(due_ms >> shift));
  bytes.append(rest);
  return bytes;
}

}  // namespace

TEST_CASE("Delayed entries: they stand in the order of their moments, and of their arrival") {
  const Fixture fixture;
  DelayedEntries delayed(fixture.context);
  CHECK(delayed.next_due_ms() == kNeverExpires);
  CHECK(add(delayed, at(3000), {}, {"f", "c"}) == StreamId{3000, 1});
  CHECK(add(delayed, at(1000), {}, {"f", "a", "g", ""}) == StreamId{1000, 2});
  CHECK(add(delayed, at(3000), {}, {"", "7"}) == StreamId{3000, 3});
  CHECK(delayed.size() == 3);
  CHECK(delayed.next_due_ms() == 1000);
  CHECK(listed(delayed) ==
        std::vector<std::string>{"1000-2 1000 f a g ", "3000-1 3000 f c", "3000-3 3000  7"});
  CHECK(delayed.take({1000, 2}).fields == std::vector<base::Bytes>{"f", "a", "g", ""});
  CHECK(delayed.next_due_ms() == 3000);
  CHECK(listed(delayed) == std::vector<std::string>{"3000-1 3000 f c", "3000-3 3000  7"});
  CHECK(delayed.last_arrival() == 3);
}

TEST_CASE("Delayed entries: rules come back as they were given") {
  const Fixture fixture;
  DelayedEntries delayed(fixture.context);
  DelayedRules rules = at(kLatestDueMs);
  rules.ttl_ms = 77;
  StreamTrim trim;
  trim.keep = StreamTrim::Keep::kMinId;
  trim.min_id = {5, 6};
  trim.policy = DeletePolicy::kAcked;
  trim.approximate = true;
  trim.limit = 10;
  rules.trim = trim;
  const DelayedEntry first = delayed.read(add(delayed, rules, "mine"));
  CHECK(first.ticket == "mine");
  CHECK(first.rules.due_ms == kLatestDueMs);
  CHECK(first.rules.ttl_ms == 77);
  REQUIRE(first.rules.trim);
  CHECK(first.rules.trim->keep == StreamTrim::Keep::kMinId);
  CHECK(first.rules.trim->min_id == StreamId{5, 6});
  CHECK(first.rules.trim->policy == DeletePolicy::kAcked);
  CHECK(first.rules.trim->approximate);
  CHECK(first.rules.trim->limit == 10);
  trim = {};
  trim.max_length = 12;
  trim.policy = DeletePolicy::kDelRef;
  rules = at(0);
  rules.trim = trim;
  const DelayedEntry second = delayed.read(add(delayed, rules));
  CHECK(second.rules.due_ms == 0);
  CHECK(second.rules.ttl_ms == 0);
  REQUIRE(second.rules.trim);
  CHECK(second.rules.trim->keep == StreamTrim::Keep::kMaxLength);
  CHECK(second.rules.trim->max_length == 12);
  CHECK(second.rules.trim->policy == DeletePolicy::kDelRef);
  CHECK_FALSE(second.rules.trim->approximate);
}

TEST_CASE("Delayed entries: each is found by its ticket, chosen or made") {
  const Fixture fixture;
  DelayedEntries delayed(fixture.context);
  const base::Bytes binary("\0-\xff", 3);
  const base::Bytes longest(kMostTicketBytes, 't');
  add(delayed, at(1000), binary);
  add(delayed, at(2000), longest);
  add(delayed, at(3000));
  CHECK(delayed.find(binary) == StreamId{1000, 1});
  CHECK(delayed.find(longest) == StreamId{2000, 2});
  CHECK(delayed.find("3000-3") == StreamId{3000, 3});
  // One that has a ticket of its own has no other, and numbers are read as they are written.
  CHECK_FALSE(delayed.find("1000-1"));
  CHECK_FALSE(delayed.find("3000-03"));
  CHECK_FALSE(delayed.find("3000"));
  CHECK_FALSE(delayed.find("3000-4"));
  CHECK_FALSE(delayed.find(""));
  CHECK(delayed.take({1000, 1}).ticket == binary);
  CHECK_FALSE(delayed.find(binary));
  add(delayed, at(9000), binary);
  CHECK(delayed.find(binary) == StreamId{9000, 4});
}

TEST_CASE("Delayed entries: no ticket is made that somebody chose") {
  const Fixture fixture;
  DelayedEntries delayed(fixture.context);
  add(delayed, at(1000), "2000-2");
  CHECK(add(delayed, at(2000)) == StreamId{2000, 3});
  CHECK(delayed.find("2000-2") == StreamId{1000, 1});
  // What would be made is made, whoever says it.
  CHECK(add(delayed, at(5000), "5000-4") == StreamId{5000, 4});
  CHECK(delayed.read({5000, 4}).ticket == "5000-4");
  CHECK(delayed.find("5000-4") == StreamId{5000, 4});
}

TEST_CASE("Delayed entries: what goes is known by the earliest moment") {
  const Fixture fixture;
  DelayedEntries delayed(fixture.context);
  CHECK_FALSE(delayed.next_expiry());
  delayed.set_expiry({5, 1}, 900);
  delayed.set_expiry({4, 1}, 1000);
  delayed.set_expiry({6, 1}, 900);
  CHECK(delayed.expiry_count() == 3);
  CHECK(delayed.next_expiry()->id == StreamId{5, 1});
  CHECK(delayed.next_expiry()->when_ms == 900);
  delayed.set_expiry({5, 1}, 2000);
  CHECK(delayed.next_expiry()->id == StreamId{6, 1});
  delayed.clear_expiry({6, 1});
  CHECK(delayed.expiry_ms({4, 1}) == 1000);
  CHECK_FALSE(delayed.expiry_ms({6, 1}));
  delayed.clear_expiry({6, 1});
  CHECK(delayed.expiry_count() == 2);
}

TEST_CASE("Delayed entries: what stands before the first entry is forgotten, a part at a time") {
  const Fixture fixture;
  DelayedEntries delayed(fixture.context);
  for (uint64_t seq = 1; seq <= 5; ++seq) delayed.set_expiry({1, seq}, 100 - static_cast<int64_t>(seq));
  CHECK_FALSE(delayed.has_expiry_before({1, 1}));
  delayed.forget_before({1, 4}, 2);
  CHECK(delayed.expiry_count() == 3);
  CHECK(delayed.has_expiry_before({1, 4}));
  delayed.forget_before({1, 4}, 2);
  CHECK_FALSE(delayed.has_expiry_before({1, 4}));
  CHECK(delayed.expiry_ms({1, 4}) == 96);
}

TEST_CASE("Delayed entries: a stream has no moment to wait for when its ids are exhausted") {
  const Fixture fixture;
  Stream stream(fixture.context);
  CHECK(stream.next_delayed_ms() == kNeverExpires);
  CHECK(stream.delayed() == nullptr);
  add(stream.delayed_entries(), at(1000));
  CHECK(stream.next_delayed_ms() == 1000);
  const std::vector<base::ByteView> fields = {"f", "v"};
  REQUIRE(stream.append({1, 1}, fields).ok());
  stream.delayed_entries().set_expiry({1, 1}, 700);
  CHECK(stream.next_delayed_ms() == 700);
  stream.set_last_id(kMaxStreamId);
  stream.delayed_entries().set_expiry({1, 1}, 1700);
  CHECK(stream.next_delayed_ms() == 1700);
  REQUIRE(stream.ticket() != nullptr);
  CHECK(stream.next_deadline_ms() == 1700);
  CHECK(stream.agenda().front() == nullptr);
  stream.delayed_entries().clear_expiry({1, 1});
  CHECK(stream.next_deadline_ms() == kNeverExpires);
  Stream copy = stream.clone();
  CHECK(copy.delayed()->size() == 1);
  CHECK(copy.ticket() != stream.ticket());
}

TEST_CASE("Delayed entries: an entry under an id that was used before has no time to live") {
  const Fixture fixture;
  Stream stream(fixture.context);
  REQUIRE(stream.append({5, 1}, Parts{"f", "v"}).ok());
  stream.delayed_entries().set_expiry({5, 1}, 1000);
  stream.remove({5, 1});
  stream.set_last_id({4, 0});
  REQUIRE(stream.append({5, 1}, Parts{"f", "v"}).ok());
  CHECK_FALSE(stream.delayed()->expiry_ms({5, 1}));
}

TEST_CASE("Delayed entries: random ones are as a naive model says, copied, loaded and freed in slices") {
  Fixture fixture;
  fixture.context.stream.node_max_entries = 7;
  base::Random random(7);
  DelayedEntries delayed(fixture.context);
  std::map<StreamId, std::pair<std::string, std::string>> model;  // place -> ticket, value
  std::set<std::string> tickets;
  for (int step = 0; step < 5000; ++step) {
    if (model.empty() || random.below(5) < 3) {
      const auto due_ms = static_cast<int64_t>(random.below(50));
      const std::string ticket = random.below(2) == 0 ? "" : "t" + std::to_string(random.below(500));
      CHECK((delayed.find(ticket) != std::nullopt) == (tickets.count(ticket) > 0));
      if (tickets.count(ticket) > 0) continue;
      const std::string value = std::to_string(step);
      const StreamId place = add(delayed, at(due_ms), ticket, {"f", value});
      const std::string known = ticket.empty() ? std::string(StreamIdText(place).view()) : ticket;
      CHECK(model.emplace(place, std::pair(known, value)).second);
      tickets.insert(known);
    } else {
      auto chosen = model.lower_bound({random.below(50), random.below(5000)});
      if (chosen == model.end()) chosen = model.begin();
      CHECK(delayed.find(chosen->second.first) == chosen->first);
      const DelayedEntry taken = delayed.take(chosen->first);
      CHECK(taken.ticket == chosen->second.first);
      CHECK(taken.fields == std::vector<base::Bytes>{"f", chosen->second.second});
      tickets.erase(chosen->second.first);
      model.erase(chosen);
    }
    CHECK(delayed.size() == model.size());
  }
  std::vector<std::string> expected;
  for (const auto& [place, entry] : model) {
    expected.push_back(entry.first + " " + std::to_string(place.ms) + " f " + entry.second);
  }
  CHECK(listed(delayed) == expected);
  delayed.set_expiry({1, 1}, 5);
  const auto copy = delayed.clone();
  const uint64_t last_arrival = delayed.last_arrival();
  DelayedEntries loaded(fixture.context);
  CHECK(load(delayed, loaded) == nullptr);
  int slices = 1;
  for (; delayed.release_slice(10); ++slices) {
  }
  CHECK(slices > 20);
  CHECK(delayed.size() == 0);
  for (DelayedEntries* same : {copy.get(), &loaded}) {
    CHECK(listed(*same) == expected);
    CHECK(same->last_arrival() == last_arrival);
    for (const std::string& ticket : tickets) CHECK(same->find(ticket));
  }
  CHECK(copy->expiry_ms({1, 1}) == 5);
}

TEST_CASE("Delayed entries: a damaged block is refused with a reason") {
  const Fixture fixture;
  const auto refused = [&](const std::vector<std::pair<StreamId, base::Bytes>>& headers) {
    DelayedEntries delayed(fixture.context);
    add(delayed, at(1), "taken");
    const char* const reason = delayed.adopt(block_with(headers));
    return std::string(reason == nullptr ? "" : reason);
  };
  const base::Bytes eight(8, '\0');
  CHECK(refused({{{0, 2}, header(0, 5)}}).empty());
  CHECK(refused({{{0, 1}, header(0, 5)}}) == "delayed entries are not in the order of their arrival");
  CHECK(refused({{{1, 2}, header(0, 5)}}) == "a number of arrival is out of range");
  CHECK(refused({{{0, DelayedEntries::kLastArrival + 1}, header(0, 5)}}) ==
        "a number of arrival is out of range");
  const std::string damaged = "a delayed entry is damaged";
  CHECK(refused({{{0, 2}, ""}}) == damaged);
  CHECK(refused({{{0, 2}, "12345"}}) == damaged);
  CHECK(refused({{{0, 2}, header(8, 5)}}) == damaged);
  CHECK(refused({{{0, 2}, header(0, 5).substr(0, 8)}}) == damaged);
  CHECK(refused({{{0, 2}, header(0, -1)}}) == damaged);
  CHECK(refused({{{0, 2}, header(0, kLatestDueMs + 1)}}) == damaged);
  CHECK(refused({{{0, 2}, header(0, 5, "x")}}) == damaged);
  CHECK(refused({{{0, 2}, header(4, 5)}}) == damaged);
  CHECK(refused({{{0, 2}, header(4, 5, base::Bytes(256, 't'))}}) == damaged);
  CHECK(refused({{{0, 2}, header(1, 5, eight)}}) == damaged);
  CHECK(refused({{{0, 2}, header(2, 5, "\x0c" + eight + eight + eight)}}) == damaged);
  CHECK(refused({{{0, 2}, header(2, 5, base::Bytes(1, '\0') + eight + "1" + eight + eight)}}) == damaged);
  CHECK(refused({{{0, 2}, header(4, 5, "taken")}}) == "a ticket is there twice");
  CHECK(refused({{{0, 2}, header(4, 5, "9-3")}, {{0, 3}, header(0, 9)}}) == "a ticket is there twice");
}

}  // namespace sluice::types
