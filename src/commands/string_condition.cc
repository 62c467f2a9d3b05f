#include "commands/string_condition.h"

#include <xxhash.h>

#include "base/letters.h"
#include "base/number.h"

namespace sluice::commands {

using Kind = StringCondition::Kind;

std::array<char, kDigestDigits> digest_of(const types::StringValue& value) {
  constexpr base::ByteView kDigits = "0123456789abcdef";
  base::NumberText buffer;
  const base::ByteView text = value.view(buffer);
  uint64_t hash = XXH3_64bits(text.data(), text.size());
  std::array<char, kDigestDigits> digest;
  for (size_t i = digest.size(); i-- > 0; hash >>= 4) digest[i] = kDigits[hash & 0xf];
  return digest;
}

bool StringCondition::holds(const types::StringValue* value) const {
  const bool wants_equal = kind == Kind::kEqual || kind == Kind::kDigestEqual;
  if (value == nullptr) return !wants_equal;
  bool equal = false;
  if (by_digest()) {
    const auto digest = digest_of(*value);
    equal = base::same_word({digest.data(), digest.size()}, operand);
  } else {
    base::NumberText buffer;
    equal = value->view(buffer) == operand;
  }
  return equal == wants_equal;
}

std::optional<Kind> parse_condition(base::ByteView word) {
  if (base::same_word(word, "IFEQ")) return Kind::kEqual;
  if (base::same_word(word, "IFNE")) return Kind::kDiffers;
  if (base::same_word(word, "IFDEQ")) return Kind::kDigestEqual;
  if (base::same_word(word, "IFDNE")) return Kind::kDigestDiffers;
  return std::nullopt;
}

}  // namespace sluice::commands
