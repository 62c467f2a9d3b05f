#include "script/shebang.h"

#include <optional>
#include <string>
#include <vector>

#include "base/words.h"

namespace sluice::script {
namespace {

using base::ByteView;
using base::Error;

constexpr ByteView kFlagsOption = "flags=";

struct FlagName {
  ByteView name;
  bool ScriptFlags::*flag;
};

constexpr FlagName kFlagNames[] = {
    {"no-writes", &ScriptFlags::no_writes},
    {"allow-oom", &ScriptFlags::allow_oom},
    {"allow-stale", &ScriptFlags::allow_stale},
    {"no-cluster", &ScriptFlags::no_cluster},
    {"allow-cross-slot-keys", &ScriptFlags::allow_cross_slot_keys},
};

bool set_flag(ByteView name, ScriptFlags& flags) {
  for (const FlagName& known : kFlagNames) {
    if (known.name == name) {
      flags.*known.flag = true;
      return true;
    }
  }
  return false;
}

base::Result<void> parse_flags(ByteView list, ScriptFlags& flags) {
  while (!list.empty()) {
    size_t comma = list.find(',');
    ByteView name = list.substr(0, comma);
    if (!set_flag(name, flags)) return Error{"ERR Unexpected flag in script shebang: " + std::string(name)};
    if (comma == ByteView::npos) break;
    list.remove_prefix(comma + 1);
    if (list.empty()) return Error{"ERR Unexpected flag in script shebang: "};
  }
  return {};
}

}  // namespace

base::Result<Shebang> parse_shebang(ByteView script) {
  Shebang shebang;
  if (!script.starts_with("#!")) return shebang;
  size_t end = script.find('\n');
  if (end == ByteView::npos) return Error{"ERR Invalid script shebang"};
  std::optional<std::vector<base::Bytes>> split = base::split_words(script.substr(0, end));
  if (!split) return Error{"ERR Invalid engine in script shebang"};
  const std::vector<base::Bytes>& words = *split;
  if (words[0] != "#!lua") return Error{"ERR Unexpected engine in script shebang: " + words[0]};
  shebang.flags.declared = true;
  shebang.bytes = end;
  for (size_t i = 1; i < words.size(); ++i) {
    ByteView word = words[i];
    if (!word.starts_with(kFlagsOption)) return Error{"ERR Unknown lua shebang option: " + words[i]};
    base::Result<void> parsed = parse_flags(word.substr(kFlagsOption.size()), shebang.flags);
    if (!parsed.ok()) return parsed.error();
  }
  return shebang;
}

}  // namespace sluice::script
