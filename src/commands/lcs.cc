// LCS: the longest text that two strings have in common, bytes left out in between. A table of both lengths
// is filled and walked back, so its size is limited: proto-max-bulk-len.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"
#include "commands/string_limit.h"

namespace sluice::commands {

namespace {

using types::StringValue;

struct Options {
  bool length = false;   // LEN
  bool indexes = false;  // IDX
  bool with_lengths = false;
  uint64_t shortest = 0;  // MINMATCHLEN
};

Options read_options(exec::Args& args) {
  Options options;
  while (args.more() && args.ok()) {
    if (args.accept("IDX")) {
      options.indexes = true;
    } else if (args.accept("LEN")) {
      options.length = true;
    } else if (args.accept("WITHMATCHLEN")) {
      options.with_lengths = true;
    } else if (args.accept_with("MINMATCHLEN")) {
      options.shortest = static_cast<uint64_t>(std::max<int64_t>(args.integer(), 0));
    } else {
      args.syntax_error();
    }
  }
  if (options.indexes && options.length) {
    args.latch("ERR If you want both the length and indexes, please just use IDX.");
  }
  return options;
}

// How long the longest common text of every pair of beginnings is.
class Table {
 public:
  // Without memory for it the table stays empty: has_memory() is to be asked first.
  Table(ByteView left, ByteView right)
      : left_(left),
        right_(right),
        cells_(new (std::nothrow) uint32_t[(left.size() + 1) * (right.size() + 1)]()) {}
  [[nodiscard]] bool has_memory() const { return cells_ != nullptr; }
  void fill() {
    for (size_t i = 1; i <= left_.size(); ++i) {
      for (size_t j = 1; j <= right_.size(); ++j) {
        cells_[index(i, j)] =
            left_[i - 1] == right_[j - 1] ? at(i - 1, j - 1) + 1 : std::max(at(i - 1, j), at(i, j - 1));
      }
    }
  }
  static uint64_t bytes_for(ByteView left, ByteView right) {
    return (uint64_t{left.size()} + 1) * (uint64_t{right.size()} + 1) * sizeof(uint32_t);
  }
  [[nodiscard]] uint32_t length() const { return at(left_.size(), right_.size()); }

  // visit(i, j) for every byte in common, left[i] == right[j], from the last to the first.
  template <class Visit>
  void walk_back(Visit&& visit) const {
    for (size_t i = left_.size(), j = right_.size(); i > 0 && j > 0;) {
      if (left_[i - 1] == right_[j - 1]) {
        --i;
        --j;
        visit(i, j);
      } else if (at(i - 1, j) > at(i, j - 1)) {
        --i;
      } else {
        --j;
      }
    }
  }

 private:
  [[nodiscard]] size_t index(size_t i, size_t j) const { return i * (right_.size() + 1) + j; }
  [[nodiscard]] uint32_t at(size_t i, size_t j) const { return cells_[index(i, j)]; }

  ByteView left_;
  ByteView right_;
  std::unique_ptr<uint32_t[]> cells_;
};

// Bytes in common that stand side by side in both strings.
struct Match {
  size_t left = 0;
  size_t right = 0;
  size_t size = 0;
};

std::vector<Match> matches_in(const Table& table, uint64_t shortest) {
  std::vector<Match> matches;
  table.walk_back([&matches](size_t i, size_t j) {
    if (!matches.empty() && matches.back().left == i + 1 && matches.back().right == j + 1) {
      matches.back() = {i, j, matches.back().size + 1};
    } else {
      matches.push_back({i, j, 1});
    }
  });
  std::erase_if(matches, [shortest](const Match& match) { return match.size < shortest; });
  return matches;
}

void reply_range(resp::Reply& reply, size_t first, size_t size) {
  reply.array(2);
  reply.integer(static_cast<int64_t>(first));
  reply.integer(static_cast<int64_t>(first + size - 1));
}

void reply_indexes(resp::Reply& reply, const Table& table, const Options& options) {
  const std::vector<Match> matches = matches_in(table, options.shortest);
  reply.map(2);
  reply.bulk("matches");
  reply.array(matches.size());
  for (const Match& match : matches) {
    reply.array(options.with_lengths ? 3 : 2);
    reply_range(reply, match.left, match.size);
    reply_range(reply, match.right, match.size);
    if (options.with_lengths) reply.integer(static_cast<int64_t>(match.size));
  }
  reply.bulk("len");
  reply.integer(table.length());
}

Outcome cmd_lcs(Call& call) {
  const auto left = call.view<StringValue>(call.args.key());
  const auto right = call.view<StringValue>(call.args.key());
  if (!left || !right) return call.fail("ERR The specified keys must contain string values");
  const Options options = read_options(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  base::NumberText left_digits;
  base::NumberText right_digits;
  const ByteView left_text = *left ? (*left)->view(left_digits) : ByteView{};
  const ByteView right_text = *right ? (*right)->view(right_digits) : ByteView{};
  if (Table::bytes_for(left_text, right_text) > string_limit_bytes(call)) {
    return call.fail("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  }
  Table table(left_text, right_text);
  if (!table.has_memory()) {
    return call.fail("ERR Insufficient memory, failed allocating transient memory for LCS");
  }
  table.fill();
  if (options.indexes) {
    reply_indexes(call.reply, table, options);
  } else if (options.length) {
    call.reply.integer(table.length());
  } else {
    Bytes common(table.length(), '\0');
    size_t left_over = common.size();
    table.walk_back([&](size_t i, size_t) { common[--left_over] = left_text[i]; });
    call.reply.bulk(common);
  }
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"lcs",
     cmd_lcs,
     at_least(3),
     {key_range(1, 1, 1, kKeyRo | kKeyAccess)},
     kReadonly,
     Group::kString,
     "7.0.0",
     "Finds the longest text that two strings have in common, gaps allowed.",
     "key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> lcs_commands() {
  return kRows;
}

}  // namespace sluice::commands
