// What a string must or must not be for SET and DELEX to touch its key: IFEQ IFNE IFDEQ IFDNE, by the text
// itself or by its digest. Borrows the operand from the arguments.
// Knows no key: who asks says what is there.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "types/string_value.h"

namespace sluice::commands {

inline constexpr size_t kDigestDigits = 16;
inline constexpr base::ByteView kBadDigest = "ERR must be exactly 16 hexadecimal characters";

// XXH3 (64 bits, no seed) of the text, as DIGEST shows it: lower-case hexadecimal, leading zeros kept.
std::array<char, kDigestDigits> digest_of(const types::StringValue& value);

struct StringCondition {
  enum class Kind : uint8_t { kEqual, kDiffers, kDigestEqual, kDigestDiffers };
  Kind kind = Kind::kEqual;
  base::ByteView operand = {};

  [[nodiscard]] bool by_digest() const { return kind == Kind::kDigestEqual || kind == Kind::kDigestDiffers; }
  // False: the operand cannot be a digest. As in Redis only its length is looked at.
  [[nodiscard]] bool is_sound() const { return !by_digest() || operand.size() == kDigestDigits; }
  // An absent key (null) equals nothing. REQUIRES: is_sound().
  [[nodiscard]] bool holds(const types::StringValue* value) const;
};

// IFEQ, IFNE, IFDEQ, IFDNE in any case.
std::optional<StringCondition::Kind> parse_condition(base::ByteView word);

}  // namespace sluice::commands
