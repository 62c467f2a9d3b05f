// Random commands of streams, groups and delayed entries, against a naive model: each answer is the one the
// model gives, and after each step what is held is what the model holds: entries, orders by id and by time,
// what each consumer has, counts and sums of XPENDING, lag, and which entries are needed; and the trees
// behind it are sound. What fails names its seed.
#include "property/stream_model.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "support/harness.h"
#include "support/seeds.h"
#include "types/delayed_entries.h"

namespace sluice::test {

namespace {

using Id = StreamModel::Id;
using Policy = StreamModel::Policy;
using Words = std::vector<std::string>;
using resp::Value;
using testing::seeds;

constexpr testing::SeedCount kStories{12, 3, 20};
constexpr int kSteps = 1500;
constexpr size_t kMostPendingOfClaims = 400;

// How often something came of a command, by its words that are no ids, names or numbers. A story that does
// not meet what it is to test proves nothing about it.
using Met = std::map<std::string, size_t>;

std::string form_of(const Words& words) {
  std::string form = words.front();
  for (size_t i = 1; i < words.size(); ++i) {
    const bool is_word = words[i] == "~" || (words[i].size() > 2 && words[i][0] >= 'A' && words[i][0] <= 'Z');
    if (is_word) form += " " + words[i];
  }
  return form;
}

constexpr const char* kExpected[] = {
    "set back",
    "XTRIM MAXLEN KEEPREF",
    "XTRIM MAXLEN DELREF",
    "XTRIM MAXLEN ACKED",
    "XTRIM MINID KEEPREF",
    "XTRIM MINID DELREF",
    "XTRIM MINID ACKED",
    "XTRIM MAXLEN ~ DELREF",
    "XTRIM MINID ~ KEEPREF",
    "XADD ACKED MAXLEN",
    "XADDAT TTL",
    "XUNDELAY",
    "XDEL",
    "XDELEX ACKED IDS",
    "XACK",
    "XACKDEL ACKED IDS",
    "XNACK SILENT IDS RETRYCOUNT FORCE",
    "XCLAIM TIME FORCE",
    "XCLAIM IDLE JUSTID",
    "XAUTOCLAIM COUNT JUSTID",
    "XGROUP SETID",
    "XGROUP DELCONSUMER",
    "XREADGROUP GROUP CLAIM NOACK STREAMS",
    "XREADGROUP GROUP COUNT CLAIM STREAMS",
    "XPENDING IDLE",
};

bool is_nothing(const Value& answer) {
  return answer == integer(0) || answer == array({}) || answer == null() || answer == null_array();
}

class Story {
 public:
  Story(uint64_t seed, Met& met) : random_(seed), harness_(seed), met_(met) {
    // Blocks and trees of several nodes in a small stream.
    harness_.configure("stream-node-max-entries", "5");
    expect({"XGROUP", "CREATE", "s", "g0", "0", "MKSTREAM"}, status("OK"));
    model_.groups["g0"] = {};
  }

  void step() {
    harness_.advance(std::chrono::milliseconds(one_in(3) ? below(30) : 0));
    model_.now_ms = harness_.clock.unix_us() / 1000;
    model_.fire();
    act();
    look();
  }
  [[nodiscard]] const std::string& last_sent() const { return last_sent_; }

 private:
  uint64_t below(uint64_t bound) { return random_.below(bound); }
  bool one_in(uint64_t chances) { return below(chances) == 0; }

  void expect(const Words& words, const Value& answer) {
    last_sent_.clear();
    for (const std::string& word : words) last_sent_ += word + " ";
    harness_.first().send_words(words);
    const auto reply = harness_.first().reply();
    REQUIRE(reply);
    REQUIRE_MESSAGE(*reply == answer, last_sent_);
    if (!is_nothing(answer)) ++met_[form_of(words)];
  }
  void expect_failure(const Words& words, const std::string& code) {
    last_sent_.clear();
    for (const std::string& word : words) last_sent_ += word + " ";
    harness_.first().send_words(words);
    const auto reply = harness_.first().reply();
    REQUIRE(reply);
    REQUIRE_MESSAGE(reply->is_error(), last_sent_);
    REQUIRE_MESSAGE(reply->text.rfind(code, 0) == 0, last_sent_);
  }

