// Feeds a resp::Parser as a connection would: input in pieces, big bulks straight into the parser's buffer,
// what must be kept carried over into a fresh buffer each time, so that a view kept too long shows under a
// sanitizer.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "resp/parser.h"

namespace sluice::testing {

struct Heard {
  std::vector<std::vector<base::Bytes>> requests;
  std::vector<base::Bytes>
      wires;  // One for each request; empty where the parser had none, or may have none (big arguments).
  std::string error;  // Of the parser; nothing is read after it.
};

inline base::Bytes multibulk(const std::vector<base::Bytes>& args) {
  base::Bytes wire = "*" + std::to_string(args.size()) + "\r\n";
  for (const base::Bytes& arg : args) wire += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  return wire;
}

// Hands out every request that `input` holds. False when the connection would be closed.
inline bool drain(resp::Parser& parser, std::unique_ptr<base::Bytes>& input, const resp::ParserLimits& limits,
                  Heard& heard) {
  base::ByteView rest = *input;
  for (;;) {
    const auto status = parser.next(rest, limits);
    if (status == resp::Parser::Status::kError) {
      heard.error = parser.error();
      return false;
    }
    if (status == resp::Parser::Status::kNeedMore) {
      input = std::make_unique<base::Bytes>(parser.carry());
      return true;
    }
    heard.requests.emplace_back(parser.args().begin(), parser.args().end());
    const bool big = std::any_of(parser.args().begin(), parser.args().end(),
                                 [](base::ByteView arg) { return arg.size() >= resp::kBigBulkBytes; });
    heard.wires.emplace_back(big ? base::ByteView() : parser.wire());
    rest.remove_prefix(parser.consumed());
  }
}

// `next_size` tells how many bytes arrive next; at least one.
template <class NextSize>
Heard feed_in_pieces(base::ByteView bytes, const resp::ParserLimits& limits, NextSize next_size) {
  resp::Parser parser;
  Heard heard;
  auto input = std::make_unique<base::Bytes>();
  while (!bytes.empty()) {
    const auto room = parser.big_room();
    const size_t arrived =
        std::min<size_t>(next_size(), room.empty() ? bytes.size() : std::min(room.size(), bytes.size()));
    if (room.empty()) {
      input->append(bytes.substr(0, arrived));
    } else {
      bytes.copy(room.data(), arrived);
      parser.big_filled(arrived);
    }
    bytes.remove_prefix(arrived);
    if (parser.big_room().empty() && !drain(parser, input, limits, heard)) break;
  }
  return heard;
}

}  // namespace sluice::testing
