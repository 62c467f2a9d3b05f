// The RDB format in numbers: what opens a file, which byte announces which kind of record, and how values are
// laid out. Facts of the published description; how they are read and written is in encoder, decoder and the
// codecs.
//
//   REDIS0010 | AUX name value ... | SELECTDB n | RESIZEDB keys expiring | entry ... | EOF | CRC64, 8 bytes
//   entry = [EXPIRETIME_MS 8 bytes] | type code | key | value, then AUX fields that belong to it
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::snapshot {

// What is written: the version of Redis 7.0, which Redis 7.0 and all later ones read.
inline constexpr unsigned kWrittenVersion = 10;
// The latest deadline of a field that the layouts of Redis 7.4 can say, in unix milliseconds.
inline constexpr uint64_t kLatestFieldMs = (uint64_t{1} << 48) - 1;
// What is read: up to Redis 7.4's.
inline constexpr unsigned kNewestVersion = 12;
inline constexpr std::string_view kMagic = "REDIS";
inline constexpr size_t kVersionDigits = 4;
inline constexpr size_t kChecksumBytes = 8;
// Files carry a checksum from this version on.
inline constexpr unsigned kFirstChecksummedVersion = 5;
inline constexpr unsigned kStreamIdBytes = 16;

// How a value is laid out.
enum class TypeCode : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kSortedSet = 3,  // scores as text
  kHash = 4,
  kSortedSet2 = 5,  // scores as eight bytes
  kModulePreGa = 6,
  kModule = 7,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntset = 11,
  kSortedSetZiplist = 12,
  kHashZiplist = 13,
  kListQuicklist = 14,  // nodes are ziplists
  kStream = 15,
  kHashListpack = 16,
  kSortedSetListpack = 17,
  kListQuicklist2 = 18,  // nodes are listpacks or single values
  kStream2 = 19,         // with counters
  kSetListpack = 20,
  kStream3 = 21,            // with the active time of consumers
  kHashExpiringPreGa = 22,  // deadlines are moments, not told from the earliest
  kHashListpackExpiringPreGa = 23,
  kHashExpiring = 24,
  kHashListpackExpiring = 25,
};
// The last one that version 10 has.
inline constexpr TypeCode kLastWritten = TypeCode::kStream2;

// What else may stand where a type code could.
enum class Opcode : uint8_t {
  kSlotInfo = 244,
  kFunction = 245,
  kFunctionPreGa = 246,
  kModuleAux = 247,
  kIdle = 248,
  kFrequency = 249,
  kAux = 250,
  kResizeDb = 251,
  kExpireTimeMs = 252,
  kExpireTime = 253,
  kSelectDb = 254,
  kEof = 255,
};

// The first byte of a length: the two upper bits say what follows.
inline constexpr uint8_t kLength6 = 0x00;
inline constexpr uint8_t kLength14 = 0x40;
inline constexpr uint8_t kLength32 = 0x80;
inline constexpr uint8_t kLength64 = 0x81;
inline constexpr uint8_t kSpecialString = 0xc0;

// The lower six bits of a special string.
enum class StringForm : uint8_t { kInt8 = 0, kInt16 = 1, kInt32 = 2, kLzf = 3 };

// What a node of kListQuicklist2 is.
enum class NodeContainer : uint8_t { kPlain = 1, kPacked = 2 };

// The first byte of a score in kSortedSet: the length of its text, or one of these.
inline constexpr uint8_t kScoreNan = 253;
inline constexpr uint8_t kScoreInfinity = 254;
inline constexpr uint8_t kScoreMinusInfinity = 255;

}  // namespace sluice::snapshot
