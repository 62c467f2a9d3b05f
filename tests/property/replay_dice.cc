#include <algorithm>
#include <array>

#include "keyspace/keyspace.h"
#include "property/replay_patterns.h"
#include "script/sha1.h"
#include "snapshot/dump.h"

namespace sluice::test {

namespace {

constexpr uint64_t kWideFields = 2 * keyspace::kFieldsAtOnce;

template <class Visit>
void split(std::string_view text, char at, Visit&& visit) {
  while (!text.empty()) {
    const size_t end = text.find(at);
    visit(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

}  // namespace

std::vector<Pattern> all_patterns() {
  std::vector<Pattern> all;
  for (const std::span<const Pattern> family :
       {key_patterns(), string_patterns(), list_patterns(), hash_patterns(), set_patterns(),
        sorted_set_patterns(), stream_patterns(), script_patterns()}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  return all;
}

std::vector<std::string> Dice::roll(const Pattern& pattern, int64_t now_ms) {
  std::vector<std::string> words;
  split(pattern.command, '|', [&](std::string_view word) { words.emplace_back(word); });
  split(pattern.arguments, ' ', [&](std::string_view slot) {
    const size_t percent = slot.find('%');
    if (percent == std::string_view::npos) {
      words.emplace_back(slot);
    } else if (slot == "%wide_hash") {
      wide_hash(words);
    } else {
      words.push_back(std::string(slot.substr(0, percent)) + word(slot.substr(percent + 1), now_ms));
    }
  });
  return words;
}

void Dice::wide_hash(std::vector<std::string>& words) {
  words.emplace_back("FIELDS");
  words.push_back(std::to_string(kWideFields));
  for (size_t field = 0; field < kWideFields; ++field) {
    words.push_back("w" + std::to_string(field));
    words.push_back(number("int"));
  }
}

int64_t Dice::between(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low + 1)));
}

std::string Dice::key_for(std::string_view type) {
  static constexpr std::array<std::string_view, 7> kTypes = {"list", "string", "counter", "hash",
                                                             "set",  "zset",   "stream"};
  const bool stray = type == "key" || one_in(30);
  return std::string(stray ? kTypes[below(kTypes.size())] : type) + std::to_string(below(3));
}

std::string Dice::value() {
  // Every width an integer is packed in, and the first numbers that are none.
  static constexpr std::array<std::string_view, 12> kNumbers = {"127",
                                                                "-129",
                                                                "4095",
                                                                "-4097",
                                                                "32768",
                                                                "8388608",
                                                                "-2147483649",
                                                                "9223372036854775807",
                                                                "-9223372036854775808",
                                                                "9223372036854775808",
                                                                "-0",
                                                                "3.0"};
  switch (below(12)) {
    case 0:
      return "";
    case 1:
      return std::string("\r\n\0\xff", 4) + std::to_string(below(9));
    case 2:
      return "00" + std::to_string(below(100));
    case 3:
      return std::string(60 + below(20), 'v');
    case 4:
      return std::string(one_in(20) ? 9000 + below(60'000) : 200, 'w');
    case 5:
      return std::string(kNumbers[below(kNumbers.size())]);
    case 6:  // what means something to a reader of the log, where it means nothing
      return one_in(2) ? "\r\n#XXH3:0:0:0:0\r\n" : "*1\r\n$4\r\nEXEC\r\n";
    default:
      return std::to_string(between(-1000, 1000));
  }
}

std::string Dice::number(std::string_view slot) {
  static constexpr std::array<std::string_view, 8> kFloats = {"0.1", "-0.1",  "1e-9",  "3e3",
                                                              "7",   "1e300", "-1.50", "0"};
  // Without -0: a set that SORT made a tree keeps its sign, and the packed one that the log makes does not;
  // as in Redis, where SORT is no more in the log than here.
  static constexpr std::array<std::string_view, 6> kScores = {"-inf", "+inf", "0", "1e17", "0.1", "3"};
  if (slot == "index") return std::to_string(between(-6, 6));
  if (slot == "count") return std::to_string(between(1, 4));
  if (slot == "float") {
    return one_in(2) ? std::to_string(between(-50, 50)) + ".25" : std::string(kFloats[below(kFloats.size())]);
  }
  if (slot == "score") {
    return one_in(6) ? std::string(kScores[below(kScores.size())]) : std::to_string(between(-9, 9)) + ".5";
  }
  if (one_in(60)) return one_in(2) ? "9223372036854775807" : "-9223372036854775808";
  return std::to_string(between(-12, 12));
}

std::string Dice::moment(std::string_view slot, int64_t now_ms) {
  if (slot == "seconds") return std::to_string(between(one_in(10) ? -1 : 1, 3));
  if (slot == "millis") return std::to_string(between(one_in(10) ? -5 : 1, 3000));
  if (slot == "at") return std::to_string(now_ms / 1000 + between(-1, 4));
  return std::to_string(now_ms + between(-100, 3000));
}

std::string Dice::stream_id(std::string_view slot, int64_t now_ms) {
  if (slot == "old_id") {
    const int64_t ms = one_in(2) ? last_id_ : now_ms - between(0, 1) * between(0, 300);
    return std::to_string(ms) + "-" + std::to_string(below(4));
  }
  // Ahead of the clock now and then, so that `*` must count on from there.
  last_id_ = std::max(last_id_, now_ms - 50) + between(0, 2);
  return std::to_string(last_id_) + (slot == "ms" ? "-*" : "-" + std::to_string(below(3) + 1));
}

std::string Dice::dump(int64_t now_ms) {
  keyspace::Keyspace keyspace(1, 1);
  keyspace::Value made = types::StringValue::from_text(value());
  switch (below(5)) {
    case 0: {
      auto list = keyspace.make<types::List>();
      for (uint64_t left = 1 + below(20); left > 0; --left) list.push_back(value());
      made = std::move(list);
      break;
    }
    case 1: {
      auto hash = keyspace.make<types::Hash>();
      for (uint64_t left = 1 + below(9); left > 0; --left) {
        const std::string field = value();
        hash.set(field, value());
        if (one_in(6)) hash.set_deadline(field, now_ms + between(-100, 3000));
      }
      made = std::move(hash);
      break;
    }
    case 2: {
      auto set = keyspace.make<types::Set>();
      for (uint64_t left = 1 + below(9); left > 0; --left) set.add(one_in(2) ? value() : number("int"));
      made = std::move(set);
      break;
    }
    case 3: {
      auto sorted = keyspace.make<types::SortedSet>();
      for (uint64_t left = 1 + below(9); left > 0; --left) sorted.add(value(), static_cast<double>(below(9)));
      made = std::move(sorted);
      break;
    }
    default:
      break;
  }
  return snapshot::dump_value(made, one_in(2));
}

std::string Dice::word(std::string_view slot, int64_t now_ms) {
  const auto any_of = [this](std::span<const std::string_view> words) { return words[below(words.size())]; };
  if (slot == "value") return value();
  if (slot == "member") return one_in(12) ? value() : "m" + std::to_string(below(8));
  if (slot == "wide_member") return "w" + std::to_string(below(kWideFields));
  if (slot == "group") return "g" + std::to_string(below(2));
  if (slot == "consumer") return "c" + std::to_string(below(3));
  if (slot == "db") return std::to_string(below(3));
  if (slot == "end") return one_in(2) ? "LEFT" : "RIGHT";
  if (slot == "script") return std::string(any_of(writing_scripts()));
  if (slot == "reader") return std::string(any_of(reading_scripts()));
  if (slot == "sha") return std::string(script::view(script::sha1_hex(any_of(writing_scripts()))));
  if (slot == "dump") return dump(now_ms);
  for (const std::string_view known : {"int", "index", "count", "float", "score"}) {
    if (slot == known) return number(slot);
  }
  for (const std::string_view known : {"seconds", "millis", "at", "millis_at"}) {
    if (slot == known) return moment(slot, now_ms);
  }
  for (const std::string_view known : {"id", "old_id", "ms"}) {
    if (slot == known) return stream_id(slot, now_ms);
  }
  return key_for(slot);
}

}  // namespace sluice::test
