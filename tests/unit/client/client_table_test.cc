#include "client/client_table.h"

#include <deque>

#include <doctest/doctest.h>

namespace sluice::client {

namespace {

struct Crowd {
  ClientTable table;
  std::deque<Client> clients;
  explicit Crowd(int count) {
    for (int i = 0; i < count; ++i) {
      clients.emplace_back(table.next_id());
      table.add(clients.back());
    }
  }
};

}  // namespace

TEST_CASE("ClientTable: ids rise from 1 and are never given twice") {
  Crowd crowd(3);
  CHECK(crowd.table.find(1) == &crowd.clients[0]);
  crowd.table.remove(3);
  CHECK(crowd.table.next_id() == 4);
  CHECK(crowd.table.find(3) == nullptr);
  CHECK(crowd.table.find(0) == nullptr);
  CHECK(crowd.table.size() == 2);
}

TEST_CASE("ClientTable: visits the oldest first") {
  Crowd crowd(4);
  crowd.table.remove(2);
  std::vector<ClientId> seen;
  crowd.table.for_each([&](Client& client) { seen.push_back(client.id); });
  CHECK(seen == std::vector<ClientId>{1, 3, 4});
}

TEST_CASE("ClientTable: is visited in slices, whoever leaves in between") {
  Crowd crowd(5);
  std::vector<ClientId> seen;
  const auto visit = [&](Client& client) { seen.push_back(client.id); };
  ClientId after = crowd.table.visit_from(0, 2, visit);
  CHECK(after == 2);
  crowd.table.remove(2);
  crowd.table.remove(3);
  after = crowd.table.visit_from(after, 2, visit);
  CHECK(after == 0);
  CHECK(seen == std::vector<ClientId>{1, 2, 4, 5});
}

TEST_CASE("ClientTable: who needs attention is told once") {
  Crowd crowd(2);
  CHECK_FALSE(crowd.table.anyone_needs_attention());
  crowd.table.needs_attention(crowd.clients[1]);
  CHECK(crowd.table.anyone_needs_attention());
  CHECK(crowd.table.take_attention() == std::vector<ClientId>{2});
  CHECK(crowd.table.take_attention().empty());
}

}  // namespace sluice::client
