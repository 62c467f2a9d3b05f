// What hashes, sets and sorted sets share when they answer: an element of a value as a bulk, and a member
// with its score in the shape the client's protocol and the command ask for. Knows no command. Writes into
// the reply it is given and owns nothing.
#pragma once

#include "ds/listpack.h"
#include "resp/reply.h"

namespace sluice::commands {

inline void reply_element(resp::Reply& reply, const ds::Element& element) {
  if (element.is_int) {
    reply.bulk_integer(element.number);
  } else {
    reply.bulk(element.text);
  }
}

// How members and scores stand in an array: all in one row (RESP2), or each pair an array of its own (RESP3,
// and ZMPOP in both).
enum class Pairs : uint8_t { kFlat, kNested };

inline Pairs pairs_of_protocol(const resp::Reply& reply) {
  return reply.resp3() ? Pairs::kNested : Pairs::kFlat;
}

// The head of an array of `count` pairs.
inline void reply_pairs(resp::Reply& reply, size_t count, Pairs shape) {
  reply.array(shape == Pairs::kFlat ? count * 2 : count);
}

inline void reply_scored(resp::Reply& reply, const ds::Element& member, double score, Pairs shape) {
  if (shape == Pairs::kNested) reply.array(2);
  reply_element(reply, member);
  reply.real(score);
}

}  // namespace sluice::commands
