// Hub: who listens to what. Channels, patterns and shard channels to client ids, and back; publishing writes
// the message into each listener's outbox, in its protocol (RESP2 array, RESP3 push), tagged with the offset
// of the unit that published, so that a message never outruns the write it tells of. And who monitors: the
// same for lines that show every command.
//
// Subscribing and unsubscribing only change the tables; the commands write their own confirmations. When and
// in which order messages go out is the executor's business: it publishes when a unit has closed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "client/client_table.h"

namespace sluice::client {

enum class Topic : uint8_t { kChannel, kPattern, kShard };

class Hub {
 public:
  explicit Hub(ClientTable& clients) : clients_(clients) {}

  // False if the client was subscribed already.
  bool subscribe(Client& client, Topic topic, base::ByteView name);
  // False if it was not.
  bool unsubscribe(Client& client, Topic topic, base::ByteView name);
  // What a client listens to, in order of subscription.
  [[nodiscard]] std::vector<base::Bytes> topics_of(const Client& client, Topic topic) const;
  [[nodiscard]] size_t count_of(const Client& client, Topic topic) const;
  // Channels and patterns together: the number subscription confirmations carry.
  [[nodiscard]] size_t subscriptions(const Client& client) const {
    return count_of(client, Topic::kChannel) + count_of(client, Topic::kPattern);
  }
  // Listens to nothing any more, and monitors nothing. What a client of many topics leaves behind in the
  // tables goes in slices; nobody counts it meanwhile, but names that nobody else listens to are still shown
  // as names.
  void forget(Client& client);
  // Takes up to `max` of that out of the tables; true while there is more.
  bool free_slice(size_t max);

  // How many would get the message: what PUBLISH answers.
  [[nodiscard]] size_t receivers(Topic topic, base::ByteView channel) const;
  void publish(Topic topic, base::ByteView channel, base::ByteView payload, uint64_t offset);

  // Monitors. Asking twice is once.
  void monitor(Client& client);
  void stop_monitoring(Client& client);
  [[nodiscard]] bool anybody_monitors() const { return !monitors_.empty(); }
  // One line, complete as it goes out.
  void show(base::ByteView line, uint64_t offset);

  // PUBSUB's views.
  [[nodiscard]] std::vector<base::Bytes> active_channels(Topic topic, base::ByteView pattern) const;
  [[nodiscard]] size_t listeners(Topic topic, base::ByteView channel) const;
  [[nodiscard]] size_t pattern_count() const { return patterns_.size(); }
  [[nodiscard]] size_t channel_count(Topic topic) const { return table(topic).size(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  // Subscriptions are numbered as they come.
  using Ticket = uint64_t;
  struct Mine;
  struct Listener {
    Ticket ticket;
    const Mine* who;
  };
  using Listeners = std::vector<Listener>;  // By ticket.
  using Table = std::unordered_map<base::Bytes, Listeners, Hash, std::equal_to<>>;
  // Of one client. Names are views of the table's keys, which are there as long as somebody listens.
  struct Mine {
    ClientId id = 0;
    bool left = false;                                      // waits to be taken out of the tables
    std::unordered_map<base::ByteView, Ticket> tickets[3];  // By Topic.

    [[nodiscard]] size_t size() const { return tickets[0].size() + tickets[1].size() + tickets[2].size(); }
  };

  [[nodiscard]] const Table& table(Topic topic) const {
    return topic == Topic::kChannel ? channels_ : topic == Topic::kPattern ? patterns_ : shards_;
  }
  Table& table(Topic topic) { return const_cast<Table&>(static_cast<const Hub*>(this)->table(topic)); }
  void take_out(const Mine& mine, Topic topic, base::ByteView name, Ticket ticket);
  [[nodiscard]] size_t count(const Listeners& listeners) const;
  void deliver(const Mine& to, const std::vector<base::ByteView>& words, uint64_t offset);

  ClientTable& clients_;
  Table channels_;
  Table patterns_;
  Table shards_;
  std::unordered_map<ClientId, std::unique_ptr<Mine>> mine_;
  std::deque<std::unique_ptr<Mine>> leaving_;
  Ticket last_ticket_ = 0;
  std::vector<ClientId> monitors_;
};

}  // namespace sluice::client
