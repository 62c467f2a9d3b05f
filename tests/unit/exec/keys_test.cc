#include "exec/keys.h"

#include <string>

#include <doctest/doctest.h>

namespace sluice::exec {

namespace {

using Words = std::vector<base::ByteView>;

// "1:RO 2:OW" style is more than needed: positions alone, or why there are none.
std::string found(const CommandSpec& spec, const Words& words) {
  std::vector<KeyArgument> keys;
  switch (find_keys(spec, words, keys)) {
    case KeySearch::kNoKeys:
      return "no keys";
    case KeySearch::kInvalid:
      return "invalid";
    case KeySearch::kFound:
      break;
  }
  std::string text;
  for (const KeyArgument& key : keys) text += (text.empty() ? "" : " ") + std::to_string(key.index);
  return text;
}

CommandSpec row(const KeySpecs& keys, uint32_t flags = 0) {
  CommandSpec spec;
  spec.name = "x";
  spec.arity = -1;
  spec.keys = keys;
  spec.flags = flags;
  return spec;
}

bool last_word_is_key(std::span<const std::string_view> words, std::vector<KeyArgument>& keys) {
  if (words.back() == "broken") return false;
  keys.push_back({words.size() - 1, kKeyRo});
  return true;
}

}  // namespace

TEST_CASE("Keys: one, all, every second, all but the last") {
  CHECK(found(row(one_key(1, kKeyRo)), {"x", "a", "b"}) == "1");
  CHECK(found(row(keys_from(1, -1, 1, kKeyRo)), {"x", "a", "b", "c"}) == "1 2 3");
  CHECK(found(row(keys_from(1, -1, 2, kKeyRo)), {"x", "a", "1", "b", "2"}) == "1 3");
  CHECK(found(row(keys_from(1, -1, 2, kKeyRo)), {"x", "a", "1", "b"}) == "1 3");
  CHECK(found(row(keys_from(1, -2, 1, kKeyRo)), {"x", "a", "b", "0"}) == "1 2");
  CHECK(found(row(two_keys(key_range(1, 0, 1, kKeyRo), key_range(2, 0, 1, kKeyOw))), {"x", "a", "b"}) ==
        "1 2");
}

TEST_CASE("Keys: behind a count, which must be one and fit") {
  const CommandSpec spec = row(numkeys_at(1, kKeyRo));
  CHECK(found(spec, {"x", "2", "a", "b", "more"}) == "2 3");
  CHECK(found(spec, {"x", "1.5", "a"}) == "2");
  CHECK(found(spec, {"x", " +1x", "a"}) == "2");
  CHECK(found(spec, {"x", "+-1", "a"}) == "invalid");
  CHECK(found(spec, {"x", "3", "a", "b"}) == "invalid");
  CHECK(found(spec, {"x", "0", "a"}) == "invalid");
  CHECK(found(spec, {"x", "-1", "a"}) == "invalid");
  CHECK(found(spec, {"x", "two", "a"}) == "invalid");
  CHECK(found(spec, {"x", "9223372036854775807", "a"}) == "invalid");
  CHECK(found(spec, {"x"}) == "invalid");
}

TEST_CASE("Keys: where they are optional, an impossible count means none") {
  const CommandSpec spec = row(numkeys_at(2, kKeyRw), kNoMandatoryKeys);
  CHECK(found(spec, {"x", "script", "0", "arg"}) == "");
  CHECK(found(spec, {"x", "script", "9", "arg"}) == "");
  CHECK(found(spec, {"x", "script", "1", "k", "arg"}) == "3");
}

TEST_CASE("Keys: the first half behind a word, searched in any case from its start or from the end") {
  const CommandSpec forward = row(stream_keys(1, kKeyRo));
  CHECK(found(forward, {"x", "COUNT", "2", "streams", "a", "b", "0", "0"}) == "4 5");
  CHECK(found(forward, {"x", "COUNT", "2"}) == "invalid");
  CHECK(found(forward, {"x", "STREAMS"}) == "invalid");
  KeySpec spec = stream_keys(-1, kKeyRo)[0];
  spec.keyword = "KEYS";
  spec.limit = 0;
  CHECK(found(row({spec}), {"x", "keys", "no", "KEYS", "a", "b"}) == "4 5");
}

TEST_CASE("Keys: a spec that nobody can know leaves what the others found") {
  const KeySpecs keys = two_keys(key_range(1, 0, 1, kKeyRo), unknown_spec(kKeyOw, "store"));
  CHECK(found(row(keys), {"x", "a", "b"}) == "1");
  CommandSpec with_finder = row(keys);
  with_finder.key_finder = last_word_is_key;
  CHECK(found(with_finder, {"x", "a", "b"}) == "2");
  CHECK(found(with_finder, {"x", "a", "broken"}) == "invalid");
}

TEST_CASE("Keys: a finder is asked where use depends on the words, and not where specs suffice") {
  CommandSpec varying = row(one_key(1, kKeyRw | kKeyVariableFlags));
  varying.key_finder = last_word_is_key;
  CHECK(found(varying, {"x", "a", "b"}) == "2");
  CommandSpec certain = row(one_key(1, kKeyRw));
  certain.key_finder = last_word_is_key;
  CHECK(found(certain, {"x", "a", "b"}) == "1");
}

TEST_CASE("Keys: words that only look like keys are left out") {
  CHECK(found(row(one_key(1, kKeyNotKey)), {"x", "a"}) == "no keys");
  CHECK(found(row(no_keys()), {"x", "a"}) == "no keys");
}

TEST_CASE("Keys: the flags of the spec go with each key") {
  std::vector<KeyArgument> keys;
  const Words words = {"x", "a"};
  REQUIRE(find_keys(row(one_key(1, kKeyRw | kKeyDelete)), words, keys) == KeySearch::kFound);
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].flags == (kKeyRw | kKeyDelete));
  const Words loosely_counted = {"x", "1.5", "a"};
  REQUIRE(find_keys(row(numkeys_at(1, kKeyRo)), loosely_counted, keys) == KeySearch::kFound);
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].flags == 0);
}

