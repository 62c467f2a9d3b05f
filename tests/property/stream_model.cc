#include "property/stream_model.h"

#include <algorithm>

#include "support/harness.h"

namespace sluice::test {

using resp::Value;
using Id = StreamModel::Id;

namespace {

constexpr uint64_t kMostDeliveries = INT64_MAX;

uint64_t one_more(uint64_t deliveries) {
  return deliveries == kMostDeliveries ? deliveries : deliveries + 1;
}

Value id_of(const Id& id) {
  return bulk(text_of(id));
}

}  // namespace

std::string text_of(const Id& id) {
  return std::string(types::StreamIdText(id).view());
}

std::vector<Id> StreamModel::Group::by_idle() const {
  std::vector<Id> ids;
  for (const auto& item : pending) ids.push_back(item.first);
  const auto key = [this](const Id& id) {
    const Pending& entry = pending.at(id);
    const bool owned = !entry.consumer.empty();
    return std::make_pair(owned, owned ? entry.delivered_ms : static_cast<int64_t>(entry.order));
  };
  std::stable_sort(ids.begin(), ids.end(),
                   [&](const Id& left, const Id& right) { return key(left) < key(right); });
  return ids;
}

std::vector<Id> StreamModel::Group::own(const std::string& consumer) const {
  std::vector<Id> ids;
  for (const auto& [id, entry] : pending) {
    if (entry.consumer == consumer) ids.push_back(id);
  }
  return ids;
}

bool StreamModel::needed(const Id& id) const {
  return std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
    return group.second.last < id || group.second.pending.count(id) > 0;
  });
}

bool StreamModel::is_read(const Id& id) const {
  return std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
    return group.second.last >= id || group.second.pending.count(id) > 0;
  });
}

uint64_t StreamModel::count_after(const Id& id) const {
  return static_cast<uint64_t>(std::distance(entries.upper_bound(id), entries.end()));
}

uint64_t StreamModel::lag(const Group& group) const {
  return count_after(group.last);
}

StreamModel::Group* StreamModel::find(const std::string& name) {
  const auto at = groups.find(name);
  return at == groups.end() ? nullptr : &at->second;
}

Value StreamModel::shown(const Id& id) const {
  return array({id_of(id), bulks({"f", entries.at(id)})});
}

// --- entries

Id StreamModel::append(const std::string& value, const std::optional<Trim>& trim,
                       const std::optional<Id>& wanted) {
  const auto now = static_cast<uint64_t>(now_ms);
  last = wanted ? *wanted : now > last.ms ? Id{now, 0} : *last.next();
  entries[last] = value;
  expiries.erase(last);  // of an entry that had the id before it was set back
  const Id id = last;
  if (trim) cut(*trim);
  return id;
}

size_t StreamModel::cut(const Trim& trim) {
  size_t gone = 0;
  const auto in_excess = [&](const Id& id) {
    return trim.min_id ? id < *trim.min_id : entries.size() > trim.max_length;
  };
  for (auto at = entries.begin(); at != entries.end() && in_excess(at->first) && gone < trim.most;) {
    if (trim.policy == Policy::kAcked && needed(at->first)) {
      ++at;
      continue;
    }
    if (trim.policy == Policy::kDelRef) {
      for (auto& group : groups) group.second.pending.erase(at->first);
    }
    at = entries.erase(at);
    ++gone;
  }
  return gone;
}

Value StreamModel::add(const std::string& value, const std::optional<Trim>& trim,
                       const std::optional<Id>& wanted) {
  return id_of(append(value, trim, wanted));
}

Value StreamModel::add_later(int64_t due_ms, int64_t ttl_ms, const std::string& value) {
  const std::string ticket = std::to_string(due_ms) + "-" + std::to_string(++arrivals_);
  delayed[{due_ms, arrivals_}] = {ticket, value, ttl_ms};
  return bulk(ticket);
}

Value StreamModel::undelay(const std::string& ticket) {
  return integer(static_cast<int64_t>(
      std::erase_if(delayed, [&](const auto& item) { return item.second.ticket == ticket; })));
}

Value StreamModel::show_delayed() const {
  std::vector<Value> rows;
  for (const auto& [place, entry] : delayed) {
    rows.push_back(array({bulk(entry.ticket), integer(place.first), bulks({"f", entry.value})}));
  }
  return array(rows);
}

