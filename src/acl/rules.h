// Rules: the words that say what a user may do ("+get", "~jobs:*", ">secret", "(%R~a +get)"), as far as they
// are only words: what can be wrong with one, and how those of one selector are put together when a line was
// split at its blanks. What a rule does is told by acl/user and acl/selector. Pure functions over borrowed
// words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "acl/command_names.h"
#include "base/bytes.h"
#include "base/result.h"

namespace sluice::acl {

// Patterns of one kind in a selector, passwords of a user, selectors of a user: each list is searched from
// its beginning, so that one is not to be longer than that can be done between two commands.
inline constexpr size_t kMaxRulesOfAKind = 4096;

enum class RuleError : uint8_t {
  kNone,
  kUnknownCommand,  // or category
  kSyntax,
  kAfterAllKeys,
  kAfterAllChannels,
  kNoSuchPassword,
  kBadDigest,
  kArgumentOfSubcommand,
  kTooMany,
};
// The reason as clients are told it, Redis's words.
[[nodiscard]] std::string_view text_of(RuleError error);

// What rules are read against.
struct RuleContext {
  const CommandNames& names;
  bool all_channels_by_default;  // acl-pubsub-default allchannels
};

// White space or a NUL: in no name and no pattern, or lists of users could not be read back.
[[nodiscard]] bool has_blanks(base::ByteView text);

// Rules with every selector as one: "(~a", "+get)" become "(~a +get)". Fails with the position of a word that
// opens a selector which nothing closes.
[[nodiscard]] base::Result<std::vector<base::Bytes>, size_t> joined_selectors(
    std::span<const base::ByteView> words);

}  // namespace sluice::acl
