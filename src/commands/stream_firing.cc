// What a stream does by itself when the moment has come (types/stream_agenda.h): entries whose lease or delay
// ended come free, consumers that were not seen for too long are removed, and delayed entries are appended,
// or go when their time is over (commands/stream_delayed). Runs as a row that no client can call, a bounded
// part at a time: after each the stream is filed again, under what is due next, which may be at once.
#include <algorithm>
#include <optional>
#include <utility>

#include "commands/all.h"
#include "commands/stream_delayed.h"
#include "commands/stream_group_edit.h"
#include "commands/stream_release.h"
#include "commands/stream_reply.h"
#include "exec/executor.h"

namespace sluice::commands {

namespace {

using types::PendingEntry;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;

// Entries and consumers that one firing takes care of.
constexpr size_t kEntriesPerFiring = 64;
// Where somebody waits for the stream, a consumer is asked whether it is that, and has so long to answer: all
// who wait are run again meanwhile.
constexpr int64_t kAnswerMs = 100;

// The delayed entries come first: they have been waiting for longer.
std::optional<PendingEntry> next_due(const StreamGroup& group, int64_t now_ms) {
  const auto delayed = group.first_delayed();
  if (delayed && delayed->until_ms <= now_ms) return delayed;
  const int64_t lease_ms = group.policy().lease_ms;
  if (lease_ms == 0) return std::nullopt;
  const auto delivered = group.first_delivered();
  if (delivered && delivered->delivered_ms + lease_ms <= now_ms) return delivered;
  return std::nullopt;
}

class GroupFiring {
 public:
  GroupFiring(Call& call, GroupEdit edit)
      : call_(call), edit_(std::move(edit)), now_ms_(call.access().now_ms) {}

  void run() {
    while (may_go_on()) {
      const auto entry = next_due(edit_.peek(), now_ms_);
      if (!entry) break;
      if (may_be_kept(*entry)) {
        keep(*entry);
      } else {
        free(*entry);
      }
    }
    if (!edit_.peek().all_filed()) edit_.group().file_looks(StreamGroup::kFiledAtOnce);
    while (may_go_on() && edit_.peek().next_look().at_ms <= now_ms_) look_at(edit_.peek().next_look());
    edit_.finish();
    if (released_) wake_readers(call_, edit_.key());
  }

 private:
  [[nodiscard]] bool may_go_on() const { return left_ > 0 && letter_bytes_ < kLetterBytesAtOnce; }
  [[nodiscard]] bool may_be_kept(const PendingEntry& entry) const;
  void keep(const PendingEntry& entry);
  void free(const PendingEntry& entry);
  [[nodiscard]] int64_t seen_ms(const StreamConsumer& consumer) const;
  void look_at(const StreamGroup::Look& look);
  void remove(StreamConsumer& consumer);

  Call& call_;
  GroupEdit edit_;
  int64_t now_ms_;
  size_t left_ = kEntriesPerFiring;
  size_t letter_bytes_ = 0;
  bool released_ = false;
};

// The lease ran out while nobody could renew it, or acknowledge the entry.
bool GroupFiring::may_be_kept(const PendingEntry& entry) const {
  if (entry.consumer == nullptr || !edit_.stream().contains(entry.id)) return false;
  return call_.on.state.hold.covers(entry.delivered_ms + edit_.peek().policy().lease_ms);
}

// Renews it as of when that was over: told to the log as a delivery that counts for nothing.
void GroupFiring::keep(const PendingEntry& entry) {
  --left_;
  edit_.deliver_again(entry.id, {entry.consumer, call_.on.state.hold.until_ms, entry.deliveries});
}

void GroupFiring::free(const PendingEntry& entry) {
  --left_;
  if (is_too_often(edit_.peek(), entry.deliveries)) {
    const Stream::Cursor at = edit_.stream().seek(entry.id);
    if (at.valid() && at.entry().id == entry.id) letter_bytes_ += written_bytes(at.entry());
  }
  released_ = come_free(call_, edit_, entry) || released_;
}

// While the server did not run, or served nobody, nobody could be seen: the end of that counts for all.
int64_t GroupFiring::seen_ms(const StreamConsumer& consumer) const {
  const int64_t started_ms = call_.on.control.process_facts().started_unix_us / 1000;
  return std::max({consumer.seen_ms, started_ms, call_.on.state.hold.until_ms});
}

// Whoever waits was seen when that began; the command is run again now, and says that it is still there.
void GroupFiring::look_at(const StreamGroup::Look& look) {
  StreamConsumer& consumer = *look.consumer;
  --left_;
  const int64_t stale_ms = seen_ms(consumer) + edit_.peek().policy().consumer_ttl_ms;
  if (stale_ms > now_ms_) return edit_.group().look_again(consumer, stale_ms, false);
  const bool may_wait = call_.on.blocking.anybody_waits_for(call_.access().db->index(), edit_.key());
  // Of those who were woken some may still stand in line: where more wait than one turn serves.
  const bool all_answered = look.asked && !call_.on.executor->has_waiters_to_serve();
  if (!may_wait || all_answered) return remove(consumer);
  edit_.group().look_again(consumer, now_ms_ + kAnswerMs, true);
  wake_readers(call_, edit_.key());
}

// One that has much pending takes several firings.
void GroupFiring::remove(StreamConsumer& consumer) {
  while (const auto id = consumer.next_own(types::kMinStreamId)) {
    if (!may_go_on()) return;
    free(*edit_.peek().find_pending(*id));
  }
  edit_.remove(consumer);
}

Outcome fire(Call& call) {
  const ByteView key = call.args.key();
  auto stream = call.edit_existing<Stream>(key);
  // It may have expired at the same moment.
  if (!stream.ok() || !*stream) return Outcome::kDone;
  const bool due = (*stream)->next_deadline_ms() <= call.access().now_ms;
  const StreamGroup* const group = due ? (*stream)->next_to_act() : nullptr;
  stream->unchanged();
  if (group != nullptr) {
    GroupFiring(call, GroupEdit(call, key, *group->called, std::move(*stream))).run();
  } else if (due) {
    act_on_delayed(call, key, *stream);
  }
  return Outcome::kDone;
}

constexpr CommandSpec kRow = {"stream-firing", fire,           exactly(2), one_key(1, kKeyRw | kKeyUpdate),
                              kWrite,          Group::kStream, "7.2.4",    "Does what of a stream is due."};
static_assert(row_is_sound(kRow));

}  // namespace

const CommandSpec& stream_firing() {
  return kRow;
}

}  // namespace sluice::commands
