#include "commands/stream_release.h"

namespace sluice::commands {

using types::GroupPolicy;
using types::PendingEntry;
using types::Stream;

bool is_too_often(const types::StreamGroup& group, uint64_t deliveries) {
  const uint64_t most = group.policy().max_deliveries;
  return most > 0 && deliveries >= most;
}

namespace {

// False where it cannot go there; what is gone from the stream leaves nothing to send.
bool send_letter(Call& call, const GroupEdit& edit, const PendingEntry& entry, DeathReason reason) {
  const Stream::Cursor at = edit.stream().seek(entry.id);
  if (!at.valid() || at.entry().id != entry.id) return true;
  const GroupPolicy& policy = edit.peek().policy();
  const DeadLetter letter{policy.dead_letters, policy.most_dead_letters, edit.key(),
                          edit.name(),         entry.deliveries,         reason};
  return dead_letter(call, letter, at.entry());
}

}  // namespace

bool give_up(Call& call, GroupEdit& edit, const PendingEntry& entry, DeathReason reason) {
  if (!send_letter(call, edit, entry, reason)) return false;
  edit.drop(entry.id);
  return true;
}

// What the log has of a claim was decided when it was written.
bool goes_instead(Call& call, const GroupEdit& edit, const PendingEntry& entry) {
  return call.entrance != Entrance::kReplay && is_too_often(edit.peek(), entry.deliveries) &&
         send_letter(call, edit, entry, DeathReason::kMaxDeliver);
}

bool come_free(Call& call, GroupEdit& edit, const PendingEntry& entry) {
  if (!edit.stream().contains(entry.id)) {
    edit.drop(entry.id);
    return false;
  }
  if (is_too_often(edit.peek(), entry.deliveries) && give_up(call, edit, entry, DeathReason::kMaxDeliver)) {
    return false;
  }
  edit.release(entry.id, entry.deliveries);
  return true;
}

}  // namespace sluice::commands
