// Dead letters brought back: XREDRIVE. Where the entry is still there, and the group that gave it up has
// leases, it is made pending in that group again, released and never delivered, so that no other group gets
// it twice. Else it is appended, as it was, to the stream it came from, or to one that is named. The letter
// is deleted. All destinations are looked at first, so that nothing is half done when one of them cannot be
// used.
//
// Logged as the entries that were added, and the deletion. Redis, which hears nothing of what is released,
// keeps that letter: there the work would be nowhere else.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "commands/all.h"
#include "commands/dead_letter.h"
#include "commands/stream_append.h"
#include "commands/stream_group_edit.h"
#include "commands/stream_reply.h"
#include "commands/stream_trimming.h"

namespace sluice::commands {

namespace {

using types::Stream;
using types::StreamId;

constexpr ByteView kBadCount = "ERR COUNT must be a positive integer";
constexpr ByteView kExclusive = "ERR COUNT and IDS exclude each other";
constexpr ByteView kOntoItself = "ERR dead letters cannot go back to their own stream";
constexpr uint64_t kDefaultCount = 100;
// Entries that are looked at for each that is wanted, and at least: what names no origin stays and is passed.
constexpr uint64_t kLooksPerLetter = 10;
constexpr uint64_t kFewestLooks = 1000;

struct Redrive {
  std::optional<uint64_t> count;
  std::vector<StreamId> ids;  // none: the oldest
  std::optional<ByteView> to;
};

// [COUNT count | IDS numids id [id ...]] [TO key], in any order
Redrive read_redrive(exec::Args& args) {
  Redrive redrive;
  while (args.more() && args.ok()) {
    if (args.accept_with("COUNT")) {
      redrive.count = static_cast<uint64_t>(args.integer_between(1, INT64_MAX, kBadCount));
    } else if (redrive.ids.empty() && args.accept_with("IDS")) {
      read_counted_ids(args, redrive.ids);
    } else if (!redrive.to && args.accept_with("TO")) {
      redrive.to = args.key();
    } else {
      args.syntax_error();
    }
  }
  if (redrive.count && !redrive.ids.empty()) args.latch(kExclusive);
  return redrive;
}

// An entry on its way back.
struct Letter {
  StreamId id;
  Bytes to;
  std::vector<Bytes> fields;
  // What it was, unless it is to go elsewhere.
  std::optional<StreamId> entry;
  Bytes group;
};

// What does not say where it came from stays, unless it is told where to go.
std::optional<Letter> letter_of(const types::StreamEntry& entry, const Redrive& redrive) {
  Letter letter{entry.id, {}, field_texts(entry), {}, {}};
  const auto origin = origin_of(letter.fields);
  if (!origin && !redrive.to) return std::nullopt;
  letter.to = Bytes(redrive.to ? *redrive.to : origin->key);
  if (!redrive.to) {
    letter.entry = origin->id;
    letter.group = Bytes(origin->group);
  }
  if (origin) letter.fields.resize(origin->own_fields);
  return letter;
}

std::vector<Letter> choose(const Stream& stream, Redrive redrive) {
  std::vector<Letter> letters;
  if (redrive.ids.empty()) {
    const uint64_t count = redrive.count.value_or(kDefaultCount);
    uint64_t looks = std::max(std::min(count, UINT64_MAX / kLooksPerLetter) * kLooksPerLetter, kFewestLooks);
    for (auto at = stream.seek(types::kMinStreamId); at.valid() && letters.size() < count; at.next()) {
      if (looks-- == 0) break;
      if (auto letter = letter_of(at.entry(), redrive)) letters.push_back(std::move(*letter));
    }
    return letters;
  }
  std::sort(redrive.ids.begin(), redrive.ids.end());
  redrive.ids.erase(std::unique(redrive.ids.begin(), redrive.ids.end()), redrive.ids.end());
  for (const StreamId& id : redrive.ids) {
    const Stream::Cursor at = stream.seek(id);
    if (!at.valid() || at.entry().id != id) continue;
    if (auto letter = letter_of(at.entry(), redrive)) letters.push_back(std::move(*letter));
  }
  return letters;
}

// Whether all of them can go where they are to go. False: an error was replied.
bool all_can_go(Call& call, ByteView key, const Redrive& redrive, const std::vector<Letter>& letters) {
  std::set<ByteView> keys;
  if (redrive.to) keys.insert(*redrive.to);
  for (const Letter& letter : letters) keys.insert(letter.to);
  for (const ByteView to : keys) {
    const bool seen = redrive.to.has_value();  // by the rules of the user, among the words
    if (!seen && !may_send_letters(call, to)) {
      call.fail(kNoKeyPermission);
      return false;
    }
    if (to == key) {
      call.fail(kOntoItself);
      return false;
    }
    const auto stream = call.view<Stream>(to);
    if (!stream.ok()) {
      call.fail(stream.error());
      return false;
    }
    if (*stream && (*stream)->last_id() == types::kMaxStreamId) {
      call.fail(text_of(types::AppendError::kExhausted));
      return false;
    }
  }
  return true;
}

// Whether the group may have the entry again, as if it had never been delivered. Without a lease a reader
// that knows of nothing would not be given what is released.
bool can_release(const GroupEdit& edit, const Letter& letter) {
  const types::StreamGroup& group = edit.peek();
  if (group.policy().lease_ms == 0 || *letter.entry > group.last_id()) return false;
  if (group.find_pending(*letter.entry)) return false;
  const Stream::Cursor at = edit.stream().seek(*letter.entry);
  return at.valid() && at.entry().id == *letter.entry && field_texts(at.entry()) == letter.fields;
}

bool release_again(Call& call, const Letter& letter) {
  if (!letter.entry) return false;
  auto found = call.edit_existing<Stream>(letter.to);
  if (!found.ok()) return false;
  GroupEdit edit(call, letter.to, letter.group, std::move(*found));
  if (!edit) return false;
  const bool can = can_release(edit, letter);
  if (can) edit.release(*letter.entry, 0);
  edit.finish();
  if (can) wake_readers(call, letter.to);
  return can;
}

// False: it cannot be added to the stream.
bool append_again(Call& call, const Letter& letter) {
  auto found = call.edit<Stream>(letter.to);
  if (!found.ok()) return false;
  const std::vector<ByteView> fields(letter.fields.begin(), letter.fields.end());
  return append_entry(call, *found, {letter.to, fields, {}}).ok();
}

Outcome cmd_xredrive(Call& call) {
  const ByteView key = call.args.key();
  const Redrive redrive = read_redrive(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = call.edit_existing<Stream>(key);
  if (!found.ok()) return call.fail(found.error());
  Edit<Stream>& dead_letters = *found;
  if (!dead_letters) return call.fail(errors::kNoSuchKey);
  const std::vector<Letter> letters = choose(dead_letters.peek(), redrive);
  if (!all_can_go(call, key, redrive, letters)) return Outcome::kFailed;
  std::vector<StreamId> appended;
  std::vector<StreamId> released;
  for (const Letter& letter : letters) {
    if (release_again(call, letter)) {
      released.push_back(letter.id);
    } else if (append_again(call, letter)) {
      appended.push_back(letter.id);
    } else {
      break;
    }
    dead_letters->remove(letter.id);
  }
  const size_t gone = appended.size() + released.size();
  if (gone > 0) {
    dead_letters.commit(events::xdel, gone);
    propagate_deletions(call, key, appended);
    propagate_deletions(call, key, released, RecordFor::kSluice);
  }
  call.reply.integer(static_cast<int64_t>(gone));
  return Outcome::kDone;
}

constexpr KeySpec destination() {
  KeySpec spec;
  spec.begin = KeySpec::Begin::kKeyword;
  spec.keyword = "TO";
  spec.start_from = 2;
  spec.flags = kKeyRw | kKeyInsert;
  spec.notes = "Without TO, entries go to the keys that they name";
  return spec;
}

constexpr CommandSpec kRows[] = {
    {"xredrive", cmd_xredrive, at_least(2),
     two_keys(key_range(1, 0, 1, kKeyRw | kKeyAccess | kKeyDelete), destination()),
     kWrite | kDenyOom | kUsesReserve, Group::kStream, "7.2.4",
     "Brings dead letters back to the streams they came from, or to another.",
     "dlqkey:key select[COUNT count|ids<IDS numids id [id ...]>] [TO destination:key]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_redrive_commands() {
  return kRows;
}

}  // namespace sluice::commands
