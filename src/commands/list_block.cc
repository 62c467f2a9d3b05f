#include "commands/list_block.h"

#include <algorithm>
#include <utility>

#include "base/number.h"

namespace sluice::commands {

namespace {

using types::List;

ByteView word_of(End end) {
  return end == End::kFront ? "LEFT" : "RIGHT";
}

// Pushed in this order the block would stand backwards.
bool is_turned(const BlockMove& asked) {
  return asked.bulk && asked.move.from == asked.move.to;
}

Block copy_from_end(const List& list, End end, uint64_t count) {
  Block block;
  block.reserve(count);
  List::Cursor at = list.cursor_at(end == End::kFront ? 0 : list.size() - 1);
  for (uint64_t left = count; left > 0; --left) {
    base::NumberText digits;
    block.emplace_back(at.get().to_text(digits));
    if (end == End::kFront) {
      at.next();
    } else {
      at.prev();
    }
  }
  return block;
}

void log_moves(Call& call, const BlockMove& asked, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    call.propagate_as({"LMOVE", asked.move.source, asked.move.destination, word_of(asked.move.from),
                       word_of(asked.move.to)});
  }
}

void log_pop_and_push(Call& call, const BlockMove& asked, const Block& pushed) {
  const base::NumberText count = base::format_uint64(pushed.size());
  call.propagate_as({asked.move.from == End::kFront ? "LPOP" : "RPOP", asked.move.source, count.view()});
  std::vector<ByteView> words{asked.move.to == End::kFront ? "LPUSH" : "RPUSH", asked.move.destination};
  words.insert(words.end(), pushed.begin(), pushed.end());
  call.propagate_as(words);
}

// Not as a pop and a push: a list that is empty in between would lose its deadline.
void log_turned_in_place(Call& call, const BlockMove& asked, const Block& pushed) {
  for (size_t i = 0; i < pushed.size(); ++i) {
    const auto at = static_cast<int64_t>(pushed.size() - 1 - i);
    const base::NumberText index = base::format_int64(asked.move.to == End::kFront ? at : -1 - at);
    call.propagate_as({"LSET", asked.move.source, index.view(), pushed[i]});
  }
}

}  // namespace

Block as_pushed(Block taken, const BlockMove& asked) {
  if (is_turned(asked)) std::reverse(taken.begin(), taken.end());
  return taken;
}

base::Result<Block, keyspace::Refusal> move_block(Call& call, const BlockMove& asked) {
  const Move& move = asked.move;
  auto found = call.edit_existing<List>(move.source);
  if (!found) return found.error();
  Edit<List>& source = *found;
  const uint64_t size = source ? source.peek().size() : 0;
  if (size == 0 || (asked.exactly && size < asked.count)) return Block();
  auto opened = call.edit<List>(move.destination);
  if (!opened) return opened.error();
  Edit<List>& destination = *opened;
  const bool same_end = &source.entry() == &destination.entry() && move.from == move.to;

  const uint64_t count = std::min(asked.count, size);
  Block taken = copy_from_end(source.peek(), move.from, count);
  if (same_end && asked.bulk) return taken;  // back where it was
  const Block pushed = as_pushed(taken, asked);
  drop_from_end(call, source, move.from, count);
  destination->push_all(move.to, pushed);
  // In the order of LMOVE's events.
  destination.commit(push_event(move.to), 0);
  source.commit(pop_event(move.from), count);
  if (same_end) {
    log_turned_in_place(call, asked, pushed);
  } else if (is_turned(asked)) {
    log_pop_and_push(call, asked, pushed);
  } else {
    log_moves(call, asked, count);
  }
  return taken;
}

}  // namespace sluice::commands
