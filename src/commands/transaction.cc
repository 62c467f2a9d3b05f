// MULTI, EXEC, DISCARD, WATCH, UNWATCH. EXEC runs the queue as one unit: one clock reading, one group in the
// log, and whoever waits for a key it touched is served when all of it has run.
#include "commands/all.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

Outcome cmd_multi(Call& call) {
  if (call.client.has(client::kMulti)) return call.fail(errors::kMultiNested);
  call.on.transactions.begin(call.client);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_discard(Call& call) {
  if (!call.client.has(client::kMulti)) return call.fail(errors::kDiscardWithoutMulti);
  call.on.transactions.end(call.client);
  call.reply.ok();
  return Outcome::kDone;
}

// A watched key that is past its deadline counts as changed even if nothing has removed it yet.
bool watched_key_expired(Call& call) {
  for (const Transactions::Watched& watched : call.on.transactions.watched_by(call.client)) {
    if (watched.expired) continue;
    const keyspace::Entry* entry = call.on.keyspace.database(watched.db).find(watched.key);
    if (entry != nullptr && call.on.keyspace.expired(*entry, call.access().now_ms)) return true;
  }
  return false;
}

base::ByteView lost_permission(acl::Reason reason) {
  switch (reason) {
    case acl::Reason::kCommand:
      return "no permission to execute the command or subcommand";
    case acl::Reason::kKey:
      return "no permission to touch the specified keys";
    case acl::Reason::kChannel:
      return "no permission to access one of the channels used as arguments";
    default:
      return "no permission";
  }
}

// Rules may have changed since the command was queued: then its answer is why it did not run.
bool refuse_queued(Call& call, const OwnedRequest& request) {
  if (!call.client.has(client::kRestricted)) return false;
  const acl::Verdict verdict = call.on.executor->access().admit(
      {call.client, *request.command, request.words}, acl::Context::kMulti, call.client);
  if (verdict.allowed()) return false;
  call.fail(
      "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "
      "This command is no longer allowed for the following reason: " +
      Bytes(lost_permission(verdict.denied)));
  return true;
}

// CLIENT REPLY holds for each part of EXEC's answer by itself, since the queue may change it, and does not
// for confirmations of subscriptions.
void settle_part(Call& call, size_t mark) {
  const bool silent = call.client.has(client::kReplyOff | client::kReplySkip);
  if (silent && !call.unit().pushed) call.client.outbox.take_back(mark);
  call.unit().pushed = false;
}

// Runs what is left of the queue. A script in it may be suspended: EXEC then goes on where it stopped.
Outcome run_queue(Call& call, Transaction& transaction) {
  Entrance entrance = call.entrance == Entrance::kResumed ? Entrance::kResumed : Entrance::kQueued;
  for (; transaction.next < transaction.queue.size(); ++transaction.next) {
    const OwnedRequest& request = transaction.queue[transaction.next];
    const size_t mark = call.client.outbox.mark();
    if (entrance == Entrance::kResumed || !refuse_queued(call, request)) {
      const Outcome outcome =
          call.on.executor->invoke(call, *request.command, call.client, request.words, call.reply, entrance);
      if (outcome == Outcome::kSuspended) return outcome;
    }
    settle_part(call, mark);
    entrance = Entrance::kQueued;
  }
  call.unit().pushed = true;  // what is left of it
  return Outcome::kDone;
}

Outcome cmd_exec(Call& call) {
  client::Client& client = call.client;
  if (!client.has(client::kMulti)) return call.fail(errors::kExecWithoutMulti);
  Transactions& transactions = call.on.transactions;
  if (call.entrance != Entrance::kResumed) {
    if (client.has(client::kMultiDirty)) {
      transactions.end(client);
      return call.fail(errors::kExecAborted);
    }
    if (client.has(client::kCasDirty) || watched_key_expired(call)) {
      transactions.end(client);
      call.reply.null_array();
      return Outcome::kDone;
    }
    // Unwatched first, so that the queue's own changes do not mark this client.
    transactions.unwatch(client);
    const size_t mark = client.outbox.mark();
    call.reply.array(transactions.of(client).queue.size());
    settle_part(call, mark);
  }
  const Outcome outcome = run_queue(call, transactions.of(client));
  if (outcome != Outcome::kSuspended) transactions.end(client);
  return outcome;
}

Outcome cmd_watch(Call& call) {
  if (call.client.has(client::kMulti)) return call.fail(errors::kWatchInMulti);
  for (const ByteView key : call.args.rest()) {
    // A key already past its deadline is absent: its going later is no change.
    const keyspace::Entry* entry = call.access().db->find(key);
    const bool expired = entry != nullptr && call.on.keyspace.expired(*entry, call.access().now_ms);
    call.on.transactions.watch(call.client, call.client.db, key, expired);
  }
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_unwatch(Call& call) {
  call.on.transactions.unwatch(call.client);
  call.reply.ok();
  return Outcome::kDone;
}

constexpr uint32_t kAnytime = kNoscript | kLoading | kStale | kFast;

constexpr CommandSpec kRows[] = {
    {"discard", cmd_discard, exactly(1), no_keys(), kAnytime | kAllowBusy | kNotQueued | kEndsMulti,
     Group::kTransactions, "2.0.0", "Drops the commands queued since MULTI."},
    {"exec", cmd_exec, exactly(1), no_keys(),
     kNoscript | kLoading | kStale | kSkipSlowlog | kNotQueued | kEndsMulti | kRunsQueue,
     Group::kTransactions, "1.2.0", "Runs the commands queued since MULTI."},
    {"multi", cmd_multi, exactly(1), no_keys(), kAnytime | kAllowBusy | kNotQueued, Group::kTransactions,
     "1.2.0", "Begins a transaction."},
    {"unwatch", cmd_unwatch, exactly(1), no_keys(), kAnytime | kAllowBusy, Group::kTransactions, "2.2.0",
     "Forgets the keys watched by this connection."},
    {"watch",
     cmd_watch,
     at_least(2),
     {key_range(1, -1, 1, kKeyRo)},
     kAnytime | kAllowBusy | kNotQueued,
     Group::kTransactions,
     "2.2.0",
     "Makes the next EXEC depend on these keys being unchanged.",
     "key [key ...]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> transaction_commands() {
  return kRows;
}

}  // namespace sluice::commands