TEST_CASE("Keys: the old range is one spec, or neighbours joined") {
  const auto range = [](const KeySpecs& keys) {
    const KeyRange r = legacy_range(row(keys));
    return std::to_string(r.first) + " " + std::to_string(r.last) + " " + std::to_string(r.step);
  };
  CHECK(range(no_keys()) == "0 0 0");
  CHECK(range(one_key(2, kKeyRo)) == "2 2 1");
  CHECK(range(keys_from(1, -2, 1, kKeyRo)) == "1 -2 1");
  CHECK(range(keys_from(1, -1, 2, kKeyRo)) == "1 -1 2");
  CHECK(range(numkeys_at(1, kKeyRo)) == "0 0 0");
  CHECK(range(two_keys(key_range(1, 0, 1, kKeyRo), key_range(2, 0, 1, kKeyOw))) == "1 2 1");
  CHECK(range(two_keys(key_range(2, 0, 1, kKeyOw), key_range(3, -1, 1, kKeyRo))) == "2 -1 1");
  CHECK(range(two_keys(key_range(1, 0, 1, kKeyOw), keynum_spec(2, kKeyRo))) == "1 1 1");
}

TEST_CASE("Keys: a template names a key for each of the others, all of them within a limit") {
  CHECK(make_key("%:work", "q") == "q:work");
  CHECK(make_key("%%|", "ab") == "abab|");
  CHECK(make_key("plain", "q") == "plain");
  CHECK(make_key("%", "") == "");
  const std::string half(kMadeKeyBytes / 2, 'k');
  CHECK(may_make_keys("%", std::vector<base::ByteView>{half, half}));
  CHECK(!may_make_keys("%.", std::vector<base::ByteView>{half, half}));
  CHECK(!may_make_keys(std::string(kMadeKeyBytes, '%'), std::vector<base::ByteView>{half, half}));
  CHECK(may_make_keys(half + half + ".", std::vector<base::ByteView>{half}));
}

}  // namespace sluice::exec
