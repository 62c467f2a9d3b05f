// User: a name, how to prove to be it, and what it may do: its selectors, of which the first is changed by
// plain rules and always there. A value: rules are tried on a copy, so that a list of them is taken whole or
// not at all. Who is connected as whom is acl/sessions' business.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "acl/rules.h"
#include "acl/selector.h"
#include "base/bytes.h"

namespace sluice::acl {

using UserId = uint32_t;  // never reused
inline constexpr UserId kDefaultUser = 0;
inline constexpr base::ByteView kDefaultUserName = "default";

class User {
 public:
  // As ACL SETUSER makes one: off, without a password, and nothing allowed.
  User(UserId id, base::Bytes name, const RuleContext& context);

  [[nodiscard]] UserId id() const { return id_; }
  [[nodiscard]] const base::Bytes& name() const { return name_; }
  [[nodiscard]] bool enabled() const { return enabled_; }
  // Any password will do.
  [[nodiscard]] bool no_password() const { return no_password_; }
  [[nodiscard]] const std::vector<std::string>& digests() const { return digests_; }
  [[nodiscard]] const std::vector<Selector>& selectors() const { return selectors_; }

  // One rule. What was changed before a failure stays changed. The empty rule changes nothing.
  RuleError apply(base::ByteView rule, const RuleContext& context);

  [[nodiscard]] bool accepts(base::ByteView password) const;
  // REQUIRES: attempt.words outlive the call.
  [[nodiscard]] Verdict check(const Attempt& attempt) const;
  // The command itself, and one selector gives this access to whatever key it may name beside its arguments
  // (SORT BY).
  [[nodiscard]] bool may_use_every_key(const Attempt& attempt, uint8_t access) const;
  [[nodiscard]] bool may_use_channel(base::ByteView channel, bool is_pattern) const;
  // Nothing is ever refused to it: its requests need no look.
  [[nodiscard]] bool unrestricted() const;

  // "on", "nopass", "sanitize-payload": in Redis's order.
  [[nodiscard]] std::vector<base::ByteView> flags() const;
  // All of it as rules, in one line: "on #<digest> sanitize-payload ~* &* +@all".
  [[nodiscard]] std::string text() const;

 private:
  RuleError apply_password_rule(base::ByteView rule);
  RuleError add_selector(base::ByteView rules, const RuleContext& context);
  void reset(const RuleContext& context);

  UserId id_;
  base::Bytes name_;
  bool enabled_ = false;
  bool no_password_ = false;
  bool sanitizes_payload_ = true;  // kept and shown; payloads are always checked in full
  std::vector<std::string> digests_;
  std::vector<Selector> selectors_;
};

}  // namespace sluice::acl
