// Who is woken by what, in which order: random pushes, pops, moves, transactions, blocking commands, timeouts
// and disconnects, against a naive model of the rules (FIFO per key, keys in the order touched, generation by
// generation, each waiter's own argument order). Compared: every reply of every client, and the log, whose
// order is the order in which things happened.
#include <deque>
#include <map>

#include <doctest/doctest.h>

#include "base/random.h"
#include "support/harness.h"

namespace sluice::test {

namespace {

constexpr int kSeeds = 300;
constexpr int kSteps = 300;
constexpr size_t kPeers = 8;

using Words = std::vector<std::string>;

// One command over lists, blocking or not.
struct Order {
  enum class Kind { kPush, kPop, kMove, kMultiPop, kRemove } kind = Kind::kPush;
  bool blocking = false;
  Words keys;  // pops: in order of priority; otherwise one
  std::string destination;
  Words values;
  bool from_left = true;
  bool to_left = true;
  size_t count = 1;
  int64_t timeout_ms = 0;
};

const char* side(bool left) {
  return left ? "LEFT" : "RIGHT";
}

Words words_of(const Order& order) {
  const std::string letter = order.from_left ? "L" : "R";
  const std::string timeout = std::to_string(static_cast<double>(order.timeout_ms) / 1000.0);
  Words words;
  switch (order.kind) {
    case Order::Kind::kPush:
      words = {letter + "PUSH", order.keys[0]};
      words.insert(words.end(), order.values.begin(), order.values.end());
      return words;
    case Order::Kind::kRemove:
      return {"DEL", order.keys[0]};
    case Order::Kind::kPop:
      words = {(order.blocking ? "B" : "") + letter + "POP"};
      words.insert(words.end(), order.keys.begin(), order.keys.end());
      if (order.blocking) words.push_back(timeout);
      return words;
    case Order::Kind::kMove:
      words = {order.blocking ? "BLMOVE" : "LMOVE", order.keys[0], order.destination, side(order.from_left),
               side(order.to_left)};
      if (order.blocking) words.push_back(timeout);
      return words;
    case Order::Kind::kMultiPop:
      if (order.blocking) words = {"BLMPOP", timeout};
      if (!order.blocking) words = {"LMPOP"};
      words.push_back(std::to_string(order.keys.size()));
      words.insert(words.end(), order.keys.begin(), order.keys.end());
      words.insert(words.end(), {side(order.from_left), "COUNT", std::to_string(order.count)});
      return words;
  }
  return {};
}

std::string line_of(const Words& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

class Model {
 public:
  Lines log;
  std::map<size_t, std::deque<resp::Value>> replies;  // by peer

  [[nodiscard]] bool waits(size_t peer) const {
    return std::any_of(waiters_.begin(), waiters_.end(), [&](const Waiter& w) { return w.peer == peer; });
  }

  void run(size_t peer, const Order& order) {
    Lines records;
    if (const auto answer = apply(order, records)) {
      replies[peer].push_back(*answer);
    } else {
      const int64_t deadline = order.timeout_ms == 0 ? INT64_MAX : now_ms_ + order.timeout_ms;
      waiters_.push_back({peer, order, deadline});
    }
    write(records);
    serve();
  }

  void run_all(size_t peer, const std::vector<Order>& orders) {
    Lines records;
    replies[peer].push_back(status("OK"));
    std::vector<resp::Value> answers;
    for (const Order& order : orders) {
      replies[peer].push_back(status("QUEUED"));
      const auto answer = apply(order, records);
      answers.push_back(answer ? *answer : order.kind == Order::Kind::kMove ? null() : null_array());
    }
    replies[peer].push_back(array(std::move(answers)));
    write(records);
    serve();
  }

  void advance(int64_t by_ms) {
    now_ms_ += by_ms;
    for (auto it = waiters_.begin(); it != waiters_.end();) {
      if (it->deadline_ms > now_ms_) {
        ++it;
        continue;
      }
      replies[it->peer].push_back(null_array());
      it = waiters_.erase(it);
    }
  }

  void leave(size_t peer) {
    std::erase_if(waiters_, [&](const Waiter& waiter) { return waiter.peer == peer; });
  }

 private:
  using List = std::deque<std::string>;
  struct Waiter {
    size_t peer;
    Order order;
    int64_t deadline_ms;
  };

  static std::string take(List& list, bool left) {
    const std::string value = left ? list.front() : list.back();
    if (left) {
      list.pop_front();
    } else {
      list.pop_back();
    }
    return value;
  }
  static void put(List& list, bool left, const std::string& value) {
    if (left) {
      list.push_front(value);
    } else {
      list.push_back(value);
    }
  }

  // The reply, or nothing if it has to wait. What it would write to the log goes to `records`.
  std::optional<resp::Value> apply(const Order& order, Lines& records) {
    const std::string pop = order.from_left ? "LPOP" : "RPOP";
    std::optional<resp::Value> answer;
    Words touched;
    switch (order.kind) {
      case Order::Kind::kPush:
        for (const std::string& value : order.values) put(lists_[order.keys[0]], order.from_left, value);
        touched = {order.keys[0]};
        records.push_back(line_of(words_of(order)));
        answer = integer(static_cast<int64_t>(lists_[order.keys[0]].size()));
        break;
      case Order::Kind::kRemove:
        answer = integer(lists_.erase(order.keys[0]) > 0 ? 1 : 0);
        if (answer->integer == 1) records.push_back(line_of(words_of(order)));
        break;
      case Order::Kind::kMove:
        if (lists_.contains(order.keys[0])) {
          const std::string value = take(lists_[order.keys[0]], order.from_left);
          put(lists_[order.destination], order.to_left, value);
          touched = {order.destination, order.keys[0]};
          Order moved = order;
          moved.blocking = false;
          records.push_back(line_of(words_of(moved)));
          answer = bulk(value);
        }
        break;
      case Order::Kind::kPop:
      case Order::Kind::kMultiPop:
        for (const std::string& key : order.keys) {
          if (!lists_.contains(key)) continue;
          Words taken;
          List& list = lists_[key];
          while (!list.empty() && taken.size() < order.count) taken.push_back(take(list, order.from_left));
          touched = {key};
          const bool several = order.kind == Order::Kind::kMultiPop;
          records.push_back(pop + " " + key + (several ? " " + std::to_string(taken.size()) : ""));
          answer = several          ? array({bulk(key), bulks(taken)})
                   : order.blocking ? bulks({key, taken[0]})
                                    : bulk(taken[0]);
          break;
        }
        break;
    }
    for (const std::string& key : touched) touch(key);
    if (!answer && !order.blocking) {
      answer = order.kind == Order::Kind::kMultiPop ? null_array() : null();
    }
    return answer;
  }

  [[nodiscard]] bool awaited(const std::string& key) const {
    return std::any_of(waiters_.begin(), waiters_.end(), [&](const Waiter& w) { return wants(w, key); });
  }
  static bool wants(const Waiter& waiter, const std::string& key) {
    return std::find(waiter.order.keys.begin(), waiter.order.keys.end(), key) != waiter.order.keys.end();
  }

  void touch(const std::string& key) {
    const auto list = lists_.find(key);
    if (list == lists_.end()) return;
    if (list->second.empty()) {
      lists_.erase(list);
      return;
    }
    const auto pending = [&](const std::deque<std::string>& names) {
      return std::find(names.begin(), names.end(), key) != names.end();
    };
    if (awaited(key) && !pending(ready_) && !pending(generation_)) ready_.push_back(key);
  }

  void serve() {
    while (!ready_.empty()) {
      generation_ = std::exchange(ready_, {});
      while (!generation_.empty()) {
        const std::string key = generation_.front();
        generation_.pop_front();
        serve_key(key);
      }
    }
  }

  void serve_key(const std::string& key) {
    for (auto it = waiters_.begin(); it != waiters_.end() && lists_.contains(key);) {
      if (!wants(*it, key)) {
        ++it;
        continue;
      }
      Lines records;
      replies[it->peer].push_back(*apply(it->order, records));
      write(records);
      it = waiters_.erase(it);
    }
  }

  void write(const Lines& records) {
    if (records.size() > 1) log.push_back("MULTI");
    log.insert(log.end(), records.begin(), records.end());
    if (records.size() > 1) log.push_back("EXEC");
  }

  std::map<std::string, List> lists_;
  std::deque<Waiter> waiters_;  // oldest first
  std::deque<std::string> ready_;
  std::deque<std::string> generation_;
  int64_t now_ms_ = 0;
};

class Game {
 public:
  explicit Game(uint64_t seed) : random_(seed) {
    for (size_t i = 0; i < kPeers; ++i) peers_.push_back(&harness_.client());
  }

  void step() {
    const size_t peer = random_.below(kPeers);
    const uint64_t what = random_.below(20);
    if (what == 0) {
      const int64_t by_ms = static_cast<int64_t>(random_.below(30));
      harness_.advance(std::chrono::milliseconds(by_ms));
      model_.advance(by_ms);
    } else if (what == 1) {
      harness_.disconnect(*peers_[peer]);
      peers_[peer] = &harness_.client();
      model_.leave(peer);
      model_.replies[peer].clear();
    } else if (!model_.waits(peer)) {
      play(peer, what < 4);
    }
    compare();
  }

  uint64_t served() const { return harness_.stats.unblocked_clients; }

 private:
  void play(size_t peer, bool transaction) {
    if (!transaction) {
      const Order order = random_order();
      peers_[peer]->send_words(words_of(order));
      model_.run(peer, order);
      return;
    }
    std::vector<Order> orders;
    for (uint64_t i = random_.below(4) + 1; i > 0; --i) orders.push_back(random_order());
    peers_[peer]->send("MULTI");
    for (const Order& order : orders) peers_[peer]->send_words(words_of(order));
    peers_[peer]->send("EXEC");
    model_.run_all(peer, orders);
  }

  std::string key() { return std::string(1, static_cast<char>('a' + random_.below(4))); }

  Order random_order() {
    Order order;
    order.from_left = random_.below(2) == 0;
    order.to_left = random_.below(2) == 0;
    order.keys = {key()};
    const uint64_t kind = random_.below(20);
    if (kind < 7) {
      for (uint64_t i = random_.below(3) + 1; i > 0; --i)
        order.values.push_back("v" + std::to_string(next_++));
      return order;
    }
    if (kind == 7) {
      order.kind = Order::Kind::kRemove;
      return order;
    }
    order.blocking = random_.below(4) != 0;
    order.timeout_ms = random_.below(2) == 0 ? 0 : static_cast<int64_t>(random_.below(50) + 1);
    order.kind = kind < 12 ? Order::Kind::kPop : kind < 17 ? Order::Kind::kMove : Order::Kind::kMultiPop;
    if (order.kind == Order::Kind::kMove) {
      order.destination = key();
    } else if (order.kind == Order::Kind::kMultiPop || order.blocking) {
      for (uint64_t i = random_.below(3); i > 0; --i) order.keys.push_back(key());
    }
    if (order.kind == Order::Kind::kMultiPop) order.count = random_.below(3) + 1;
    return order;
  }

  void compare() {
    for (size_t peer = 0; peer < kPeers; ++peer) {
      CAPTURE(peer);
      auto& expected = model_.replies[peer];
      while (const auto reply = peers_[peer]->reply()) {
        REQUIRE_MESSAGE(!expected.empty(), resp::describe(*reply));
        REQUIRE(*reply == expected.front());
        expected.pop_front();
      }
      REQUIRE(expected.empty());
    }
    REQUIRE(harness_.propagated() == std::exchange(model_.log, {}));
  }

  base::Random random_;
  Harness harness_;
  Model model_;
  std::vector<Peer*> peers_;
  int next_ = 0;
};

}  // namespace

TEST_CASE("Wake-up: waiters are served as the naive rules say") {
  uint64_t served = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    Game game(seed);
    for (int i = 0; i < kSteps; ++i) game.step();
    served += game.served();
  }
  CHECK(served > kSeeds * 10);
}

}  // namespace sluice::test
