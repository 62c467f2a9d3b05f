// LiveHash: a hash as everybody sees it at one moment: fields whose deadline has come are not there, though
// nobody has removed them yet. Looks only, for one command, and owns nothing. While nothing is due, which is
// what it asks first, it is the hash itself.
#pragma once

#include <algorithm>

#include "types/hash.h"

namespace sluice::types {

class LiveHash {
 public:
  // `hash` outlives it, unchanged.
  LiveHash(const Hash& hash, int64_t now_ms)
      : hash_(&hash), now_ms_(now_ms), any_due_(hash.next_deadline_ms() <= now_ms) {}

  [[nodiscard]] size_t size() const {
    return any_due_ ? hash_->size() - hash_->due_size(now_ms_) : hash_->size();
  }
  [[nodiscard]] std::optional<ds::Element> get(base::ByteView field) const {
    return is_due(field) ? std::nullopt : hash_->get(field);
  }
  [[nodiscard]] bool contains(base::ByteView field) const { return !is_due(field) && hash_->contains(field); }
  [[nodiscard]] size_t value_length(base::ByteView field) const {
    return is_due(field) ? 0 : hash_->value_length(field);
  }
  // kNeverExpires for a field that has none, or is not there.
  [[nodiscard]] int64_t deadline_ms(base::ByteView field) const { return hash_->deadline_ms(field); }

  // As the hash's own; visit(field, value).
  template <class Visit>
  void for_each(Visit&& visit) const {
    if (any_due_) return hash_->for_each(living(visit));
    hash_->for_each(visit);
  }
  template <class Visit>
  [[nodiscard]] uint64_t scan(uint64_t cursor, size_t count, Visit&& visit) const {
    return any_due_ ? hash_->scan(cursor, count, living(visit)) : hash_->scan(cursor, count, visit);
  }
  // REQUIRES: size() > 0.
  [[nodiscard]] std::pair<ds::Element, ds::Element> random(base::Random& random) const;
  // REQUIRES: count <= size().
  template <class Visit>
  void sample(size_t count, base::Random& random, Visit&& visit) const {
    if (!any_due_) return hash_->sample(count, random, visit);
    SelectionSampler sampler(size(), count);
    for_each([&](const ds::Element& field, const ds::Element& value) {
      if (sampler.take(random)) visit(field, value);
    });
  }

 private:
  [[nodiscard]] bool is_due(base::ByteView field) const {
    return any_due_ && hash_->deadline_ms(field) <= now_ms_;
  }
  template <class Visit>
  [[nodiscard]] auto living(Visit& visit) const {
    return [this, &visit](const ds::Element& field, const ds::Element& value, int64_t deadline_ms) {
      if (deadline_ms > now_ms_) visit(field, value);
    };
  }

  const Hash* hash_;
  int64_t now_ms_;
  bool any_due_;
};

inline std::pair<ds::Element, ds::Element> LiveHash::random(base::Random& random) const {
  // Drawn again while it is none that lives; where few live, one pass finds them sooner.
  constexpr int kDraws = 32;
  for (int i = 0; i < kDraws; ++i) {
    const auto drawn = hash_->random(random);
    base::NumberText buffer;
    if (!is_due(drawn.first.to_text(buffer))) return drawn;
  }
  std::pair<ds::Element, ds::Element> found;
  sample(1, random, [&found](const ds::Element& field, const ds::Element& value) { found = {field, value}; });
  return found;
}

}  // namespace sluice::types
