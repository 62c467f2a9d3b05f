#include "acl/password.h"

#include <set>

#include <doctest/doctest.h>

namespace sluice::acl {

TEST_CASE("Password: the digest is SHA-256 in lower case, of binary passwords too") {
  CHECK(digest_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest_of(base::ByteView("a\0b", 3)) != digest_of("a"));
}

TEST_CASE("Password: only 64 digits with letters in lower case are a digest") {
  const std::string digest = digest_of("x");
  CHECK(is_digest(digest));
  CHECK_FALSE(is_digest(digest.substr(1)));
  CHECK_FALSE(is_digest(digest + "0"));
  CHECK_FALSE(is_digest(""));
  std::string wrong = digest;
  wrong[63] = 'F';
  CHECK_FALSE(is_digest(wrong));
  wrong[63] = 'g';
  CHECK_FALSE(is_digest(wrong));
}

TEST_CASE("Password: digests are the same only when every digit is") {
  const std::string digest = digest_of("x");
  CHECK(same_digest(digest, digest_of("x")));
  for (const size_t at : {0, 31, 63}) {
    std::string other = digest;
    other[at] = other[at] == '0' ? '1' : '0';
    CHECK_FALSE(same_digest(digest, other));
  }
}

TEST_CASE("Password: a random one has the digits asked for, and is never the same") {
  CHECK(random_password(1).size() == 1);
  CHECK(random_password(4).size() == 1);
  CHECK(random_password(5).size() == 2);
  CHECK(random_password(256).size() == 64);
  CHECK(random_password(4096).size() == 1024);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random_password(64));
  CHECK(seen.size() == 100);
  CHECK(random_password(4096).find_first_not_of("0123456789abcdef") == std::string::npos);
}

}  // namespace sluice::acl
