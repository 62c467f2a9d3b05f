// AccessCheck: whether a user may run a request: it finds the keys and channels among the words and asks the
// user's rules; what is refused is counted and noted for ACL LOG. Asked by the gates, again when a parked
// command is re-run, for each command of an EXEC and of a script. Clients whose user may do everything are
// not marked kRestricted, and never get here. Owns only room to work in; knows no reply.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "acl/denial_log.h"
#include "acl/user.h"
#include "base/bytes.h"
#include "client/client.h"
#include "exec/services.h"
#include "exec/spec.h"
#include "exec/table.h"

namespace sluice::exec {

// Who asks for what.
struct Asked {
  client::Client& client;
  const Command& command;
  std::span<const base::ByteView> words;
};

class AccessCheck {
 public:
  explicit AccessCheck(Services& services) : services_(services) {}

  // Nobody has to say who it is.
  [[nodiscard]] bool open() const { return services_.users.open(); }

  // The words need not be as many as the command wants: then only the command is looked at.
  acl::Verdict check(const acl::User& user, const Command& command, std::span<const base::ByteView> words);

  // For what a client asks: `None` unless refused, and then counted and noted. `speaker` is the connection
  // behind it: the client itself, or the one whose script it is.
  acl::Verdict admit(const Asked& asked, acl::Context context, client::Client& speaker);

  // Why not, as Redis says it: "User x has no permissions to run the 'get' command"; which key or channel it
  // was is told to nobody but the operator.
  [[nodiscard]] std::string text_of(const acl::Verdict& verdict, const Asked& asked) const;
  // The same with the key or channel in it. REQUIRES: `verdict` is of the last check().
  [[nodiscard]] std::string full_text_of(const acl::Verdict& verdict, const acl::User& user,
                                         const Asked& asked) const;

  // Whether a client's user may, with this request, read keys that are not among its words (SORT BY).
  bool may_read_every_key(const Asked& asked);

  // The same for changing one key that only what is stored can name (XREDRIVE). A refusal is counted and
  // noted, as admit() does.
  bool admit_write(const Asked& asked, base::ByteView key, client::Client& speaker);

  // A login that failed, tried as `name`. Counted and noted.
  void note_failed_login(const Asked& asked, base::ByteView name);

 private:
  // The words' keys and channels, in the room kept for that.
  acl::Attempt attempt(const Command& command, std::span<const base::ByteView> words);
  // Behind the words, whatever a template among the keys may stand for: which list a job comes from is not
  // known before it is popped. Too many of them are the handler's to refuse.
  std::span<const base::ByteView> with_made_keys(std::span<const base::ByteView> words);
  // The word that a verdict is about.
  [[nodiscard]] base::ByteView object_of(const acl::Verdict& verdict, const Asked& asked) const;
  void note(const Asked& asked, acl::Denial denial, client::Client& speaker);

  Services& services_;
  std::vector<KeyArgument> found_;
  std::vector<acl::KeyUse> keys_;
  std::vector<acl::ChannelUse> channels_;
  std::vector<base::Bytes> made_keys_;
  std::vector<base::ByteView> words_;  // the request's, and those
};

}  // namespace sluice::exec
