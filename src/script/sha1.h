// The name of a script: SHA-1 of its text, in lower-case hexadecimal digits. Pure functions over borrowed
// bytes; a Sha is a value that its holder owns. Knows no scripts: whether one of that name exists is the
// engine's matter.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace sluice::script {

inline constexpr size_t kShaDigits = 40;

using Sha = std::array<char, kShaDigits>;

[[nodiscard]] Sha sha1_hex(base::ByteView text);

[[nodiscard]] inline std::string_view view(const Sha& sha) {
  return {sha.data(), sha.size()};
}

// `text` as a Sha in lower case; digits are not checked, since an unknown name finds nothing anyway.
// Returns false when the length is not that of a Sha.
[[nodiscard]] bool parse_sha(base::ByteView text, Sha& sha);

}  // namespace sluice::script
