#include "snapshot/crc64.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace sluice::snapshot {

namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

constexpr uint64_t kPolynomial = 0x95ac9329ac4bc9b5;  // ad93d23594c935a9 with its bits reversed
constexpr size_t kSlices = 16;
using Tables = std::array<std::array<uint64_t, 256>, kSlices>;

// Table n: what a byte does to the checksum n bytes later.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ kPolynomial : crc >> 1;
    tables[0][byte] = crc;
  }
  for (size_t n = 1; n < kSlices; ++n) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t before = tables[n - 1][byte];
      tables[n][byte] = tables[0][before & 0xff] ^ before >> 8;
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

uint64_t by_tables(uint64_t crc, base::ByteView bytes) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= kSlices; at += kSlices, left -= kSlices) {
    uint64_t low = 0;
    uint64_t high = 0;
    std::memcpy(&low, at, 8);
    std::memcpy(&high, at + 8, 8);
    low ^= crc;
    crc = 0;
    for (size_t byte = 0; byte < 8; ++byte) {
      crc ^= kTables[15 - byte][low >> 8 * byte & 0xff] ^ kTables[7 - byte][high >> 8 * byte & 0xff];
    }
  }
  for (; left > 0; ++at, --left) {
    crc = kTables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xff] ^ crc >> 8;
  }
  return crc;
}

#ifdef __x86_64__

// x to the power of n modulo the polynomial, bits reversed as everything here.
constexpr uint64_t power(unsigned n) {
  uint64_t value = uint64_t{1} << 63;
  for (; n > 0; --n) value = (value & 1) != 0 ? value >> 1 ^ kPolynomial : value >> 1;
  return value;
}

// What moves the two halves of sixteen bytes on by `bits`: carry-less multiplication leaves out one factor of
// x when bits are reversed.
template <unsigned bits>
__attribute__((target("pclmul,sse4.1"))) inline __m128i move_on(__m128i value) {
  const __m128i powers =
      _mm_set_epi64x(static_cast<int64_t>(power(bits - 1)), static_cast<int64_t>(power(bits + 63)));
  return _mm_xor_si128(_mm_clmulepi64_si128(value, powers, 0x00), _mm_clmulepi64_si128(value, powers, 0x11));
}

constexpr size_t kFolded = 64;

// All bytes but fewer than kFolded at the end, `done` of them, are folded into sixteen that have the same
// checksum. REQUIRES: kFolded bytes.
__attribute__((target("pclmul,sse4.1"))) uint64_t by_folding(uint64_t crc, base::ByteView bytes,
                                                             size_t& done) {
  const auto* at = reinterpret_cast<const __m128i*>(bytes.data());
  __m128i lane0 = _mm_xor_si128(_mm_loadu_si128(at), _mm_set_epi64x(0, static_cast<int64_t>(crc)));
  __m128i lane1 = _mm_loadu_si128(at + 1);
  __m128i lane2 = _mm_loadu_si128(at + 2);
  __m128i lane3 = _mm_loadu_si128(at + 3);
  for (done = kFolded; bytes.size() - done >= kFolded; done += kFolded) {
    at += 4;
    lane0 = _mm_xor_si128(move_on<512>(lane0), _mm_loadu_si128(at));
    lane1 = _mm_xor_si128(move_on<512>(lane1), _mm_loadu_si128(at + 1));
    lane2 = _mm_xor_si128(move_on<512>(lane2), _mm_loadu_si128(at + 2));
    lane3 = _mm_xor_si128(move_on<512>(lane3), _mm_loadu_si128(at + 3));
  }
  lane1 = _mm_xor_si128(move_on<128>(lane0), lane1);
  lane2 = _mm_xor_si128(move_on<128>(lane1), lane2);
  lane3 = _mm_xor_si128(move_on<128>(lane2), lane3);
  std::array<char, 16> folded{};
  _mm_storeu_si128(reinterpret_cast<__m128i*>(folded.data()), lane3);
  return by_tables(0, base::ByteView(folded.data(), folded.size()));
}

#endif

}  // namespace

uint64_t crc64(uint64_t before, base::ByteView bytes) {
#ifdef __x86_64__
  if (bytes.size() >= 2 * kFolded && __builtin_cpu_supports("pclmul") != 0 &&
      __builtin_cpu_supports("sse4.1") != 0) {
    size_t done = 0;
    const uint64_t crc = by_folding(before, bytes, done);
    return by_tables(crc, bytes.substr(done));
  }
#endif
  return by_tables(before, bytes);
}

}  // namespace sluice::snapshot
