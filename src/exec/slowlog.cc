#include "exec/slowlog.h"

#include <algorithm>

#include "base/number.h"

namespace sluice::exec {

namespace {

base::Bytes shortened(base::ByteView word) {
  if (word.size() <= kSlowlogMaxArgBytes) return base::Bytes(word);
  base::Bytes text(word.substr(0, kSlowlogMaxArgBytes));
  text += "... (";
  text += base::format_int64(static_cast<int64_t>(word.size() - kSlowlogMaxArgBytes)).view();
  text += " more bytes)";
  return text;
}

}  // namespace

void Slowlog::add(std::span<const base::ByteView> words, const client::Client& client, int64_t now_us,
                  int64_t duration_us) {
  SlowEntry entry{next_id_++, now_us / 1'000'000, duration_us, {}, client.address, client.name};
  const size_t kept = std::min(words.size(), kSlowlogMaxArgs);
  entry.words.reserve(kept);
  for (size_t i = 0; i < kept; ++i) {
    if (i + 1 == kept && words.size() > kept) {
      entry.words.push_back(
          "... (" + base::Bytes(base::format_int64(static_cast<int64_t>(words.size() - kept + 1)).view()) +
          " more arguments)");
    } else {
      entry.words.push_back(shortened(words[i]));
    }
  }
  entries_.push_front(std::move(entry));
}

void Slowlog::trim(size_t max_entries) {
  while (entries_.size() > max_entries) entries_.pop_back();
}

}  // namespace sluice::exec
