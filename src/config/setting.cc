#include "config/setting.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/letters.h"
#include "base/number.h"

namespace sluice::config {
namespace {

using base::Bytes;
using base::ByteView;
using base::Error;
using base::Result;
using Parsed = Result<Setting>;

constexpr std::array<ByteView, 3> kOutputClasses{"normal", "slave", "pubsub"};
constexpr size_t kOutputWords = 4;  // Class, hard, soft, seconds.

Error error(std::string reason) {
  return Error{std::move(reason)};
}

Bytes join(Words words) {
  Bytes text;
  for (const Bytes& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

Setting of_number(int64_t number) {
  return {number, {}};
}
Setting of_text(Bytes text) {
  return {0, std::move(text)};
}

bool is_one_word(Type type) {
  switch (type) {
    case Type::kFlags:
    case Type::kWords:
    case Type::kSavePoints:
    case Type::kOutputLimits:
    case Type::kOomScores:
    case Type::kPercentiles:
      return false;
    default:
      return true;
  }
}

std::optional<int64_t> octal(ByteView text) {
  int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Bytes show_octal(int64_t value) {
  char text[32];
  return Bytes(text, std::to_chars(text, text + sizeof(text), value, 8).ptr);
}

// Taken in silence for an `hz` beyond them, as by Redis.
constexpr int64_t kSlowestTicks = 1;
constexpr int64_t kFastestTicks = 500;

Parsed within(const Row& row, int64_t value) {
  if (value >= row.min && value <= row.max) return of_number(value);
  const auto show = [&](int64_t limit) {
    return row.type == Type::kOctal ? show_octal(limit) : Bytes(base::format_int64(limit).view());
  };
  return error("argument must be between " + show(row.min) + " and " + show(row.max) + " inclusive");
}

Parsed parse_number(const Row& row, ByteView word) {
  if (row.type == Type::kOctal) {
    const auto value = octal(word);
    if (!value) return error("argument couldn't be parsed as an octal number");
    return within(row, *value);
  }
  const auto value = base::parse_int64(word);
  if (!value) return error("argument couldn't be parsed into an integer");
  const Parsed parsed = within(row, *value);
  if (row.name != "hz" || !parsed.ok()) return parsed;
  return of_number(std::clamp<int64_t>(*value, kSlowestTicks, kFastestTicks));
}

Parsed parse_memory_text(const Row& row, ByteView word) {
  const bool percent_allowed = row.type == Type::kMemoryOrPercent;
  if (percent_allowed && !word.empty() && word.back() == '%') {
    const auto percent = base::parse_int64(word.substr(0, word.size() - 1));
    if (!percent || *percent < 0) return error("argument must be a memory or percent value");
    if (*percent > 100) return error("percentage argument must be less or equal to 100");
    return of_number(-*percent);
  }
  const auto bytes = word.empty() ? std::nullopt : base::parse_memory(word);
  if (!bytes)
    return error(percent_allowed ? "argument must be a memory or percent value"
                                 : "argument must be a memory value");
  return within(row, *bytes > INT64_MAX ? -1 : static_cast<int64_t>(*bytes));
}

std::optional<size_t> choice_of(const Row& row, ByteView word) {
  const auto found = std::find(row.choices.begin(), row.choices.end(), base::to_lower(word));
  if (found == row.choices.end()) return std::nullopt;
  return static_cast<size_t>(found - row.choices.begin());
}

Error not_a_choice(const Row& row) {
  std::string reason = "argument(s) must be one of the following: ";
  for (size_t i = 0; i < row.choices.size(); ++i) {
    if (i > 0) reason += ", ";
    reason += row.choices[i];
  }
  return error(std::move(reason));
}

Parsed parse_flags(const Row& row, Words words) {
  int64_t bits = 0;
  for (const Bytes& word : words) {
    const auto choice = choice_of(row, word);
    if (!choice) return not_a_choice(row);
    if (*choice > 0) bits |= int64_t{1} << *choice;
  }
  return of_number(bits);
}

Parsed parse_file_name(const Row& row, ByteView word) {
  const ByteView what = row.name == "appenddirname" ? "dirname" : "filename";
  if (word.empty()) return error(Bytes(row.name) + " can't be empty");
  if (word.find('/') != ByteView::npos) {
    return error(Bytes(row.name).append(" can't be a path, just a ").append(what));
  }
  return of_text(Bytes(word));
}

Parsed parse_save_points(Words words) {
  if (words.size() == 1 && words[0].empty()) return Setting();
  if (words.empty() || words.size() % 2 != 0) return error("Invalid save parameters");
  for (size_t i = 0; i < words.size(); ++i) {
    const auto value = base::parse_int64(words[i]);
    if (!value || *value < (i % 2 == 0 ? 1 : 0) || *value > INT_MAX) return error("Invalid save parameters");
  }
  return of_text(join(words));
}

Parsed parse_output_limits(Words words, const Setting& current) {
  if (words.empty() || words.size() % kOutputWords != 0) {
    return error("Wrong number of arguments in buffer limit configuration.");
  }
  std::vector<Bytes> merged = cut_at_blanks(current.text);
  for (size_t at = 0; at < words.size(); at += kOutputWords) {
    Bytes name = base::to_lower(words[at]);
    if (name == "replica") name = "slave";
    const auto which = std::find(kOutputClasses.begin(), kOutputClasses.end(), name);
    if (which == kOutputClasses.end()) {
      return error("Invalid client class specified in buffer limit configuration.");
    }
    const auto hard = base::parse_memory(words[at + 1]);
    const auto soft = base::parse_memory(words[at + 2]);
    const auto seconds = base::parse_int64(words[at + 3]);
    if (!hard || !soft || *hard > INT64_MAX || *soft > INT64_MAX || !seconds || *seconds < 0) {
      return error("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    const size_t to = static_cast<size_t>(which - kOutputClasses.begin()) * kOutputWords;
    merged[to + 1] = base::format_uint64(*hard).view();
    merged[to + 2] = base::format_uint64(*soft).view();
    merged[to + 3] = base::format_int64(*seconds).view();
  }
  return of_text(join(merged));
}

Parsed parse_oom_scores(Words words) {
  if (words.size() != 3) return error("wrong number of arguments");
  for (const Bytes& word : words) {
    const auto value = base::parse_int64(word);
    if (!value || *value < -2000 || *value > 2000) {
      return error("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
    }
  }
  return of_text(join(words));
}

// Letters in the order CONFIG GET shows them; `A` stands for the first ten.
Parsed parse_event_classes(ByteView word) {
  constexpr ByteView kClasses = "g$lshzxetd";
  constexpr ByteView kOrder = "g$lshzxetdnKEm";
  std::array<bool, kOrder.size()> on{};
  for (const char letter : word) {
    const size_t at = kOrder.find(letter);
    if (letter == 'A') {
      std::fill_n(on.begin(), kClasses.size(), true);
    } else if (at != ByteView::npos) {
      on[at] = true;
    } else {
      return error("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    }
  }
  const bool all = std::all_of(on.begin(), on.begin() + kClasses.size(), [](bool set) { return set; });
  Bytes text = all ? "A" : "";
  for (size_t i = all ? kClasses.size() : 0; i < kOrder.size(); ++i) {
    if (on[i]) text += kOrder[i];
  }
  return of_text(std::move(text));
}

Parsed parse_percentiles(Words words) {
  std::vector<Bytes> shown;
  if (words.size() == 1 && words[0].empty()) words = {};
  for (const Bytes& word : words) {
    const auto value = base::parse_double(word);
    if (!value) return error("Invalid latency-tracking-info-percentiles parameters");
    if (*value < 0 || *value > 100) {
      return error("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    }
    shown.emplace_back(base::format_double(*value).view());
  }
  return of_text(join(shown));
}

Parsed parse_one_word(const Row& row, const Bytes& word) {
  switch (row.type) {
    case Type::kBool: {
      const Bytes answer = base::to_lower(word);
      if (answer != "yes" && answer != "no") return error("argument must be 'yes' or 'no'");
      return of_number(answer == "yes" ? 1 : 0);
    }
    case Type::kInteger:
    case Type::kOctal:
      return parse_number(row, word);
    case Type::kMemory:
    case Type::kMemoryOrPercent:
      return parse_memory_text(row, word);
    case Type::kEnum: {
      const auto choice = choice_of(row, word);
      if (!choice) return not_a_choice(row);
      return of_number(static_cast<int64_t>(*choice));
    }
    case Type::kFileName:
      return parse_file_name(row, word);
    case Type::kEventClasses:
      return parse_event_classes(word);
    default:
      return of_text(word);
  }
}

Parsed parse_words(const Row& row, Words words, const Setting& current) {
  switch (row.type) {
    case Type::kFlags:
      return parse_flags(row, words);
    case Type::kSavePoints:
      return parse_save_points(words);
    case Type::kOutputLimits:
      return parse_output_limits(words, current);
    case Type::kOomScores:
      return parse_oom_scores(words);
    case Type::kPercentiles:
      return parse_percentiles(words);
    default:
      if (row.name == "replicaof" && base::to_lower(join(words)) == "no one") return Setting();
      return of_text(join(words));
  }
}

// Why a value other than the default is refused: the row's reason, and what would be accepted.
Error only_default(const Row& row) {
  const Bytes kept = row.default_text.empty() ? "an empty value" : "'" + Bytes(row.default_text) + "'";
  return error(Bytes(row.doc) + "; only " + kept + " is accepted");
}

}  // namespace

Result<Setting> parse_setting(const Row& row, Words words, const Setting& current) {
  if (is_one_word(row.type) && words.size() != 1) return error("wrong number of arguments");
  if (words.empty()) return error("wrong number of arguments");
  Parsed parsed = is_one_word(row.type) ? parse_one_word(row, words[0]) : parse_words(row, words, current);
  if (parsed.ok() && row.support == Support::kAbsent && !(*parsed == default_setting(row))) {
    return only_default(row);
  }
  return parsed;
}

Setting default_setting(const Row& row) {
  if (row.type == Type::kOutputLimits) return of_text(Bytes(row.default_text));
  if (row.support == Support::kAbsent) {
    Row present = row;
    present.support = Support::kMoot;
    return default_setting(present);
  }
  auto parsed = parse_setting(row, words_of(row, row.default_text), {});
  SLUICE_CHECK(parsed.ok(), "a default that is no value of its option");
  return *parsed;
}

Bytes show_setting(const Row& row, const Setting& setting) {
  switch (row.type) {
    case Type::kBool:
      return setting.number != 0 ? "yes" : "no";
    case Type::kInteger:
    case Type::kMemory:
      return Bytes(base::format_int64(setting.number).view());
    case Type::kOctal:
      return show_octal(setting.number);
    case Type::kMemoryOrPercent:
      if (setting.number < 0) return Bytes(base::format_int64(-setting.number).view()) + "%";
      return Bytes(base::format_int64(setting.number).view());
    case Type::kEnum:
      return Bytes(row.choices[static_cast<size_t>(setting.number)]);
    case Type::kFlags: {
      std::vector<Bytes> names;
      for (size_t i = 1; i < row.choices.size(); ++i) {
        if ((setting.number >> i & 1) != 0) names.emplace_back(row.choices[i]);
      }
      return names.empty() ? Bytes(row.choices[0]) : join(names);
    }
    default:
      return setting.text;
  }
}

std::vector<Bytes> words_of(const Row& row, ByteView text) {
  if (is_one_word(row.type)) return {Bytes(text)};
  std::vector<Bytes> words = cut_at_blanks(text);
  if (words.empty()) words.emplace_back();
  return words;
}

std::vector<Bytes> cut_at_blanks(ByteView text) {
  std::vector<Bytes> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::vector<SavePoint> save_points_of(ByteView text) {
  const std::vector<Bytes> words = cut_at_blanks(text);
  std::vector<SavePoint> points;
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    points.push_back({*base::parse_int64(words[i]), *base::parse_int64(words[i + 1])});
  }
  return points;
}

OutputLimit output_limit_of(ByteView text, OutputClass which) {
  const std::vector<Bytes> words = cut_at_blanks(text);
  const size_t at = static_cast<size_t>(which) * kOutputWords;
  SLUICE_CHECK(words.size() == kOutputClasses.size() * kOutputWords, "limits of output name every class");
  return {*base::parse_int64(words[at + 1]), *base::parse_int64(words[at + 2]),
          *base::parse_int64(words[at + 3])};
}

}  // namespace sluice::config
