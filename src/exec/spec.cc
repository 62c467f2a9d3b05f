#include "exec/spec.h"

namespace sluice::exec {

namespace {

struct GroupFacts {
  std::string_view name;
  uint32_t category;
};

constexpr std::array<GroupFacts, 13> kGroups = {{
    {"generic", kCatKeyspace},
    {"string", kCatString},
    {"list", kCatList},
    {"set", kCatSet},
    {"sorted-set", kCatSortedSet},
    {"hash", kCatHash},
    {"pubsub", kCatPubsub},
    {"transactions", kCatTransaction},
    {"connection", kCatConnection},
    {"server", 0},
    {"scripting", kCatScripting},
    {"stream", kCatStream},
    {"bitmap", kCatBitmap},
}};

}  // namespace

std::string_view group_name(Group group) {
  return kGroups[static_cast<size_t>(group)].name;
}

uint32_t categories_of(const CommandSpec& spec) {
  uint32_t categories = spec.categories & ~kCatNotOfGroup;
  // A pure container runs nothing: Redis files only its subcommands.
  const bool container = spec.handler == nullptr;
  if (!container && (spec.categories & kCatNotOfGroup) == 0) {
    categories |= kGroups[static_cast<size_t>(spec.group)].category;
  }
  if ((spec.flags & kWrite) != 0) categories |= kCatWrite;
  if ((spec.flags & kReadonly) != 0 && spec.group != Group::kScripting) categories |= kCatRead;
  if ((spec.flags & kAdmin) != 0) categories |= kCatAdmin | kCatDangerous;
  if ((spec.flags & kPubsub) != 0) categories |= kCatPubsub;
  if ((spec.flags & kBlocking) != 0) categories |= kCatBlocking;
  categories |= (spec.flags & kFast) != 0 ? kCatFast : kCatSlow;
  return categories;
}

std::vector<std::string_view> redacted(const CommandSpec& spec, std::span<const std::string_view> words) {
  std::vector<std::string_view> shown(words.begin(), words.end());
  if (spec.is_secret == nullptr) return shown;
  for (size_t i = 0; i < shown.size(); ++i) {
    if (spec.is_secret(words, i)) shown[i] = "(redacted)";
  }
  return shown;
}

}  // namespace sluice::exec
