#include "acl/rules.h"

namespace sluice::acl {

std::string_view text_of(RuleError error) {
  switch (error) {
    case RuleError::kNone:
      return "";
    case RuleError::kUnknownCommand:
      return "Unknown command or category name in ACL";
    case RuleError::kSyntax:
      return "Syntax error";
    case RuleError::kAfterAllKeys:
      return "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have "
             "any effect. Try 'resetkeys' to start with an empty list of patterns";
    case RuleError::kAfterAllChannels:
      return "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not "
             "have any effect. Try 'resetchannels' to start with an empty list of channels";
    case RuleError::kNoSuchPassword:
      return "The password you are trying to remove from the user does not exist";
    case RuleError::kBadDigest:
      return "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
             "characters";
    case RuleError::kArgumentOfSubcommand:
      return "Allowing first-arg of a subcommand is not supported";
    case RuleError::kTooMany:
      return "A user can't have more of these";
  }
  return "";
}

bool has_blanks(base::ByteView text) {
  constexpr base::ByteView kBlanks(" \t\n\v\f\r\0", 7);
  return text.find_first_of(kBlanks) != base::ByteView::npos;
}

base::Result<std::vector<base::Bytes>, size_t> joined_selectors(std::span<const base::ByteView> words) {
  std::vector<base::Bytes> rules;
  bool open = false;
  size_t opened_at = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    const base::ByteView word = words[i];
    if (open) {
      rules.back().append(" ").append(word);
    } else {
      rules.emplace_back(word);
      open = word.starts_with('(');
      opened_at = i;
    }
    if (open && word.ends_with(')')) open = false;
  }
  if (open) return opened_at;
  return rules;
}

}  // namespace sluice::acl
