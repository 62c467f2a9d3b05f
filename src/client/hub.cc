#include "client/hub.h"

#include <algorithm>

#include "base/check.h"
#include "base/glob.h"
#include "resp/reply.h"

namespace sluice::client {

namespace {

constexpr Topic kTopics[] = {Topic::kChannel, Topic::kPattern, Topic::kShard};
// A client of more topics leaves the tables in slices.
constexpr size_t kForgottenAtOnce = 100;

}  // namespace

bool Hub::subscribe(Client& client, Topic topic, base::ByteView name) {
  std::unique_ptr<Mine>& mine = mine_[client.id];
  if (mine == nullptr) {
    mine = std::make_unique<Mine>();
    mine->id = client.id;
  }
  auto& tickets = mine->tickets[static_cast<size_t>(topic)];
  if (tickets.contains(name)) return false;
  auto& [kept_name, listeners] = *table(topic).try_emplace(base::Bytes(name)).first;
  tickets.emplace(kept_name, ++last_ticket_);
  listeners.push_back({last_ticket_, mine.get()});
  client.set(kPubsub);
  return true;
}

bool Hub::unsubscribe(Client& client, Topic topic, base::ByteView name) {
  const auto mine = mine_.find(client.id);
  if (mine == mine_.end()) return false;
  auto& tickets = mine->second->tickets[static_cast<size_t>(topic)];
  const auto found = tickets.find(name);
  if (found == tickets.end()) return false;
  const auto [kept_name, ticket] = *found;
  tickets.erase(found);
  take_out(*mine->second, topic, kept_name, ticket);
  if (mine->second->size() == 0) {
    mine_.erase(mine);
    client.unset(kPubsub);
  }
  return true;
}

// REQUIRES: `name` is the table's own, and no longer among `mine`.
void Hub::take_out(const Mine& mine, Topic topic, base::ByteView name, Ticket ticket) {
  const auto entry = table(topic).find(name);
  Listeners& listeners = entry->second;
  const auto place = std::lower_bound(listeners.begin(), listeners.end(), ticket,
                                      [](const Listener& left, Ticket right) { return left.ticket < right; });
  SLUICE_CHECK(place != listeners.end() && place->who == &mine, "who listens stands in both tables");
  listeners.erase(place);
  if (listeners.empty()) table(topic).erase(entry);
}

std::vector<base::Bytes> Hub::topics_of(const Client& client, Topic topic) const {
  const auto mine = mine_.find(client.id);
  if (mine == mine_.end()) return {};
  std::vector<std::pair<Ticket, base::ByteView>> in_order;
  for (const auto& [name, ticket] : mine->second->tickets[static_cast<size_t>(topic)]) {
    in_order.emplace_back(ticket, name);
  }
  std::sort(in_order.begin(), in_order.end());
  std::vector<base::Bytes> names;
  names.reserve(in_order.size());
  for (const auto& [ticket, name] : in_order) names.emplace_back(name);
  return names;
}

size_t Hub::count_of(const Client& client, Topic topic) const {
  const auto mine = mine_.find(client.id);
  return mine == mine_.end() ? 0 : mine->second->tickets[static_cast<size_t>(topic)].size();
}

void Hub::forget(Client& client) {
  stop_monitoring(client);
  const auto mine = mine_.find(client.id);
  if (mine == mine_.end()) return;
  mine->second->left = true;
  const bool little = mine->second->size() <= kForgottenAtOnce;
  leaving_.push_front(std::move(mine->second));
  mine_.erase(mine);
  client.unset(kPubsub);
  if (little) free_slice(kForgottenAtOnce);
}

bool Hub::free_slice(size_t max) {
  while (!leaving_.empty() && max > 0) {
    Mine& mine = *leaving_.front();
    for (const Topic topic : kTopics) {
      auto& tickets = mine.tickets[static_cast<size_t>(topic)];
      for (; !tickets.empty() && max > 0; --max) {
        const auto [name, ticket] = *tickets.begin();
        tickets.erase(tickets.begin());
        take_out(mine, topic, name, ticket);
      }
    }
    if (mine.size() == 0) leaving_.pop_front();
  }
  return !leaving_.empty();
}

size_t Hub::count(const Listeners& listeners) const {
  if (leaving_.empty()) return listeners.size();
  const auto left = [](const Listener& listener) { return listener.who->left; };
  return listeners.size() - static_cast<size_t>(std::count_if(listeners.begin(), listeners.end(), left));
}

size_t Hub::listeners(Topic topic, base::ByteView channel) const {
  const Table& by_name = table(topic);
  const auto found = by_name.find(channel);
  return found == by_name.end() ? 0 : count(found->second);
}

size_t Hub::receivers(Topic topic, base::ByteView channel) const {
  size_t total = listeners(topic, channel);
  if (topic == Topic::kShard) return total;
  for (const auto& [pattern, listeners] : patterns_) {
    if (base::glob_match(pattern, channel)) total += count(listeners);
  }
  return total;
}

void Hub::publish(Topic topic, base::ByteView channel, base::ByteView payload, uint64_t offset) {
  const Table& by_name = table(topic);
  if (const auto found = by_name.find(channel); found != by_name.end()) {
    const base::ByteView kind = topic == Topic::kShard ? "smessage" : "message";
    for (const Listener& listener : found->second) deliver(*listener.who, {kind, channel, payload}, offset);
  }
  if (topic == Topic::kShard) return;
  for (const auto& [pattern, listeners] : patterns_) {
    if (!base::glob_match(pattern, channel)) continue;
    for (const Listener& listener : listeners)
      deliver(*listener.who, {"pmessage", pattern, channel, payload}, offset);
  }
}

void Hub::deliver(const Mine& to, const std::vector<base::ByteView>& words, uint64_t offset) {
  if (to.left) return;
  Client* client = clients_.find(to.id);
  if (client == nullptr || client->has(kCloseNow)) return;
  resp::Reply reply(client->outbox.bytes(), client->protocol);
  reply.push(words.size());
  for (const base::ByteView word : words) reply.bulk(word);
  client->outbox.tag(offset);
  clients_.needs_attention(*client);
}

void Hub::monitor(Client& client) {
  if (client.has(kMonitor)) return;
  client.set(kMonitor);
  monitors_.push_back(client.id);
}

void Hub::stop_monitoring(Client& client) {
  if (!client.has(kMonitor)) return;
  client.unset(kMonitor);
  std::erase(monitors_, client.id);
}

void Hub::show(base::ByteView line, uint64_t offset) {
  for (const ClientId id : monitors_) {
    Client* client = clients_.find(id);
    if (client == nullptr || client->has(kCloseNow)) continue;
    client->outbox.bytes() += line;
    client->outbox.tag(offset);
    clients_.needs_attention(*client);
  }
}

std::vector<base::Bytes> Hub::active_channels(Topic topic, base::ByteView pattern) const {
  std::vector<base::Bytes> names;
  for (const auto& [name, listeners] : table(topic)) {
    if (pattern.empty() || base::glob_match(pattern, name)) names.push_back(name);
  }
  return names;
}

}  // namespace sluice::client
