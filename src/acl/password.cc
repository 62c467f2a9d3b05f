#include "acl/password.h"

#include <array>

#include <openssl/evp.h>

#include "base/check.h"
#include "base/random.h"

namespace sluice::acl {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string digest_of(base::ByteView password) {
  std::array<unsigned char, kDigestChars / 2> digest{};
  unsigned size = 0;
  const int done = EVP_Digest(password.data(), password.size(), digest.data(), &size, EVP_sha256(), nullptr);
  SLUICE_CHECK(done == 1 && size == digest.size(), "SHA-256 is always available");
  std::string text;
  text.reserve(kDigestChars);
  for (const unsigned char byte : digest) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

bool is_digest(base::ByteView text) {
  return text.size() == kDigestChars && text.find_first_not_of(kDigits) == base::ByteView::npos;
}

bool same_digest(base::ByteView left, base::ByteView right) {
  unsigned difference = 0;
  for (size_t i = 0; i < kDigestChars; ++i) difference |= static_cast<unsigned char>(left[i] ^ right[i]);
  return difference == 0;
}

std::string random_password(size_t bits) {
  const size_t digits = (bits + 3) / 4;
  std::string text;
  text.reserve(digits);
  while (text.size() < digits) {
    uint64_t word = base::Random::entropy();
    for (size_t i = 0; i < 16 && text.size() < digits; ++i, word >>= 4) text.push_back(kDigits[word & 15]);
  }
  return text;
}

}  // namespace sluice::acl
