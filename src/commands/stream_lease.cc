// Keeping what one has: XRENEW. A worker that takes longer than its lease says so, and only what is still its
// own is renewed: nothing is taken back from whoever got it meanwhile. Logged as the claim it amounts to.
#include <optional>
#include <vector>

#include "commands/all.h"
#include "commands/stream_group_edit.h"
#include "commands/stream_reply.h"

namespace sluice::commands {

namespace {

using types::PendingEntry;
using types::StreamConsumer;
using types::StreamId;

constexpr ByteView kBadLease = "ERR LEASE must be between 1 and 315360000000 milliseconds";
constexpr ByteView kNoLease = "ERR LEASE needs a group whose policy has one";

struct Renewal {
  std::optional<int64_t> lease_ms;
  std::vector<StreamId> ids;
};

// [LEASE ms] IDS numids id [id ...], in either order
Renewal read_renewal(exec::Args& args) {
  Renewal renewal;
  bool with_ids = false;
  while (args.more() && args.ok()) {
    if (args.accept_with("LEASE")) {
      renewal.lease_ms = args.integer_between(1, types::kMostPolicyMs, kBadLease);
    } else if (!with_ids && args.accept_with("IDS")) {
      with_ids = true;
      read_counted_ids(args, renewal.ids);
    } else {
      args.syntax_error();
    }
  }
  if (!with_ids) args.syntax_error();
  return renewal;
}

// Whether the entry is still this consumer's. One that its stream no longer has is dropped on the way: the
// claim in the log would do the same.
bool renew(GroupEdit& edit, StreamConsumer& consumer, const StreamId& id, int64_t delivered_ms) {
  const std::optional<PendingEntry> entry = edit.peek().find_pending(id);
  if (!entry || entry->consumer != &consumer) return false;
  const bool there = edit.stream().contains(id);
  if (there) {
    edit.deliver(id, {&consumer, delivered_ms, entry->deliveries});
  } else {
    edit.drop(id);
  }
  return there;
}

Outcome cmd_xrenew(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const ByteView consumer_name = call.args.next();
  const Renewal renewal = read_renewal(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = edit_group(call, key, name);
  if (!found.ok()) return call.fail(found.error());
  GroupEdit& edit = *found;
  if (!edit) return call.fail(no_such_group(key, name));
  const int64_t lease_ms = edit.peek().policy().lease_ms;
  if (renewal.lease_ms && lease_ms == 0) return call.fail(kNoLease);
  const int64_t now_ms = call.access().now_ms;
  // A lease of another length is one that began earlier, or later.
  const int64_t delivered_ms = renewal.lease_ms ? now_ms + *renewal.lease_ms - lease_ms : now_ms;
  StreamConsumer* const consumer = edit.group().find_consumer(consumer_name);
  if (consumer != nullptr) consumer->seen_ms = now_ms;
  const auto earliest_ms = edit.peek().earliest_delivery_ms();
  call.reply.array(renewal.ids.size());
  for (const StreamId& id : renewal.ids) {
    const bool renewed = consumer != nullptr && renew(edit, *consumer, id, delivered_ms);
    if (renewed) consumer->active_ms = delivered_ms;  // as the record says that stands for it
    call.reply.integer(renewed ? 1 : 0);
  }
  edit.finish();
  wake_claimers(call, key, edit.peek(), earliest_ms);
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"xrenew", cmd_xrenew, at_least(7), one_key(1, kKeyRw | kKeyUpdate), kWrite | kFast, Group::kStream,
     "7.2.4", "Begins the leases of entries anew that a consumer still has.",
     "key group consumer [LEASE milliseconds] ids<IDS numids id [id ...]>"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_lease_commands() {
  return kRows;
}

}  // namespace sluice::commands
