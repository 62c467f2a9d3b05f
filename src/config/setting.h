// The value of one option: how its text is read, checked and shown. Knows the types of options and nothing of
// who holds or uses them. Refusals are the reasons that redis-server gives, where it has one. A value that
// the store owns.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "config/options.h"

namespace sluice::config {

// `number` holds flags, numbers, bytes, the index of an enum's choice, the bits of flags and, negated, a
// percentage; `text` holds everything else in the form CONFIG GET shows.
struct Setting {
  int64_t number = 0;
  base::Bytes text;

  friend bool operator==(const Setting& left, const Setting& right) {
    return left.number == right.number && left.text == right.text;
  }
};

using Words = std::span<const base::Bytes>;

// `current` is what the option holds: limits of output name only the classes they change. Values that `row`
// cannot take because the part is absent are refused here as well.
base::Result<Setting> parse_setting(const Row& row, Words words, const Setting& current);

// REQUIRES: the row's own default text, which is always valid.
Setting default_setting(const Row& row);

// As CONFIG GET shows it.
base::Bytes show_setting(const Row& row, const Setting& setting);

// The words one text of CONFIG SET stands for: options of several words are cut at blanks, others are one
// word.
std::vector<base::Bytes> words_of(const Row& row, base::ByteView text);

// Cut at blanks; none are empty.
std::vector<base::Bytes> cut_at_blanks(base::ByteView text);

struct SavePoint {
  int64_t seconds;
  int64_t changes;
};

enum class OutputClass : uint8_t { kNormal, kReplica, kPubsub };

struct OutputLimit {
  int64_t hard_bytes = 0;  // Zero is no limit.
  int64_t soft_bytes = 0;
  int64_t soft_seconds = 0;
};

// REQUIRES: text of a setting of these types.
std::vector<SavePoint> save_points_of(base::ByteView text);
OutputLimit output_limit_of(base::ByteView text, OutputClass which);

}  // namespace sluice::config
