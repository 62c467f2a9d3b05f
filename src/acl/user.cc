#include "acl/user.h"

#include <algorithm>
#include <utility>

#include "acl/password.h"
#include "base/letters.h"
#include "base/words.h"

namespace sluice::acl {

using base::same_word;

User::User(UserId id, base::Bytes name, const RuleContext& context) : id_(id), name_(std::move(name)) {
  selectors_.emplace_back(context.all_channels_by_default);
}

RuleError User::apply(base::ByteView rule, const RuleContext& context) {
  if (rule.empty()) return RuleError::kNone;
  constexpr base::ByteView kPasswordSigns = "><#!";
  if (same_word(rule, "on") || same_word(rule, "off")) {
    enabled_ = rule.size() == 2;
  } else if (same_word(rule, "sanitize-payload") || same_word(rule, "skip-sanitize-payload")) {
    sanitizes_payload_ = same_word(rule, "sanitize-payload");
  } else if (same_word(rule, "nopass") || same_word(rule, "resetpass")) {
    no_password_ = same_word(rule, "nopass");
    digests_.clear();
  } else if (kPasswordSigns.find(rule.front()) != base::ByteView::npos) {
    return apply_password_rule(rule);
  } else if (rule.size() >= 2 && rule.front() == '(' && rule.back() == ')') {
    return add_selector(rule.substr(1, rule.size() - 2), context);
  } else if (same_word(rule, "clearselectors")) {
    selectors_.erase(selectors_.begin() + 1, selectors_.end());
  } else if (same_word(rule, "reset")) {
    reset(context);
  } else {
    return selectors_.front().apply(rule, context.names);
  }
  return RuleError::kNone;
}

RuleError User::apply_password_rule(base::ByteView rule) {
  const char sign = rule.front();
  const bool in_clear = sign == '>' || sign == '<';
  const base::ByteView said = rule.substr(1);
  if (!in_clear && !is_digest(said)) return RuleError::kBadDigest;
  const std::string digest = in_clear ? digest_of(said) : std::string(said);
  const auto known = std::find(digests_.begin(), digests_.end(), digest);
  if (sign == '<' || sign == '!') {
    if (known == digests_.end()) return RuleError::kNoSuchPassword;
    digests_.erase(known);
    return RuleError::kNone;
  }
  if (known == digests_.end()) {
    if (digests_.size() >= kMaxRulesOfAKind) return RuleError::kTooMany;
    digests_.push_back(digest);
  }
  no_password_ = false;
  return RuleError::kNone;
}

RuleError User::add_selector(base::ByteView rules, const RuleContext& context) {
  const auto words = base::split_words(rules);
  if (!words) return RuleError::kSyntax;
  if (selectors_.size() >= kMaxRulesOfAKind) return RuleError::kTooMany;
  Selector selector(context.all_channels_by_default);
  for (const base::Bytes& word : *words) {
    if (const RuleError error = selector.apply(word, context.names); error != RuleError::kNone) return error;
  }
  selectors_.push_back(std::move(selector));
  return RuleError::kNone;
}

void User::reset(const RuleContext& context) {
  *this = User(id_, std::move(name_), context);
}

bool User::accepts(base::ByteView password) const {
  if (!enabled_) return false;
  if (no_password_) return true;
  const std::string digest = digest_of(password);
  bool found = false;
  for (const std::string& known : digests_) found |= same_digest(known, digest);
  return found;
}

Verdict User::check(const Attempt& attempt) const {
  Verdict worst{Reason::kCommand, 0};
  for (const Selector& selector : selectors_) {
    const Verdict verdict = selector.check(attempt);
    if (verdict.allowed()) return verdict;
    if (verdict.denied > worst.denied || (verdict.denied == worst.denied && verdict.word > worst.word)) {
      worst = verdict;
    }
  }
  return worst;
}

bool User::may_use_every_key(const Attempt& attempt, uint8_t access) const {
  return std::any_of(selectors_.begin(), selectors_.end(), [&](const Selector& selector) {
    return selector.may_use_every_key(access) && selector.check(attempt).allowed();
  });
}

bool User::may_use_channel(base::ByteView channel, bool is_pattern) const {
  return std::any_of(selectors_.begin(), selectors_.end(),
                     [&](const Selector& selector) { return selector.may_use_channel(channel, is_pattern); });
}

bool User::unrestricted() const {
  return std::any_of(selectors_.begin(), selectors_.end(),
                     [](const Selector& selector) { return selector.allows_everything(); });
}

std::vector<base::ByteView> User::flags() const {
  std::vector<base::ByteView> flags = {enabled_ ? "on" : "off"};
  if (no_password_) flags.emplace_back("nopass");
  flags.emplace_back(sanitizes_payload_ ? "sanitize-payload" : "skip-sanitize-payload");
  return flags;
}

std::string User::text() const {
  std::string text;
  for (const base::ByteView flag : flags()) text.append(flag).append(" ");
  for (const std::string& digest : digests_) text += "#" + digest + " ";
  text += selectors_.front().text();
  for (size_t i = 1; i < selectors_.size(); ++i) text += " (" + selectors_[i].text() + ")";
  return text;
}

}  // namespace sluice::acl
