// A small command table for tests of rules: five commands, of which one has subcommands.
#pragma once

#include <string>

#include "acl/category.h"
#include "acl/command_names.h"
#include "acl/rules.h"
#include "base/letters.h"

namespace sluice::acl {

// get 0 (read), set 1 (write), config 2 with config|get 3 and config|set 4 (admin, the container slow),
// select 5 (connection).
class FewNames final : public CommandNames {
 public:
  [[nodiscard]] std::optional<NamedCommand> find_named(base::ByteView name) const override {
    static constexpr NamedCommand kAll[] = {{0, 0, false, "get"},       {1, 0, false, "set"},
                                            {2, 2, false, "config"},    {3, 0, true, "config|get"},
                                            {4, 0, true, "config|set"}, {5, 0, false, "select"}};
    for (const NamedCommand& command : kAll) {
      if (base::same_word(command.full_name, name)) return command;
    }
    return std::nullopt;
  }
  [[nodiscard]] CommandSet in_category(uint32_t category) const override {
    CommandSet which;
    if (category == kCatRead) which.set(0);
    if (category == kCatWrite) which.set(1);
    if (category == kCatSlow) which.set(2).set(3).set(4);
    if (category == kCatAdmin) which.set(3).set(4);
    if (category == kCatConnection) which.set(5);
    return which;
  }
};

inline const FewNames kFewNames;
inline constexpr CommandId kGet = 0;
inline constexpr CommandId kSet = 1;
inline constexpr CommandId kConfig = 2;
inline constexpr CommandId kConfigGet = 3;
inline constexpr CommandId kConfigSet = 4;
inline constexpr CommandId kSelect = 5;

inline RuleContext few_names() {
  return {kFewNames, false};
}

}  // namespace sluice::acl
