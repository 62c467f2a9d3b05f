// Passwords as users keep them: their SHA-256, 64 hexadecimal digits in lower case. Pure functions; whose
// password it is, they do not know. Comparing takes the same time wherever two digests differ. The one that
// makes up a password asks the operating system, never the generator that tests may seed.
#pragma once

#include <string>

#include "base/bytes.h"

namespace sluice::acl {

inline constexpr size_t kDigestChars = 64;

[[nodiscard]] std::string digest_of(base::ByteView password);
// Whether a text could be one: 64 digits, letters in lower case.
[[nodiscard]] bool is_digest(base::ByteView text);
// REQUIRES: both are digests.
[[nodiscard]] bool same_digest(base::ByteView left, base::ByteView right);

// `bits` of the operating system's entropy as hexadecimal digits, rounded up to whole ones.
[[nodiscard]] std::string random_password(size_t bits);

}  // namespace sluice::acl