  // --- dice
  std::string group() { return "g" + std::to_string(below(3)); }
  std::string consumer() { return "c" + std::to_string(below(4)); }
  Policy policy() { return static_cast<Policy>(below(3)); }
  static std::string word_of(Policy policy) {
    static const std::array<std::string, 3> kWords = {"KEEPREF", "DELREF", "ACKED"};
    return kWords[static_cast<size_t>(policy)];
  }
  // Mostly one of an entry, or of something pending, whose entry may be gone.
  Id id() {
    if (one_in(12)) return {model_.last.ms - below(5), below(3)};
    std::vector<Id> known;
    for (const auto& entry : model_.entries) known.push_back(entry.first);
    if (const auto* group = model_.find(this->group()); group != nullptr && one_in(2)) {
      for (const auto& item : group->pending) known.push_back(item.first);
    }
    return known.empty() ? model_.last : known[below(known.size())];
  }
  std::vector<Id> ids(uint64_t most) {
    std::vector<Id> some;
    for (uint64_t left = 1 + below(most); left > 0; --left) some.push_back(id());
    return some;
  }
  static void append_ids(Words& words, const std::vector<Id>& ids, bool counted) {
    if (counted) words.insert(words.end(), {"IDS", std::to_string(ids.size())});
    for (const Id& id : ids) words.push_back(text_of(id));
  }
  int64_t idle_ms() { return static_cast<int64_t>(below(80)); }

  void act();
  void write();
  void delay();
  void cut();
  void trim();
  void set_id();
  void change_groups();
  void read();
  void acknowledge();
  void release();
  void claim();
  void claim_idle();
  void look();
  void look_at_group(const std::string& name);
  void look_at_pending(const std::string& name, const types::StreamGroup& group);

