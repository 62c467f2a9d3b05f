#include "acl/registry.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "acl/password.h"
#include "acl/sessions.h"

namespace sluice::acl {

namespace {

constexpr base::ByteView kNothingChanged =
    "WARNING: ACL errors detected, no change to the previously active ACL rules was performed";

std::vector<base::ByteView> views_of(std::span<const base::Bytes> words) {
  return {words.begin(), words.end()};
}

std::vector<base::ByteView> cut(base::ByteView text, char separator) {
  std::vector<base::ByteView> parts;
  for (;;) {
    const size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

base::ByteView trimmed(base::ByteView text, base::ByteView blanks) {
  const size_t first = text.find_first_not_of(blanks);
  if (first == base::ByteView::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

std::string line_of(const User& user) {
  return "user " + user.name() + " " + user.text();
}

Registry::Registry(const CommandNames& names, client::ClientTable& clients, const client::Hub& hub,
                   base::Fs& fs)
    : names_(names), clients_(clients), hub_(hub), fs_(fs) {
  put(new_default_user());
}

User Registry::new_default_user() const {
  User user(kDefaultUser, base::Bytes(kDefaultUserName), context());
  for (const base::ByteView rule : {"+@all", "~*", "&*", "on", "nopass"}) {
    static_cast<void>(user.apply(rule, context()));  // none of these can fail
  }
  return user;
}

void Registry::put(User user) {
  const base::Bytes name = user.name();
  std::unique_ptr<User>& place = users_[name];
  if (place) {
    *place = std::move(user);
  } else {
    place = std::make_unique<User>(std::move(user));
    by_id_[place->id()] = place.get();
  }
  refresh_clients(clients_, *place);
}

void Registry::set_default_password(base::ByteView password) {
  const std::string digest = password.empty() ? std::string() : digest_of(password);
  if (digest == default_password_digest_) return;
  default_password_digest_ = digest;
  User user = default_user();
  static_cast<void>(user.apply(password.empty() ? "nopass" : "resetpass", context()));
  if (!password.empty()) static_cast<void>(user.apply("#" + digest, context()));
  put(std::move(user));
}

bool Registry::default_user_was_changed() const {
  User fresh = new_default_user();
  if (!default_password_digest_.empty()) {
    static_cast<void>(fresh.apply("resetpass", context()));
    static_cast<void>(fresh.apply("#" + default_password_digest_, context()));
  }
  return fresh.text() != default_user().text();
}

const User* Registry::find(base::ByteView name) const {
  const auto found = users_.find(name);
  return found == users_.end() ? nullptr : found->second.get();
}

const User& Registry::of(const client::Client& client) const {
  const auto found = by_id_.find(client.user);
  return found == by_id_.end() ? default_user() : *found->second;
}

const User* Registry::credentials(base::ByteView name, base::ByteView password) const {
  const User* user = find(name);
  return user != nullptr && user->accepts(password) ? user : nullptr;
}

void Registry::log_in(client::Client& client, const User& user) const {
  acl::set_user(client, user);
  client.authenticated = true;
}

void Registry::log_out(client::Client& client) const {
  acl::set_user(client, default_user());
  client.authenticated = open();
}

base::Result<void> Registry::set_user(base::ByteView name, std::span<const base::ByteView> rules,
                                      client::ClientId asking) {
  const auto joined = joined_selectors(rules);
  if (!joined.ok()) {
    return base::Error{"ERR Unmatched parenthesis in acl selector starting at '" +
                       base::Bytes(rules[joined.error()]) + "'."};
  }
  const User* known = find(name);
  User user = known != nullptr ? *known : User(last_id_ + 1, base::Bytes(name), context());
  for (const base::Bytes& rule : *joined) {
    if (const RuleError error = user.apply(rule, context()); error != RuleError::kNone) {
      return base::Error{"ERR Error in ACL SETUSER modifier '" + rule + "': " + std::string(text_of(error))};
    }
  }
  if (known == nullptr) ++last_id_;
  drop_listeners(clients_, hub_, user, asking);
  put(std::move(user));
  return {};
}

bool Registry::remove(base::ByteView name, client::ClientId asking) {
  const auto found = users_.find(name);
  if (found == users_.end()) return false;
  drop_clients(clients_, *found->second, default_user(), asking);
  by_id_.erase(found->second->id());
  users_.erase(found);
  return true;
}

base::Result<void> Registry::configure(std::span<const base::Bytes> words) {
  const base::Bytes& name = words[0];
  if (std::find(configured_.begin(), configured_.end(), name) != configured_.end()) {
    return base::Error{"Duplicate user found. A user can only be defined once in config files"};
  }
  if (has_blanks(name)) return base::Error{"Spaces not allowed in ACL usernames"};
  const std::vector<base::ByteView> said = views_of(words.subspan(1));
  const auto joined = joined_selectors(said);
  if (!joined.ok()) {
    return base::Error{"Unmatched parenthesis in acl selector starting at '" +
                       base::Bytes(said[joined.error()]) + "'."};
  }
  const User* known = find(name);
  User user(known != nullptr ? known->id() : ++last_id_, name, context());
  for (const base::Bytes& rule : *joined) {
    if (const RuleError error = user.apply(rule, context()); error != RuleError::kNone) {
      return base::Error{"Error loading ACL rule '" + rule + "' for the user named '" + name +
                         "': " + std::string(text_of(error))};
    }
  }
  configured_.push_back(name);
  put(std::move(user));
  return {};
}

// One line of a file. The error is what is to be told of it, all of it; the user is put in all the same.
base::Result<void> Registry::read_line(std::vector<base::ByteView> words, base::ByteView place, Users& into) {
  const std::string at(place);
  if (words[0] != "user" || words.size() < 2) {
    return base::Error{at + " should start with user keyword followed by the username. "};
  }
  const base::Bytes name(words[1]);
  if (has_blanks(name)) {
    return base::Error{"'" + at + ": username '" + name + "' contains invalid characters. "};
  }
  const auto joined = joined_selectors(std::span(words).subspan(2));
  std::string faults;
  if (!joined.ok()) faults = at + ": Unmatched parenthesis in selector definition.";
  User user(name == kDefaultUserName ? kDefaultUser : ++last_id_, name, context());
  bool told = false;
  for (const base::Bytes& rule : joined.ok() ? *joined : std::vector<base::Bytes>{}) {
    const base::ByteView bare = trimmed(rule, "\t\r\n");
    const RuleError error = user.apply(bare, context());
    if (error == RuleError::kNone) continue;
    const std::string reason(text_of(error));
    if (error == RuleError::kUnknownCommand) {
      faults += at + ": Error in applying operation '" + std::string(bare) + "': " + reason + ". ";
    } else if (!std::exchange(told, true)) {
      // The rule itself is not told: it may be a password.
      faults += at + ": " + reason + ". ";
    }
  }
  into.emplace(name, std::make_unique<User>(std::move(user)));
  if (!faults.empty()) return base::Error{faults};
  return {};
}

base::Result<void> Registry::load_file(const std::string& path, client::ClientId asking) {
  const auto text = base::read_whole(fs_, path, kMaxUserFileBytes);
  if (!text.ok()) {
    return base::Error{"Error loading ACLs, opening file '" + path +
                       "': " + std::generic_category().message(text.error().code)};
  }
  return load(*text, path, asking);
}

base::IoResult<void> Registry::save_file(const std::string& path) const {
  std::string text;
  for_each([&](const User& user) { text += line_of(user) + "\n"; });
  return base::replace_file(fs_, path, text);
}

base::Result<void> Registry::load(base::ByteView text, base::ByteView path, client::ClientId asking) {
  Users users;
  std::string faults;
  const std::vector<base::ByteView> lines = cut(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    const base::ByteView line = trimmed(lines[i], " \t\r\n");
    if (line.empty()) continue;
    std::vector<base::ByteView> words = cut(line, ' ');
    if (words.size() >= 2 && words[0] == "user" && users.contains(words[1])) {
      faults += "WARNING: Duplicate user '" + base::Bytes(words[1]) + "' found on line " +
                std::to_string(i + 1) + ". ";
      continue;
    }
    const std::string place = base::Bytes(path) + ":" + std::to_string(i + 1);
    if (auto read = read_line(std::move(words), place, users); !read) faults += read.error().message;
  }
  if (!faults.empty()) return base::Error{faults + base::Bytes(kNothingChanged)};
  replace_all(std::move(users), asking);
  return {};
}

void Registry::replace_all(Users users, client::ClientId asking) {
  const auto named_default = users.find(kDefaultUserName);
  User changed = named_default == users.end() ? new_default_user() : *named_default->second;
  drop_listeners(clients_, hub_, changed, asking);
  put(std::move(changed));
  std::erase_if(users, [](const auto& row) { return row.first == kDefaultUserName; });
  for (const auto& [name, user] : users_) {
    if (user->id() == kDefaultUser) continue;
    drop_clients(clients_, *user, default_user(), asking);
    by_id_.erase(user->id());
  }
  std::erase_if(users_, [](const auto& row) { return row.second->id() != kDefaultUser; });
  for (auto& [name, user] : users) {
    by_id_[user->id()] = user.get();
    users_.emplace(name, std::move(user));
  }
}

}  // namespace sluice::acl
