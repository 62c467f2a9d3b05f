// ClientTable: every connected client by id, oldest first. Ids rise and are never reused, so that an id kept
// by a feature can only name the client it was kept for, or nobody. Holds no ownership: connections register
// themselves.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "client/client.h"

namespace sluice::client {

class ClientTable {
 public:
  ClientId next_id() { return ++last_id_; }

  void add(Client& client) { clients_.emplace(client.id, &client); }
  void remove(ClientId id) { clients_.erase(id); }
  [[nodiscard]] Client* find(ClientId id) const;
  [[nodiscard]] size_t size() const { return clients_.size(); }

  // In order of connection. The visitor must not add or remove clients: mark them (kCloseNow) instead.
  template <class Visitor>
  void for_each(Visitor&& visit) const {
    for (const auto& [id, client] : clients_) visit(*client);
  }

  // A slice of them: at most `max` with ids above `after`. Returns the last id seen, 0 at the end.
  template <class Visitor>
  ClientId visit_from(ClientId after, size_t max, Visitor&& visit) const {
    auto it = clients_.upper_bound(after);
    ClientId last = 0;
    for (size_t seen = 0; seen < max && it != clients_.end(); ++seen, ++it) {
      visit(*it->second);
      last = it->first;
    }
    return it == clients_.end() ? 0 : last;
  }

  // Clients that were written to by somebody else's command, or marked for closing, and whose socket must be
  // looked at before the turn ends. The server empties this list.
  void needs_attention(Client& client) { attention_.push_back(client.id); }
  std::vector<ClientId> take_attention() { return std::exchange(attention_, {}); }
  [[nodiscard]] bool anyone_needs_attention() const { return !attention_.empty(); }

 private:
  std::map<ClientId, Client*> clients_;
  std::vector<ClientId> attention_;
  ClientId last_id_ = 0;
};

}  // namespace sluice::client