  base::Random random_;
  Harness harness_;
  StreamModel model_;
  std::string last_sent_;
  Met& met_;
};

void Story::act() {
  switch (below(12)) {
    case 0:
    case 1:
    case 2:
      return write();
    case 3:
      return one_in(8) ? set_id() : delay();
    case 4:
      return cut();
    case 5:
      return one_in(3) ? change_groups() : read();
    case 6:
    case 7:
      return read();
    case 8:
      return acknowledge();
    case 9:
      return release();
    case 10:
      return claim();
    default:
      return claim_idle();
  }
}

void Story::write() {
  const std::string value = std::to_string(below(1000));
  Words words = {"XADD", "s"};
  std::optional<StreamModel::Trim> trim;
  if (one_in(12)) {
    trim = StreamModel::Trim{below(60), policy()};
    words.insert(words.end(), {word_of(trim->policy), "MAXLEN", std::to_string(trim->max_length)});
  }
  std::optional<Id> wanted;
  if (one_in(6)) wanted = Id{model_.last.ms + below(3), model_.last.seq + 1 + below(3)};
  words.insert(words.end(), {wanted ? text_of(*wanted) : "*", "f", value});
  const Value answer = model_.add(value, trim, wanted);
  expect(words, answer);
}

// Forward or back, but behind all that is there or pending: an id given again would mean two entries. What
// was deleted may be forgotten where nothing of it is pending: XAUTOCLAIM knows by it where to look.
void Story::set_id() {
  const auto* const stream = keyspace::get_if<types::Stream>(harness_.keyspace.database(0).find("s")->value);
  Id lowest = model_.entries.empty() ? Id{1, 0} : model_.entries.rbegin()->first;
  bool may_forget = true;
  for (const auto& [name, group] : model_.groups) {
    for (const auto& item : group.pending) {
      lowest = std::max(lowest, item.first);
      may_forget = may_forget && model_.entries.count(item.first) > 0;
    }
  }
  if (!may_forget) lowest = std::max(lowest, stream->max_deleted_id());
  if (one_in(3)) lowest = {std::max(lowest.ms, model_.last.ms) + below(2), model_.last.seq + below(3)};
  may_forget = may_forget && model_.last >= Id{1, 0};
  if (may_forget) expect({"XSETID", "s", text_of(model_.last), "MAXDELETEDID", "1-0"}, status("OK"));
  if (lowest < model_.last) ++met_["set back"];
  model_.last = lowest;
  expect({"XSETID", "s", text_of(lowest)}, status("OK"));
}

// An approximate one tells how many go; which ones is not its choice.
void Story::trim() {
  StreamModel::Trim rule{below(80), policy()};
  const bool approximate = one_in(3) && rule.policy != Policy::kAcked;
  Words words = {"XTRIM", "s"};
  if (one_in(2)) {
    rule.min_id = id();
    words.push_back("MINID");
  } else {
    words.push_back("MAXLEN");
  }
  if (approximate) words.push_back("~");
  words.push_back(rule.min_id ? text_of(*rule.min_id) : std::to_string(rule.max_length));
  words.push_back(word_of(rule.policy));
  if (!approximate) return expect(words, model_.trim(rule));
  const size_t before = model_.entries.size();
  harness_.first().send_words(words);
  const Value told = harness_.first().reply().value();
  rule.most = static_cast<size_t>(told.integer);
  REQUIRE(model_.trim(rule) == told);
  if (before != model_.entries.size()) ++met_[form_of(words)];
}

void Story::delay() {
  if (one_in(4)) {
    const auto ticket = model_.delayed.empty() ? "none" : model_.delayed.begin()->second.ticket;
    return expect({"XUNDELAY", "s", ticket}, model_.undelay(ticket));
  }
  const auto in_ms = static_cast<int64_t>(1 + below(40));
  const auto ttl_ms = static_cast<int64_t>(one_in(2) ? 0 : 1 + below(60));
  const std::string value = std::to_string(below(1000));
  Words words = {"XADDAT", "s", "IN", std::to_string(in_ms)};
  if (ttl_ms > 0) words.insert(words.end(), {"TTL", std::to_string(ttl_ms)});
  words.insert(words.end(), {"f", value});
  expect(words, model_.add_later(model_.now_ms + in_ms, ttl_ms, value));
}

void Story::cut() {
  const Policy by = policy();
  if (one_in(4)) return trim();
  const std::vector<Id> some = ids(4);
  Words words = {"XDEL", "s"};
  if (one_in(2)) {
    append_ids(words, some, false);
    return expect(words, model_.remove(some));
  }
  words = {"XDELEX", "s", word_of(by)};
  append_ids(words, some, true);
  expect(words, model_.remove_by(by, some));
}

void Story::change_groups() {
  const std::string name = group();
  StreamModel::Group* const found = model_.find(name);
  const Id start = one_in(2) ? Id{} : id();
  const std::string who = consumer();
  switch (below(5)) {
    case 0:
      if (found == nullptr) {
        model_.groups[name].last = start;
        return expect({"XGROUP", "CREATE", "s", name, text_of(start)}, status("OK"));
      }
      return expect_failure({"XGROUP", "CREATE", "s", name, "$"}, "BUSYGROUP");
    case 1:
      if (one_in(2)) return;
      return expect({"XGROUP", "DESTROY", "s", name},
                    integer(static_cast<int64_t>(model_.groups.erase(name))));
    case 2:
      if (found == nullptr) return expect_failure({"XGROUP", "SETID", "s", name, "0"}, "NOGROUP");
      found->last = start;
      return expect({"XGROUP", "SETID", "s", name, text_of(start)}, status("OK"));
    case 3:
      if (found == nullptr) return expect_failure({"XGROUP", "CREATECONSUMER", "s", name, who}, "NOGROUP");
      return expect({"XGROUP", "CREATECONSUMER", "s", name, who},
                    integer(found->consumers.insert(who).second ? 1 : 0));
    default:
      if (found == nullptr) return expect_failure({"XGROUP", "DELCONSUMER", "s", name, who}, "NOGROUP");
      return expect({"XGROUP", "DELCONSUMER", "s", name, who}, model_.remove_consumer(*found, who));
  }
}

void Story::read() {
  const std::string name = group();
  StreamModel::Read request;
  request.consumer = consumer();
  Words words = {"XREADGROUP", "GROUP", name, request.consumer};
  if (!one_in(4)) {
    request.count = 1 + below(6);
    words.insert(words.end(), {"COUNT", std::to_string(request.count)});
  }
  const bool history = one_in(5);
  if (one_in(3) && !history) {
    request.min_idle_ms = idle_ms();
    words.insert(words.end(), {"CLAIM", std::to_string(*request.min_idle_ms)});
  }
  request.keeps_nothing = one_in(8);
  if (request.keeps_nothing) words.push_back("NOACK");
  words.insert(words.end(), {"STREAMS", "s", history ? "0" : ">"});
  StreamModel::Group* const found = model_.find(name);
  if (found == nullptr) return expect_failure(words, "NOGROUP");
  expect(words, history ? model_.read_history(*found, request) : model_.read(*found, request));
}

void Story::acknowledge() {
  const std::string name = group();
  StreamModel::Group* const found = model_.find(name);
  const std::vector<Id> some = ids(6);
  if (one_in(2)) {
    Words words = {"XACK", "s", name};
    append_ids(words, some, false);
    return expect(words, model_.acknowledge(found, some));
  }
  const Policy by = policy();
  Words words = {"XACKDEL", "s", name, word_of(by)};
  append_ids(words, some, true);
  expect(words, model_.acknowledge_and_remove(found, by, some));
}

void Story::release() {
  static const std::array<std::string, 3> kModes = {"SILENT", "FAIL", "FATAL"};
  const std::string name = group();
  StreamModel::Release request{kModes[below(3)], ids(4)};
  Words words = {"XNACK", "s", name, request.mode};
  append_ids(words, request.ids, true);
  if (one_in(3)) {
    request.retry_count = below(9);
    words.insert(words.end(), {"RETRYCOUNT", std::to_string(*request.retry_count)});
  }
  request.force = one_in(3);
  if (request.force) words.push_back("FORCE");
  StreamModel::Group* const found = model_.find(name);
  if (found == nullptr) return expect_failure(words, "NOGROUP");
  expect(words, model_.release(*found, request));
}

void Story::claim() {
  const std::string name = group();
  StreamModel::Claim request;
  request.consumer = consumer();
  request.min_idle_ms = idle_ms();
  request.ids = ids(5);
  Words words = {"XCLAIM", "s", name, request.consumer, std::to_string(request.min_idle_ms)};
  append_ids(words, request.ids, false);
  if (one_in(3)) {
    const int64_t ms = idle_ms();
    const bool by_time = one_in(2);
    request.delivered_ms = model_.now_ms - (by_time ? ms - 20 : ms);
    words.insert(words.end(),
                 {by_time ? "TIME" : "IDLE", std::to_string(by_time ? *request.delivered_ms : ms)});
  }
  if (one_in(3)) {
    request.retry_count = below(9);
    words.insert(words.end(), {"RETRYCOUNT", std::to_string(*request.retry_count)});
  }
  request.force = one_in(3);
  if (request.force) words.push_back("FORCE");
  request.just_ids = one_in(2);
  if (request.just_ids) words.push_back("JUSTID");
  StreamModel::Group* const found = model_.find(name);
  if (found == nullptr) return expect_failure(words, "NOGROUP");
  expect(words, model_.claim(*found, request));
}

void Story::claim_idle() {
  const std::string name = group();
  StreamModel::Group* const found = model_.find(name);
  StreamModel::Claim request;
  request.consumer = consumer();
  request.min_idle_ms = idle_ms();
  request.just_ids = one_in(2);
  const size_t pending = found == nullptr ? 0 : found->pending.size();
  const size_t count = pending / 10 + 1 + below(10);
  const Id start = one_in(2) ? Id{} : id();
  Words words = {"XAUTOCLAIM",
                 "s",
                 name,
                 request.consumer,
                 std::to_string(request.min_idle_ms),
                 text_of(start),
                 "COUNT",
                 std::to_string(count)};
  if (request.just_ids) words.push_back("JUSTID");
  if (found == nullptr) return expect_failure(words, "NOGROUP");
  if (pending > kMostPendingOfClaims) return;
  expect(words, model_.claim_idle(*found, request, start, count));
}

// --- what must hold

void Story::look() {
  auto* const stream = keyspace::get_if<types::Stream>(harness_.keyspace.database(0).find("s")->value);
  REQUIRE(stream->size() == model_.entries.size());
  REQUIRE(stream->consistent());
  auto cursor = stream->seek(types::kMinStreamId);
  for (const auto& [id, value] : model_.entries) {
    REQUIRE(cursor.valid());
    REQUIRE(cursor.entry().id == id);
    CHECK(stream->needed(id) == model_.needed(id));
    CHECK(stream->is_read(id) == model_.is_read(id));
    cursor.next();
  }
  CHECK_FALSE(cursor.valid());
  CHECK(stream->last_id() == model_.last);
  const Id somewhere = id();
  CHECK(stream->entries_after(somewhere) == model_.count_after(somewhere));
  REQUIRE(stream->groups().size() == model_.groups.size());
  for (const auto& group : model_.groups) look_at_group(group.first);
  expect({"XDELAYED", "s", "COUNT", "100000"}, model_.show_delayed());
  // What trims took has its moment still before it.
  for (const auto& [id, when_ms] : model_.expiries) {
    if (model_.entries.count(id) > 0) CHECK(stream->delayed()->expiry_ms(id) == when_ms);
  }
}

void Story::look_at_group(const std::string& name) {
  const auto* const stream = keyspace::get_if<types::Stream>(harness_.keyspace.database(0).find("s")->value);
  const types::StreamGroup* const group = stream->find_group(name);
  REQUIRE(group != nullptr);
  const StreamModel::Group& model = *model_.find(name);
  CHECK(group->last_id() == model.last);
  CHECK(stream->entries_after(group->last_id()) == model_.lag(model));
  std::set<std::string> consumers;
  for (const auto& [consumer_name, consumer] : group->consumers()) {
    consumers.insert(consumer_name);
    std::vector<Id> own;
    for (auto id = consumer->next_own({}); id; id = consumer->next_own(*id->next())) own.push_back(*id);
    CHECK(own == model.own(consumer_name));
    CHECK(consumer->pending_count() == own.size());
  }
  CHECK(consumers == model.consumers);
  look_at_pending(name, *group);
  expect({"XPENDING", "s", name}, model_.summary(model));
  const int64_t idle = idle_ms();
  const size_t count = 1 + below(20);
  Words words = {"XPENDING", "s", name, "IDLE", std::to_string(idle), "-", "+", std::to_string(count)};
  std::optional<std::string> who;
  if (one_in(2)) {
    who = consumer();
    words.push_back(*who);
  }
  expect(words, model_.pending(model, idle, count, who));
}

void Story::look_at_pending(const std::string& name, const types::StreamGroup& group) {
  const StreamModel::Group& model = *model_.find(name);
  REQUIRE(group.pending_count() == model.pending.size());
  size_t released = 0;
  auto next = group.next_pending({});
  for (const auto& [id, entry] : model.pending) {
    REQUIRE(next);
    CHECK(next->id == id);
    CHECK((next->consumer == nullptr ? std::string() : next->consumer->name()) == entry.consumer);
    CHECK(next->delivered_ms == (entry.consumer.empty() ? 0 : entry.delivered_ms));
    CHECK(next->deliveries == entry.deliveries);
    released += entry.consumer.empty() ? 1 : 0;
    next = group.next_pending(*id.next());
  }
  CHECK_FALSE(next);
  CHECK(group.released_count() == released);
  auto walk = group.walk_idle();
  for (const Id& id : model.by_idle()) {
    const auto entry = walk.next();
    REQUIRE(entry);
    CHECK(entry->id == id);
  }
  CHECK_FALSE(walk.next());
}

}  // namespace

TEST_CASE("Stream model: whatever is sent, every answer and all that is held is as a naive model has it") {
  Met met;
  for (const uint64_t seed : seeds(kStories)) {
    Story story(seed, met);
    for (int step = 0; step < kSteps; ++step) {
      CAPTURE(seed);
      CAPTURE(step);
      CAPTURE(story.last_sent());
      story.step();
    }
  }
  if (seeds(kStories).size() < kStories.daily) return;  // fewer do not meet everything
  for (const char* form : kExpected) CHECK_MESSAGE(met[form] > 0, form);
}

}  // namespace sluice::test
