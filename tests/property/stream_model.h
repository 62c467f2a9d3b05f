// A stream with consumer groups as anybody would write it who has no hurry: an ordered map of entries, per
// group an ordered map of what is pending, and a list of what is delayed. Each operation answers what the
// server is to answer. Knows nothing of blocks and trees; the clock is the caller's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "resp/value.h"
#include "types/stream.h"

namespace sluice::test {

class StreamModel {
 public:
  using Id = types::StreamId;
  using Policy = types::DeletePolicy;

  struct Pending {
    std::string consumer;  // empty: released
    int64_t delivered_ms = 0;
    uint64_t deliveries = 0;
    uint64_t order = 0;  // of its release
  };
  struct Group {
    Id last;
    std::map<Id, Pending> pending;
    std::set<std::string> consumers;

    // As they are to be claimed.
    [[nodiscard]] std::vector<Id> by_idle() const;
    [[nodiscard]] std::vector<Id> own(const std::string& consumer) const;
  };
  struct Delayed {
    std::string ticket;
    std::string value;
    int64_t ttl_ms = 0;
  };

  int64_t now_ms = 0;
  std::map<Id, std::string> entries;  // the value of the one field, f
  Id last;
  std::map<std::string, Group> groups;
  std::map<std::pair<int64_t, uint64_t>, Delayed> delayed;  // by due time and arrival
  std::map<Id, int64_t> expiries;

  [[nodiscard]] bool needed(const Id& id) const;
  [[nodiscard]] bool is_read(const Id& id) const;
  [[nodiscard]] uint64_t lag(const Group& group) const;
  Group* find(const std::string& name);

  // What happens by itself up to now.
  void fire();

  struct Trim {
    size_t max_length;
    Policy policy;
    std::optional<Id> min_id = {};  // in place of the length
    size_t most = SIZE_MAX;         // entries that go
  };
  resp::Value add(const std::string& value, const std::optional<Trim>& trim,
                  const std::optional<Id>& wanted = {});
  resp::Value add_later(int64_t due_ms, int64_t ttl_ms, const std::string& value);
  resp::Value undelay(const std::string& ticket);
  [[nodiscard]] resp::Value show_delayed() const;
  resp::Value trim(const Trim& trim);
  // How many entries have a higher id.
  [[nodiscard]] uint64_t count_after(const Id& id) const;
  resp::Value remove(const std::vector<Id>& ids);
  resp::Value remove_by(Policy policy, const std::vector<Id>& ids);
  resp::Value acknowledge_and_remove(Group* group, Policy policy, const std::vector<Id>& ids);
  resp::Value acknowledge(Group* group, const std::vector<Id>& ids);

  struct Read {
    std::string consumer;
    size_t count = SIZE_MAX;
    bool keeps_nothing = false;
    std::optional<int64_t> min_idle_ms = {};
  };
  resp::Value read(Group& group, const Read& request);
  resp::Value read_history(Group& group, const Read& request);

  struct Release {
    std::string mode;
    std::vector<Id> ids;
    std::optional<uint64_t> retry_count = {};
    bool force = false;
  };
  resp::Value release(Group& group, const Release& request);

  struct Claim {
    std::string consumer;
    int64_t min_idle_ms = 0;
    std::vector<Id> ids = {};
    std::optional<int64_t> delivered_ms = {};
    std::optional<uint64_t> retry_count = {};
    bool force = false;
    bool just_ids = false;
  };
  resp::Value claim(Group& group, const Claim& request);
  // REQUIRES: count * 10 >= what is pending, or Redis stops looking somewhere.
  resp::Value claim_idle(Group& group, const Claim& request, const Id& start, size_t count);

  [[nodiscard]] resp::Value summary(const Group& group) const;
  [[nodiscard]] resp::Value pending(const Group& group, int64_t min_idle_ms, size_t count,
                                    const std::optional<std::string>& consumer) const;
  // Returns how many it had pending.
  resp::Value remove_consumer(Group& group, const std::string& consumer);

 private:
  Id append(const std::string& value, const std::optional<Trim>& trim, const std::optional<Id>& wanted = {});
  size_t cut(const Trim& trim);
  [[nodiscard]] resp::Value shown(const Id& id) const;
  [[nodiscard]] bool is_idle(const Pending& pending, int64_t min_idle_ms) const {
    return pending.consumer.empty() || pending.delivered_ms <= now_ms - min_idle_ms;
  }
  size_t claim_for_read(Group& group, const Read& request, std::vector<resp::Value>& rows);

  uint64_t arrivals_ = 0;
  uint64_t releases_ = 0;
};

[[nodiscard]] std::string text_of(const types::StreamId& id);

}  // namespace sluice::test
