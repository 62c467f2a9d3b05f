#include "snapshot/policy_codec.h"

#include <cmath>

#include "snapshot/decoder.h"
#include "snapshot/writer.h"

namespace sluice::snapshot {

using types::GroupPolicy;
using types::StreamGroup;

namespace {

// Out of range, and refused, when it is more than the longest there is.
int64_t read_duration(Decoder& in) {
  const uint64_t duration_ms = in.length();
  if (duration_ms > static_cast<uint64_t>(types::kMostPolicyMs)) in.fail("a duration is out of range");
  return static_cast<int64_t>(duration_ms);
}

bool makes_sense(const GroupPolicy& policy) {
  return policy.max_deliveries <= types::kMostPolicyDeliveries && std::isfinite(policy.backoff_factor) &&
         policy.backoff_factor >= 1 && (policy.max_deliveries == 0 || !policy.dead_letters.empty());
}

}  // namespace

void encode_policies(const types::Stream& stream, Encoder& out) {
  for (const auto& [name, group] : stream.groups()) {
    const GroupPolicy& policy = group->policy();
    if (policy == GroupPolicy{}) continue;
    base::Bytes block;
    Encoder encoder(block, false);
    encoder.text(name);
    encoder.length(static_cast<uint64_t>(policy.lease_ms));
    encoder.length(policy.max_deliveries);
    encoder.length(static_cast<uint64_t>(policy.backoff_ms));
    encoder.real(policy.backoff_factor);
    encoder.length(static_cast<uint64_t>(policy.backoff_most_ms));
    encoder.text(policy.dead_letters);
    encoder.length(policy.most_dead_letters);
    encoder.length(static_cast<uint64_t>(policy.consumer_ttl_ms));
    encode_aux(kPolicyName, block, out);
  }
}

base::Result<void> apply_policy(base::ByteView block, types::Stream& stream) {
  Decoder in(block);
  StreamGroup* const group = stream.find_group(in.text());
  if (!in.ok()) return base::Error{in.reason()};
  if (group == nullptr) return base::Error{"the stream has no such group"};
  GroupPolicy policy;
  policy.lease_ms = read_duration(in);
  policy.max_deliveries = in.length();
  policy.backoff_ms = read_duration(in);
  policy.backoff_factor = in.real();
  policy.backoff_most_ms = read_duration(in);
  policy.dead_letters = base::Bytes(in.text());
  policy.most_dead_letters = in.length();
  policy.consumer_ttl_ms = read_duration(in);
  if (!in.ok()) return base::Error{in.reason()};
  if (in.left() > 0) return base::Error{"something stands behind it"};
  if (!makes_sense(policy)) return base::Error{"no group can have such a policy"};
  group->set_policy(policy);
  stream.follow(*group);
  return {};
}

}  // namespace sluice::snapshot
