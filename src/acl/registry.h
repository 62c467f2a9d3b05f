// Registry: every user by name, and what was refused to them. Users come from `user` lines of the
// configuration, from the aclfile, and from ACL SETUSER; the default user is always there. A list of rules,
// and a file, is taken whole or not at all. It tells connections at once when their user changes; whether a
// request is allowed, the gates ask (exec/access). Owns the users; the command names, the client table, the
// hub and the file system belong to the server.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "acl/command_names.h"
#include "acl/denial_log.h"
#include "acl/user.h"
#include "base/bytes.h"
#include "base/fs.h"
#include "base/result.h"
#include "client/client_table.h"
#include "client/hub.h"

namespace sluice::acl {

inline constexpr uint64_t kMaxUserFileBytes = uint64_t{64} << 20;

// "user <name> <rules>": a line of a configuration, and of an aclfile.
[[nodiscard]] std::string line_of(const User& user);

class Registry {
 public:
  Registry(const CommandNames& names, client::ClientTable& clients, const client::Hub& hub, base::Fs& fs);

  // acl-pubsub-default and acllog-max-len. The first counts for users and selectors made from now on.
  void set_all_channels_by_default(bool all) { all_channels_by_default_ = all; }
  void set_max_denials(size_t max) { max_denials_ = max; }
  // requirepass; empty: any password will do. Said again, it changes nothing: what ACL SETUSER has made of
  // the default user since then stays.
  void set_default_password(base::ByteView password);

  [[nodiscard]] const User* find(base::ByteView name) const;
  // Whom a client is logged in as.
  [[nodiscard]] const User& of(const client::Client& client) const;
  [[nodiscard]] const User& default_user() const { return *by_id_.at(kDefaultUser); }
  // In the order of their names.
  template <class Visitor>
  void for_each(Visitor&& visit) const {
    for (const auto& [name, user] : users_) visit(static_cast<const User&>(*user));
  }
  [[nodiscard]] size_t size() const { return users_.size(); }

  // Nobody needs to say who he is: the default user is on and takes any password.
  [[nodiscard]] bool open() const { return default_user().enabled() && default_user().no_password(); }
  // The user that these let in, or null.
  [[nodiscard]] const User* credentials(base::ByteView name, base::ByteView password) const;
  void log_in(client::Client& client, const User& user) const;
  // As a new connection: the default user, welcome or not.
  void log_out(client::Client& client) const;

  // ACL SETUSER by the client `asking`; makes the user if it is new. Fails with the reply's text.
  base::Result<void> set_user(base::ByteView name, std::span<const base::ByteView> rules,
                              client::ClientId asking);
  // Takes a user away, with its connections. False if there is none. REQUIRES: not the default one.
  bool remove(base::ByteView name, client::ClientId asking);

  // A `user` line of the configuration: name and rules, once for each name, before anybody is connected.
  // Fails with the bare reason.
  base::Result<void> configure(std::span<const base::Bytes> words);
  // ACL LOAD: the users of the aclfile in place of those there are. Fails, and changes nothing, with all of
  // its faults, each with its line.
  base::Result<void> load_file(const std::string& path, client::ClientId asking);
  // ACL SAVE: the file has all the users, or what it had before.
  base::IoResult<void> save_file(const std::string& path) const;
  // Whether requirepass alone does not make the default user what it is now.
  [[nodiscard]] bool default_user_was_changed() const;

  void note_denial(Denial denial, int64_t now_ms) { denials_.add(std::move(denial), now_ms, max_denials_); }
  [[nodiscard]] DenialLog& denials() { return denials_; }

 private:
  using Users = std::map<base::Bytes, std::unique_ptr<User>, std::less<>>;

  [[nodiscard]] RuleContext context() const { return {names_, all_channels_by_default_}; }
  [[nodiscard]] User new_default_user() const;
  base::Result<void> load(base::ByteView text, base::ByteView path, client::ClientId asking);
  // Puts a user in, in place of the one of its id.
  void put(User user);
  base::Result<void> read_line(std::vector<base::ByteView> words, base::ByteView place, Users& into);
  void replace_all(Users users, client::ClientId asking);

  const CommandNames& names_;
  client::ClientTable& clients_;
  const client::Hub& hub_;
  base::Fs& fs_;
  Users users_;
  std::unordered_map<UserId, User*> by_id_;
  std::vector<base::Bytes> configured_;  // names that had a line
  DenialLog denials_;
  std::string default_password_digest_;  // of requirepass; empty: none
  UserId last_id_ = kDefaultUser;
  size_t max_denials_ = 0;
  bool all_channels_by_default_ = false;
};

}  // namespace sluice::acl
