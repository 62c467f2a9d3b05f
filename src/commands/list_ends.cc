#include "commands/list_ends.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/number.h"
#include "commands/list_block.h"
#include "exec/keys.h"

namespace sluice::commands {

using types::List;

End read_end(exec::Args& args) {
  const ByteView word = args.next();
  if (same_word(word, "LEFT")) return End::kFront;
  if (!same_word(word, "RIGHT")) args.syntax_error();
  return End::kBack;
}

const keyspace::Event& push_event(End end) {
  return end == End::kFront ? events::lpush : events::rpush;
}

const keyspace::Event& pop_event(End end) {
  return end == End::kFront ? events::lpop : events::rpop;
}

void reply_element(resp::Reply& reply, const ds::Element& element) {
  if (element.is_int) {
    reply.bulk_integer(element.number);
  } else {
    reply.bulk(element.text);
  }
}

void pop_one(Call& call, Edit<List>& list, End end) {
  reply_element(call.reply, list.peek().peek(end));
  list->pop(end);
  list.commit(pop_event(end));
}

void bury(Call& call, List::Trimmed dropped) {
  keyspace::Graveyard& graveyard = call.on.keyspace.graveyard();
  for (List* part : {&dropped.front, &dropped.back}) {
    if (!part->empty()) graveyard.bury(keyspace::Value(std::move(*part)));
  }
}

// Whole nodes leave as they are.
void drop_from_end(Call& call, Edit<List>& list, End end, uint64_t count) {
  const auto rest = static_cast<int64_t>(list.peek().size() - count);
  if (rest == 0) {
    bury(call, list->trim(1, 0));
  } else if (end == End::kFront) {
    bury(call, list->trim(-rest, -1));
  } else {
    bury(call, list->trim(0, rest - 1));
  }
}

uint64_t pop_many(Call& call, Edit<List>& list, End end, uint64_t count) {
  const uint64_t size = list.peek().size();
  const uint64_t taken = std::min(count, size);
  call.reply.array(taken);
  List::Cursor at = list.peek().cursor_at(end == End::kFront ? 0 : size - 1);
  for (uint64_t i = 0; i < taken; ++i) {
    reply_element(call.reply, at.get());
    if (end == End::kFront) {
      at.next();
    } else {
      at.prev();
    }
  }
  drop_from_end(call, list, end, taken);
  list.commit(pop_event(end), taken);
  return taken;
}

std::optional<Outcome> try_move(Call& call, const Move& move) {
  auto found = call.edit_existing<List>(move.source);
  if (!found.ok()) return call.fail(found.error());
  Edit<List>& source = *found;
  if (!source) return std::nullopt;
  auto opened = call.edit<List>(move.destination);
  if (!opened.ok()) return call.fail(opened.error());
  Edit<List>& destination = *opened;

  const ds::Element element = source.peek().peek(move.from);
  reply_element(call.reply, element);
  base::NumberText digits;
  const ByteView text = element.to_text(digits);
  if (&source.entry() == &destination.entry()) {
    const Bytes held(text);  // the list's own bytes move while it changes
    source->pop(move.from);
    destination->push(move.to, held);
  } else {
    destination->push(move.to, text);
    source->pop(move.from);
  }
  // In Redis's order: the push is announced before the pop; together they count as one change.
  destination.commit(push_event(move.to), 0);
  source.commit(pop_event(move.from));
  return Outcome::kDone;
}

MultiPop read_multi_pop(exec::Args& args) {
  MultiPop pop;
  const int64_t keys = args.numkeys();
  if (!args.ok()) return pop;
  pop.keys = args.take(static_cast<size_t>(keys));
  pop.end = read_end(args);
  if (args.ok() && args.accept_with("COUNT")) {
    const auto count = base::parse_int64(args.next());
    if (!count || *count <= 0) args.latch(errors::kCountMustBePositive);
    pop.count = static_cast<uint64_t>(count.value_or(1));
  }
  if (args.ok() && args.accept_with("TO", 2)) {
    const ByteView name = args.key();
    pop.target = MultiPop::Target{name, read_end(args)};
    if (args.ok() && !exec::may_make_keys(name, pop.keys)) args.latch(errors::kMadeKeysTooLong);
  }
  args.end();
  return pop;
}

namespace {

constexpr uint16_t kTakes = kKeyRw | kKeyAccess | kKeyDelete;

// Where the target's name stands, given what follows LEFT or RIGHT; 0: there is none. TO is looked for where
// read_multi_pop() takes it, since a list may be called so.
size_t target_behind(std::span<const ByteView> words, size_t at) {
  if (at + 1 < words.size() && same_word(words[at], "COUNT")) at += 2;
  return at + 2 < words.size() && same_word(words[at], "TO") ? at + 1 : 0;
}

// The lists behind their count at `count_at`, and the target.
bool keys_of_multi_pop(std::span<const ByteView> words, int8_t count_at, std::vector<KeyArgument>& keys) {
  if (!exec::find_keys_of(keynum_spec(count_at, kTakes), words, keys)) return false;
  const size_t target = target_behind(words, static_cast<size_t>(count_at) + keys.size() + 2);
  if (target != 0) {
    keys.push_back({target, static_cast<uint16_t>(kKeyRw | kKeyInsert | exec::kKeyTemplate)});
  }
  return true;
}

uint32_t flags_of_multi_pop(std::span<const ByteView> words, size_t count_at, uint32_t row_flags) {
  const auto lists = base::parse_int64(words[count_at]);
  if (!lists || *lists <= 0 || static_cast<uint64_t>(*lists) > words.size()) return row_flags;
  const bool moves = target_behind(words, count_at + static_cast<size_t>(*lists) + 2) != 0;
  return moves ? row_flags | exec::kDenyOom | exec::kUsesReserve : row_flags;
}

// The reply is that of a pop without a target.
std::optional<Outcome> try_move_to(Call& call, const MultiPop& pop, ByteView source) {
  const Bytes destination = exec::make_key(pop.target->name, source);
  const BlockMove move{{source, destination, pop.end, pop.target->end}, pop.count};
  const auto taken = move_block(call, move);
  if (!taken) return call.fail(taken.error());
  if (taken->empty()) return std::nullopt;
  call.reply.array(2);
  call.reply.bulk(source);
  call.reply.array(taken->size());
  for (const Bytes& element : *taken) call.reply.bulk(element);
  return Outcome::kDone;
}

}  // namespace

bool keys_of_lmpop(std::span<const ByteView> words, std::vector<KeyArgument>& keys) {
  return keys_of_multi_pop(words, 1, keys);
}

bool keys_of_blmpop(std::span<const ByteView> words, std::vector<KeyArgument>& keys) {
  return keys_of_multi_pop(words, 2, keys);
}

uint32_t flags_of_lmpop(exec::Services&, std::span<const ByteView> words, uint32_t row_flags) {
  return flags_of_multi_pop(words, 1, row_flags);
}

uint32_t flags_of_blmpop(exec::Services&, std::span<const ByteView> words, uint32_t row_flags) {
  return flags_of_multi_pop(words, 2, row_flags);
}

std::optional<Outcome> try_multi_pop(Call& call, const MultiPop& pop) {
  for (const ByteView key : pop.keys) {
    if (pop.target) {
      const std::optional<Outcome> moved = try_move_to(call, pop, key);
      if (moved) return moved;
      continue;
    }
    auto found = call.edit_existing<List>(key);
    if (!found.ok()) return call.fail(found.error());
    if (!*found) continue;
    call.reply.array(2);
    call.reply.bulk(key);
    const uint64_t taken = pop_many(call, *found, pop.end, pop.count);
    const base::NumberText count = base::format_int64(static_cast<int64_t>(taken));
    call.propagate_as({pop.end == End::kFront ? "LPOP" : "RPOP", key, count.view()});
    return Outcome::kDone;
  }
  return std::nullopt;
}

}  // namespace sluice::commands
