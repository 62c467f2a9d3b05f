#include "script/sha1.h"

#include <openssl/evp.h>

#include "base/check.h"
#include "base/letters.h"

namespace sluice::script {

Sha sha1_hex(base::ByteView text) {
  unsigned char digest[kShaDigits / 2];
  unsigned int length = 0;
  int ok = EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr);
  SLUICE_CHECK(ok == 1 && length == sizeof digest, "libcrypto has no SHA-1");
  constexpr char kDigits[] = "0123456789abcdef";
  Sha sha;
  for (size_t i = 0; i < sizeof digest; ++i) {
    sha[2 * i] = kDigits[digest[i] >> 4];
    sha[2 * i + 1] = kDigits[digest[i] & 15];
  }
  return sha;
}

bool parse_sha(base::ByteView text, Sha& sha) {
  if (text.size() != kShaDigits) return false;
  for (size_t i = 0; i < kShaDigits; ++i) sha[i] = base::to_lower(text[i]);
  return true;
}

}  // namespace sluice::script
