#include "commands/stream_policy.h"

#include <cmath>
#include <optional>
#include <vector>

#include "base/number.h"
#include "commands/dead_letter.h"
#include "commands/stream_group_edit.h"

namespace sluice::commands {

using types::GroupPolicy;
using types::kMostPolicyDeliveries;
using types::kMostPolicyMs;
using types::Stream;
using types::StreamGroup;

namespace {

static_assert(kMostPolicyMs == 315'360'000'000 && kMostPolicyDeliveries == 1'000'000'000,
              "the errors name these limits");
constexpr ByteView kBadLease = "ERR LEASE must be between 0 and 315360000000 milliseconds";
constexpr ByteView kBadTtl = "ERR CONSUMER-TTL must be between 0 and 315360000000 milliseconds";
constexpr ByteView kBadBackoff = "ERR BACKOFF must be between 0 and 315360000000 milliseconds";
constexpr ByteView kBadFactor = "ERR the factor of BACKOFF must be a number, and at least 1";
constexpr ByteView kBadLongest =
    "ERR the longest BACKOFF must lie between its base and 315360000000 milliseconds";
constexpr ByteView kBadMost = "ERR MAXDELIVER must be between 0 and 1000000000";
constexpr ByteView kBadLength = "ERR DLQMAXLEN must not be negative";
constexpr ByteView kNothingNamed = "ERR At least one parameter must be specified";
constexpr ByteView kNoDeadLetters = "ERR MAXDELIVER and DLQMAXLEN need a DLQ";
constexpr ByteView kOwnDeadLetters = "ERR the DLQ of a group cannot be its own stream";

struct Backoff {
  int64_t base_ms = 0;
  double factor = types::kDefaultBackoffFactor;
  int64_t most_ms = 0;
};

// What is named.
struct PolicyChange {
  std::optional<int64_t> lease_ms;
  std::optional<uint64_t> max_deliveries;
  std::optional<Backoff> backoff;
  std::optional<ByteView> dead_letters;
  std::optional<uint64_t> most_dead_letters;
  std::optional<int64_t> consumer_ttl_ms;
};

// base-ms [factor [max-ms]]: the next word is an option when it is no number.
Backoff read_backoff(exec::Args& args) {
  Backoff backoff;
  backoff.base_ms = args.integer_between(0, kMostPolicyMs, kBadBackoff);
  const auto factor = base::parse_double(args.peek());
  if (!factor) return backoff;
  args.next();
  backoff.factor = *factor;
  if (!std::isfinite(*factor) || *factor < 1) args.latch(kBadFactor);
  if (!base::parse_int64(args.peek())) return backoff;
  backoff.most_ms = args.integer_between(0, kMostPolicyMs, kBadLongest);
  if (backoff.most_ms != 0 && backoff.most_ms < backoff.base_ms) args.latch(kBadLongest);
  return backoff;
}

// Each option once: whoever may use some keys only is judged by the first DLQ.
template <class T>
bool named_anew(exec::Args& args, const std::optional<T>& option, ByteView word) {
  if (!args.accept_with(word)) return false;
  if (option) args.syntax_error();
  return true;
}

PolicyChange read_change(exec::Args& args) {
  PolicyChange change;
  if (!args.more()) args.latch(kNothingNamed);
  while (args.more() && args.ok()) {
    if (named_anew(args, change.lease_ms, "LEASE")) {
      change.lease_ms = args.integer_between(0, kMostPolicyMs, kBadLease);
    } else if (named_anew(args, change.max_deliveries, "MAXDELIVER")) {
      const auto most = static_cast<int64_t>(kMostPolicyDeliveries);
      change.max_deliveries = static_cast<uint64_t>(args.integer_between(0, most, kBadMost));
    } else if (named_anew(args, change.backoff, "BACKOFF")) {
      change.backoff = read_backoff(args);
    } else if (named_anew(args, change.dead_letters, "DLQ")) {
      change.dead_letters = args.next();
    } else if (named_anew(args, change.most_dead_letters, "DLQMAXLEN")) {
      change.most_dead_letters = static_cast<uint64_t>(args.integer_between(0, INT64_MAX, kBadLength));
    } else if (named_anew(args, change.consumer_ttl_ms, "CONSUMER-TTL")) {
      change.consumer_ttl_ms = args.integer_between(0, kMostPolicyMs, kBadTtl);
    } else {
      args.syntax_error();
    }
  }
  return change;
}

GroupPolicy changed(GroupPolicy policy, const PolicyChange& change) {
  policy.lease_ms = change.lease_ms.value_or(policy.lease_ms);
  policy.max_deliveries = change.max_deliveries.value_or(policy.max_deliveries);
  if (change.backoff) {
    const bool off = change.backoff->base_ms == 0;
    policy.backoff_ms = change.backoff->base_ms;
    policy.backoff_factor = off ? types::kDefaultBackoffFactor : change.backoff->factor;
    policy.backoff_most_ms = off ? 0 : change.backoff->most_ms;
  }
  if (change.dead_letters) {
    policy.dead_letters = Bytes(*change.dead_letters);
    if (policy.dead_letters.empty()) policy.most_dead_letters = 0;
  }
  policy.most_dead_letters = change.most_dead_letters.value_or(policy.most_dead_letters);
  policy.consumer_ttl_ms = change.consumer_ttl_ms.value_or(policy.consumer_ttl_ms);
  return policy;
}

void propagate_policy(Call& call, ByteView key, ByteView name, const GroupPolicy& policy) {
  const base::NumberText lease = base::format_int64(policy.lease_ms);
  const base::NumberText deliveries = base::format_uint64(policy.max_deliveries);
  const base::NumberText backoff = base::format_int64(policy.backoff_ms);
  const base::NumberText factor = base::format_double(policy.backoff_factor);
  const base::NumberText longest = base::format_int64(policy.backoff_most_ms);
  const base::NumberText length = base::format_uint64(policy.most_dead_letters);
  const base::NumberText ttl = base::format_int64(policy.consumer_ttl_ms);
  const ByteView words[] = {
      "XGROUP",     "SETPOLICY",         key,         name,           "LEASE",        lease.view(),
      "MAXDELIVER", deliveries.view(),   "BACKOFF",   backoff.view(), factor.view(),  longest.view(),
      "DLQ",        policy.dead_letters, "DLQMAXLEN", length.view(),  "CONSUMER-TTL", ttl.view()};
  call.propagate_as(words, RecordFor::kSluice);
}

}  // namespace

Outcome cmd_setpolicy(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const PolicyChange change = read_change(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  std::optional<GroupEdit> edit = edit_group_of_xgroup(call, key, name);
  if (!edit) return Outcome::kFailed;
  const GroupPolicy policy = changed(edit->peek().policy(), change);
  const bool needs_dead_letters = policy.max_deliveries > 0 || policy.most_dead_letters > 0;
  if (needs_dead_letters && policy.dead_letters.empty()) return call.fail(kNoDeadLetters);
  // A record has all of a policy, also what was allowed when it was said: the stream may have come to its
  // dead letters' name since (RENAME, COPY). What is to go there is released then.
  const bool own = change.dead_letters && policy.dead_letters == key;
  if (own && call.entrance != Entrance::kReplay) return call.fail(kOwnDeadLetters);
  // Of what the policy names and these words do not: its length is theirs alone who may write there.
  const bool bounds_others = change.most_dead_letters && !change.dead_letters && !policy.dead_letters.empty();
  if (bounds_others && !may_send_letters(call, policy.dead_letters)) return call.fail(kNoKeyPermission);
  if (policy != edit->peek().policy()) {
    edit->group().set_policy(policy);
    edit->finish();
    call.unit().changes.count_dirty(1);
    propagate_policy(call, key, name, policy);
    wake_readers(call, key);  // with a lease they are given what was released
  }
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_getpolicy(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const auto stream = call.view<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream) return call.fail(kXgroupNeedsKey);
  const StreamGroup* const group = (*stream)->find_group(name);
  if (group == nullptr) return call.fail(no_group_of_key(name, key));
  const GroupPolicy& policy = group->policy();
  resp::Reply& reply = call.reply;
  const auto number = [&reply](ByteView what, int64_t value) {
    reply.bulk(what);
    reply.integer(value);
  };
  reply.map(8);
  number("lease", policy.lease_ms);
  number("maxdeliver", static_cast<int64_t>(policy.max_deliveries));
  number("backoff-base", policy.backoff_ms);
  reply.bulk("backoff-factor");
  reply.real(policy.backoff_factor);
  number("backoff-max", policy.backoff_most_ms);
  reply.bulk("dlq");
  reply.bulk(policy.dead_letters);
  number("dlqmaxlen", static_cast<int64_t>(policy.most_dead_letters));
  number("consumer-ttl", policy.consumer_ttl_ms);
  return Outcome::kDone;
}

}  // namespace sluice::commands
