#include "client/hub.h"

#include <algorithm>

#include "base/glob.h"
#include "resp/reply.h"

namespace sluice::client {

bool Hub::subscribe(Client& client, Topic topic, base::ByteView name) {
  auto& names = mine_[client.id].names[static_cast<size_t>(topic)];
  if (std::find(names.begin(), names.end(), name) != names.end()) return false;
  names.emplace_back(name);
  table(topic)[base::Bytes(name)].push_back(client.id);
  client.set(kPubsub);
  return true;
}

bool Hub::unsubscribe(Client& client, Topic topic, base::ByteView name) {
  const auto mine = mine_.find(client.id);
  if (mine == mine_.end()) return false;
  auto& names = mine->second.names[static_cast<size_t>(topic)];
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return false;

  Table& listeners_by_name = table(topic);
  const auto entry = listeners_by_name.find(name);
  std::erase(entry->second, client.id);
  if (entry->second.empty()) listeners_by_name.erase(entry);
  names.erase(found);

  const auto& all = mine->second.names;
  if (all[0].empty() && all[1].empty() && all[2].empty()) {
    mine_.erase(mine);
    client.unset(kPubsub);
  }
  return true;
}

std::vector<base::Bytes> Hub::topics_of(const Client& client, Topic topic) const {
  const auto mine = mine_.find(client.id);
  if (mine == mine_.end()) return {};
  return mine->second.names[static_cast<size_t>(topic)];
}

size_t Hub::count_of(const Client& client, Topic topic) const {
  const auto mine = mine_.find(client.id);
  return mine == mine_.end() ? 0 : mine->second.names[static_cast<size_t>(topic)].size();
}

void Hub::forget(Client& client) {
  stop_monitoring(client);
  for (const Topic topic : {Topic::kChannel, Topic::kPattern, Topic::kShard}) {
    for (const base::Bytes& name : topics_of(client, topic)) unsubscribe(client, topic, name);
  }
}

size_t Hub::listeners(Topic topic, base::ByteView channel) const {
  const Table& by_name = table(topic);
  const auto found = by_name.find(channel);
  return found == by_name.end() ? 0 : found->second.size();
}

size_t Hub::receivers(Topic topic, base::ByteView channel) const {
  size_t count = listeners(topic, channel);
  if (topic == Topic::kShard) return count;
  for (const auto& [pattern, ids] : patterns_) {
    if (base::glob_match(pattern, channel)) count += ids.size();
  }
  return count;
}

void Hub::publish(Topic topic, base::ByteView channel, base::ByteView payload, uint64_t offset) {
  const Table& by_name = table(topic);
  if (const auto found = by_name.find(channel); found != by_name.end()) {
    const base::ByteView kind = topic == Topic::kShard ? "smessage" : "message";
    for (const ClientId id : found->second) deliver(id, {kind, channel, payload}, offset);
  }
  if (topic == Topic::kShard) return;
  for (const auto& [pattern, ids] : patterns_) {
    if (!base::glob_match(pattern, channel)) continue;
    for (const ClientId id : ids) deliver(id, {"pmessage", pattern, channel, payload}, offset);
  }
}

void Hub::deliver(ClientId id, const std::vector<base::ByteView>& words, uint64_t offset) {
  Client* client = clients_.find(id);
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
  for (const auto& [name, ids] : table(topic)) {
    if (pattern.empty() || base::glob_match(pattern, name)) names.push_back(name);
  }
  return names;
}

}  // namespace sluice::client