// The earliest first; what comes before what goes.
void StreamModel::fire() {
  while (true) {
    const int64_t due_ms = delayed.empty() ? INT64_MAX : delayed.begin()->first.first;
    const auto goes =
        std::min_element(expiries.begin(), expiries.end(),
                         [](const auto& left, const auto& right) { return left.second < right.second; });
    const int64_t goes_ms = goes == expiries.end() ? INT64_MAX : goes->second;
    if (std::min(due_ms, goes_ms) > now_ms) return;
    if (due_ms <= goes_ms) {
      const Delayed entry = delayed.begin()->second;
      delayed.erase(delayed.begin());
      const Id id = append(entry.value, std::nullopt);
      if (entry.ttl_ms > 0) expiries[id] = due_ms + entry.ttl_ms;
    } else {
      const Id id = goes->first;
      expiries.erase(goes);
      if (!is_read(id)) entries.erase(id);
    }
  }
}

Value StreamModel::trim(const Trim& trim) {
  return integer(static_cast<int64_t>(cut(trim)));
}

Value StreamModel::remove(const std::vector<Id>& ids) {
  size_t gone = 0;
  for (const Id& id : ids) gone += entries.erase(id);
  return integer(static_cast<int64_t>(gone));
}

Value StreamModel::remove_by(Policy policy, const std::vector<Id>& ids) {
  std::vector<Value> answers;
  for (const Id& id : ids) {
    const bool there = entries.count(id) > 0;
    if (policy == Policy::kAcked && there && needed(id)) {
      answers.push_back(integer(2));
      continue;
    }
    if (policy == Policy::kDelRef) {
      for (auto& group : groups) group.second.pending.erase(id);
    }
    entries.erase(id);
    answers.push_back(integer(there ? 1 : -1));
  }
  return array(answers);
}

Value StreamModel::acknowledge_and_remove(Group* group, Policy policy, const std::vector<Id>& ids) {
  std::vector<Value> answers;
  for (const Id& id : ids) {
    if (group == nullptr || group->pending.erase(id) == 0) {
      answers.push_back(integer(-1));
      continue;
    }
    const Value deleted = remove_by(policy, {id}).children[0];
    answers.push_back(integer(deleted.integer == 2 ? 2 : 1));
  }
  return array(answers);
}

// --- groups

Value StreamModel::acknowledge(Group* group, const std::vector<Id>& ids) {
  size_t done = 0;
  if (group != nullptr) {
    for (const Id& id : ids) done += group->pending.erase(id);
  }
  return integer(static_cast<int64_t>(done));
}

// Entries that are gone are dropped as far as somebody looked: behind the last that was wanted, up to the
// next that is there.
size_t StreamModel::claim_for_read(Group& group, const Read& request, std::vector<Value>& rows) {
  size_t claimed = 0;
  for (const Id& id : group.by_idle()) {
    Pending& entry = group.pending.at(id);
    if (!is_idle(entry, *request.min_idle_ms)) break;
    if (entries.count(id) == 0) {
      group.pending.erase(id);
      continue;
    }
    if (claimed == request.count) break;
    ++claimed;
    const int64_t since_ms = entry.consumer.empty() ? 0 : entry.delivered_ms;
    Value row = shown(id);
    row.children.push_back(integer(now_ms - since_ms));
    row.children.push_back(integer(static_cast<int64_t>(entry.deliveries)));
    rows.push_back(row);
    entry = {request.consumer, now_ms, one_more(entry.deliveries), 0};
  }
  return claimed;
}

Value StreamModel::read(Group& group, const Read& request) {
  group.consumers.insert(request.consumer);
  std::vector<Value> rows;
  size_t left = request.count;
  if (request.min_idle_ms) left -= claim_for_read(group, request, rows);
  for (auto at = entries.upper_bound(group.last); at != entries.end() && left > 0; ++at, --left) {
    group.last = at->first;
    Value row = shown(at->first);
    if (request.min_idle_ms) row.children.insert(row.children.end(), {integer(0), integer(0)});
    rows.push_back(row);
    if (!request.keeps_nothing) group.pending[at->first] = {request.consumer, now_ms, 1, 0};
  }
  return rows.empty() ? null_array() : array({array({bulk("s"), array(rows)})});
}

