#include "exec/keys.h"

#include <algorithm>
#include <climits>
#include <optional>

#include "base/number.h"
#include "exec/args.h"

namespace sluice::exec {

namespace {

using Words = std::span<const base::ByteView>;

enum class Step : uint8_t { kTaken, kAbsent, kInvalid };

// Where the candidates of a spec begin; 0: nowhere.
int begin_of(const KeySpec& spec, Words words) {
  if (spec.begin == KeySpec::Begin::kIndex) return spec.index;
  const int size = static_cast<int>(words.size());
  const bool forward = spec.start_from > 0;
  const int stride = forward ? 1 : -1;
  for (int i = forward ? spec.start_from : size + spec.start_from; i > 0 && i < size; i += stride) {
    if (same_word(words[static_cast<size_t>(i)], spec.keyword)) return i + 1;
  }
  return 0;
}

// The number that a word begins with, as C's atoi reads it: COMMAND GETKEYS takes "1.5" for a count of one,
// but then cannot tell what is done with the keys.
std::optional<int64_t> leading_number(base::ByteView word) {
  word.remove_prefix(std::min(word.find_first_not_of(" \t\n\v\f\r"), word.size()));
  if (word.starts_with('+')) word.remove_prefix(1);
  const size_t sign = word.starts_with('-') ? 1 : 0;
  return base::parse_int64(word.substr(0, std::min(word.find_first_not_of("0123456789", sign), word.size())));
}

// First and last position of the keys behind a count; nothing when the count is no count.
std::optional<std::pair<int, int>> counted(const KeySpec& spec, Words words, int begin) {
  const int at = begin + spec.keynum_index;
  if (at >= static_cast<int>(words.size())) return std::nullopt;
  const auto count = leading_number(words[static_cast<size_t>(at)]);
  if (!count || *count < 0 || *count > static_cast<int64_t>(words.size())) return std::nullopt;
  const int first = begin + spec.first_key;
  return std::pair{first, first + (static_cast<int>(*count) - 1) * spec.step};
}

std::pair<int, int> ranged(const KeySpec& spec, Words words, int begin) {
  if (spec.last >= 0) return {begin, begin + spec.last};
  const int size = static_cast<int>(words.size());
  if (spec.limit <= 1) return {begin, size + spec.last};
  // Of what remains, only the first part holds keys; the rest belongs to them one by one.
  return {begin, begin + (size - begin) / spec.limit + spec.last};
}

Step evaluate(const KeySpec& spec, Words words, std::vector<KeyArgument>& keys) {
  if (spec.begin == KeySpec::Begin::kUnknown || spec.find == KeySpec::Find::kUnknown) return Step::kInvalid;
  const int begin = begin_of(spec, words);
  if (begin == 0) return Step::kAbsent;
  std::pair<int, int> bounds = ranged(spec, words, begin);
  uint16_t flags = spec.flags;
  if (spec.find == KeySpec::Find::kKeynum) {
    const auto found = counted(spec, words, begin);
    if (!found) return Step::kInvalid;
    bounds = *found;
    const auto count_at = static_cast<size_t>(begin) + static_cast<size_t>(spec.keynum_index);
    if (!base::parse_int64(words[count_at])) flags = 0;
  }
  const auto [first, last] = bounds;
  const int size = static_cast<int>(words.size());
  if (first >= size || last >= size || last < first) return Step::kInvalid;
  for (int i = first; i <= last; i += spec.step) keys.push_back({static_cast<size_t>(i), flags});
  return Step::kTaken;
}

bool is_key_spec(const KeySpec& spec) {
  return spec.begin != KeySpec::Begin::kNone && (spec.flags & kKeyNotKey) == 0;
}

KeySearch by_finder(const CommandSpec& spec, Words words, std::vector<KeyArgument>& keys) {
  keys.clear();
  return spec.key_finder(words, keys) ? KeySearch::kFound : KeySearch::kInvalid;
}

}  // namespace

KeySearch find_keys(const CommandSpec& spec, Words words, std::vector<KeyArgument>& keys) {
  keys.clear();
  const auto present = [&](uint16_t flag) {
    return std::any_of(spec.keys.begin(), spec.keys.end(),
                       [&](const KeySpec& key) { return (key.flags & flag) != 0; });
  };
  if (std::none_of(spec.keys.begin(), spec.keys.end(), is_key_spec)) return KeySearch::kNoKeys;
  const bool has_finder = spec.key_finder != nullptr;
  if (has_finder && present(kKeyVariableFlags)) return by_finder(spec, words, keys);

  KeySearch result = KeySearch::kFound;
  for (const KeySpec& key : spec.keys) {
    if (!is_key_spec(key)) continue;
    // Without a finder, a spec that only names what cannot be known takes nothing from the others.
    if (key.begin == KeySpec::Begin::kUnknown && !has_finder) continue;
    if (evaluate(key, words, keys) != Step::kInvalid && (key.flags & kKeyIncomplete) == 0) continue;
    if (has_finder) return by_finder(spec, words, keys);
    result = KeySearch::kInvalid;
  }
  if (result == KeySearch::kInvalid) keys.clear();
  if (keys.empty()) result = KeySearch::kInvalid;
  if (keys.empty() && (spec.flags & kNoMandatoryKeys) != 0) result = KeySearch::kFound;
  return result;
}

bool find_keys_of(const KeySpec& spec, Words words, std::vector<KeyArgument>& keys) {
  return evaluate(spec, words, keys) != Step::kInvalid;
}

bool may_make_keys(base::ByteView key_template, Words keys) {
  const auto places = static_cast<uint64_t>(std::count(key_template.begin(), key_template.end(), '%'));
  if (places == 0) return true;
  uint64_t bytes = 0;
  for (const base::ByteView key : keys) {
    bytes += key_template.size() - places + places * key.size();
    if (bytes > kMadeKeyBytes) return false;
  }
  return true;
}

base::Bytes make_key(base::ByteView key_template, base::ByteView key) {
  base::Bytes made;
  for (const char c : key_template) {
    if (c == '%') {
      made += key;
    } else {
      made += c;
    }
  }
  return made;
}

KeyRange legacy_range(const CommandSpec& spec) {
  int first = INT_MAX;
  int last = 0;
  int step = 1;
  int specs = 0;
  for (const KeySpec& key : spec.keys) specs += key.begin != KeySpec::Begin::kNone ? 1 : 0;
  for (const KeySpec& key : spec.keys) {
    if (key.begin != KeySpec::Begin::kIndex || key.find != KeySpec::Find::kRange) continue;
    if (specs > 1) {
      // Only neighbours one apart can be told as one range.
      if (key.step != 1 || (last != 0 && last != key.index - 1)) continue;
    } else {
      step = key.step;
    }
    first = std::min<int>(first, key.index);
    const int until = key.last >= 0 ? key.index + key.last : key.last;
    // Counted from the end is further than any position.
    if (last >= 0 && (until < 0 || until > last)) last = until;
  }
  if (first == INT_MAX) return {};
  return {first, last, step};
}

}  // namespace sluice::exec
