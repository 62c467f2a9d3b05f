// The digest of content that DEBUG DIGEST answers: equal for equal content, whatever server holds it and
// however its tables are laid out; different, but for chance, for any other. It is our own function, not
// Redis's: digests of the two cannot be compared.
//
//   value     lists, sorted sets and streams by their elements in order; hashes and sets by the sum
//   (exclusive
//             or) of their members, so that no order matters; fields that expire with their moment
//   key       name, type, value and the moment it expires
//   database  the sum of its keys, with its number; the whole is the sum of databases; nothing is all zeros
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "keyspace/keyspace.h"

namespace sluice::commands {

using DigestWords = std::array<uint64_t, 3>;

// Of one value, its type included.
DigestWords digest_of(const keyspace::Value& value, int64_t now_ms);
// Of all databases; keys and fields past their deadline do not count.
DigestWords digest_of(keyspace::Keyspace& keyspace, int64_t now_ms);
// 40 digits of it, as Redis shows its own.
std::string digest_text(const DigestWords& digest);

}  // namespace sluice::commands
