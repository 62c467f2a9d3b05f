#include "base/glob.h"

#include <algorithm>

#include "base/letters.h"

namespace sluice::base {

namespace {

struct Element {
  size_t end;  // where the next element of the pattern begins
  bool matches;
};

// Ranges compare bytes as signed numbers, as Redis does on the machines it runs on.
bool in_range(char from, char to, char c, GlobCase letters) {
  if (static_cast<signed char>(from) > static_cast<signed char>(to)) std::swap(from, to);
  if (letters == GlobCase::kIgnore) {
    from = to_lower(from);
    to = to_lower(to);
    c = to_lower(c);
  }
  return static_cast<signed char>(c) >= static_cast<signed char>(from) &&
         static_cast<signed char>(c) <= static_cast<signed char>(to);
}

bool same(char a, char b, GlobCase letters) {
  return a == b || (letters == GlobCase::kIgnore && to_lower(a) == to_lower(b));
}

// `at` is just behind '['. A class that is never closed ends with the pattern.
Element match_class(ByteView pattern, size_t at, char c, GlobCase letters) {
  const bool inverted = at < pattern.size() && pattern[at] == '^';
  if (inverted) ++at;
  bool found = false;
  while (at < pattern.size() && pattern[at] != ']') {
    const size_t left = pattern.size() - at;
    if (left >= 2 && pattern[at] == '\\') {
      found |= pattern[at + 1] == c;
      at += 2;
    } else if (left >= 3 && pattern[at + 1] == '-') {
      found |= in_range(pattern[at], pattern[at + 2], c, letters);
      at += 3;
    } else {
      found |= same(pattern[at], c, letters);
      ++at;
    }
  }
  return {std::min(at + 1, pattern.size()), found != inverted};
}

// REQUIRES: pattern[at] is there and is no '*'.
Element match_element(ByteView pattern, size_t at, char c, GlobCase letters) {
  if (pattern[at] == '?') return {at + 1, true};
  if (pattern[at] == '[') return match_class(pattern, at + 1, c, letters);
  if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
  return {at + 1, same(pattern[at], c, letters)};
}

}  // namespace

bool glob_match(ByteView pattern, ByteView text, GlobCase letters) {
  if (text.empty()) return pattern.empty();
  constexpr size_t kNone = ByteView::npos;
  size_t star = kNone;  // behind the last '*' met; earlier ones never need another try
  size_t taken = 0;     // where that star's text ends in this attempt
  size_t at = 0;
  size_t steps = kGlobSteps + 16 * (pattern.size() + text.size());
  for (size_t i = 0; i < text.size();) {
    if (steps-- == 0) return false;
    if (at < pattern.size() && pattern[at] == '*') {
      star = ++at;
      taken = i;
      if (star == pattern.size()) return true;
      continue;
    }
    if (at < pattern.size()) {
      const Element element = match_element(pattern, at, text[i], letters);
      if (element.matches) {
        at = element.end;
        ++i;
        continue;
      }
    }
    if (star == kNone) return false;
    at = star;
    i = ++taken;
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace sluice::base