Value StreamModel::read_history(Group& group, const Read& request) {
  group.consumers.insert(request.consumer);
  std::vector<Value> rows;
  for (const Id& id : group.own(request.consumer)) {
    if (rows.size() == request.count) break;
    if (entries.count(id) == 0) {
      rows.push_back(array({id_of(id), null_array()}));
      continue;
    }
    rows.push_back(shown(id));
    Pending& entry = group.pending.at(id);
    entry.delivered_ms = now_ms;
    entry.deliveries = one_more(entry.deliveries);
  }
  return array({array({bulk("s"), array(rows)})});
}

Value StreamModel::release(Group& group, const Release& request) {
  int64_t released = 0;
  for (const Id& id : request.ids) {
    const auto at = group.pending.find(id);
    if (at == group.pending.end() && (!request.force || entries.count(id) == 0)) continue;
    uint64_t deliveries = at == group.pending.end() ? 0 : at->second.deliveries;
    if (request.mode == "SILENT" && deliveries > 0) --deliveries;
    if (request.mode == "FATAL") deliveries = kMostDeliveries;
    group.pending[id] = {"", 0, request.retry_count.value_or(deliveries), releases_++};
    ++released;
  }
  return integer(released);
}

Value StreamModel::claim(Group& group, const Claim& request) {
  group.consumers.insert(request.consumer);
  std::vector<Value> rows;
  for (const Id& id : request.ids) {
    const auto at = group.pending.find(id);
    const bool pending = at != group.pending.end();
    if (entries.count(id) == 0) {
      if (pending) group.pending.erase(at);
      continue;
    }
    if (pending ? !is_idle(at->second, request.min_idle_ms) : !request.force) continue;
    const uint64_t before = pending ? at->second.deliveries : 1;
    const uint64_t deliveries = request.retry_count.value_or(request.just_ids ? before : one_more(before));
    const int64_t asked_ms = request.delivered_ms.value_or(now_ms);
    group.pending[id] = {request.consumer, asked_ms < 0 ? now_ms : std::min(asked_ms, now_ms), deliveries, 0};
    rows.push_back(request.just_ids ? id_of(id) : shown(id));
  }
  return array(rows);
}

Value StreamModel::claim_idle(Group& group, const Claim& request, const Id& start, size_t count) {
  group.consumers.insert(request.consumer);
  std::vector<Value> rows;
  std::vector<Value> gone;
  auto at = group.pending.lower_bound(start);
  while (at != group.pending.end() && rows.size() + gone.size() < count) {
    if (entries.count(at->first) == 0) {
      gone.push_back(id_of(at->first));
      at = group.pending.erase(at);
      continue;
    }
    Pending& entry = at->second;
    if (is_idle(entry, request.min_idle_ms)) {
      rows.push_back(request.just_ids ? id_of(at->first) : shown(at->first));
      entry = {request.consumer, now_ms, request.just_ids ? entry.deliveries : one_more(entry.deliveries), 0};
    }
    ++at;
  }
  const Id next = at == group.pending.end() ? types::kMinStreamId : at->first;
  return array({id_of(next), array(rows), array(gone)});
}

Value StreamModel::summary(const Group& group) const {
  if (group.pending.empty()) return array({integer(0), null(), null(), null_array()});
  std::map<std::string, int64_t> counts;
  for (const auto& item : group.pending) {
    if (!item.second.consumer.empty()) ++counts[item.second.consumer];
  }
  std::vector<Value> rows;
  for (const auto& [consumer, count] : counts) rows.push_back(bulks({consumer, std::to_string(count)}));
  return array({integer(static_cast<int64_t>(group.pending.size())), id_of(group.pending.begin()->first),
                id_of(group.pending.rbegin()->first), array(rows)});
}

Value StreamModel::pending(const Group& group, int64_t min_idle_ms, size_t count,
                           const std::optional<std::string>& consumer) const {
  std::vector<Value> rows;
  for (const auto& [id, entry] : group.pending) {
    if (rows.size() == count) break;
    if (consumer && entry.consumer != *consumer) continue;
    if (!is_idle(entry, min_idle_ms)) continue;
    rows.push_back(array({id_of(id), bulk(entry.consumer),
                          integer(entry.consumer.empty() ? -1 : now_ms - entry.delivered_ms),
                          integer(static_cast<int64_t>(entry.deliveries))}));
  }
  return array(rows);
}

Value StreamModel::remove_consumer(Group& group, const std::string& consumer) {
  group.consumers.erase(consumer);
  const std::vector<Id> own = group.own(consumer);
  for (const Id& id : own) group.pending.erase(id);
  return integer(static_cast<int64_t>(own.size()));
}

}  // namespace sluice::test
