#include "exec/access.h"

#include <algorithm>
#include <array>
#include <utility>

#include "exec/client_line.h"
#include "exec/keys.h"

namespace sluice::exec {

namespace {

constexpr uint32_t kNamesChannels = kChannelFirst | kChannelsAll | kChannelPatterns;

uint8_t access_of(uint16_t key_flags) {
  unsigned access = 0;
  if ((key_flags & kKeyAccess) != 0) access |= acl::kReads;
  if ((key_flags & (kKeyInsert | kKeyDelete | kKeyUpdate)) != 0) access |= acl::kWrites;
  return static_cast<uint8_t>(access);
}

acl::Context context_of(const client::Client& client) {
  return client.has(client::kMulti) ? acl::Context::kMulti : acl::Context::kTopLevel;
}

}  // namespace

acl::Attempt AccessCheck::attempt(const Command& command, std::span<const base::ByteView> words) {
  keys_.clear();
  channels_.clear();
  if (command.spec->arity_ok(words.size())) {
    if (find_keys(*command.spec, words, found_) == KeySearch::kFound) {
      for (const KeyArgument& key : found_) {
        if ((key.flags & kKeyTemplate) == 0) keys_.push_back({key.index, access_of(key.flags)});
      }
      words = with_made_keys(words);
    }
    if (command.has(kNamesChannels)) {
      const size_t last = command.has(kChannelFirst) ? 1 : words.size() - 1;
      for (size_t i = 1; i <= last; ++i) channels_.push_back({i, command.has(kChannelPatterns)});
    }
  }
  return {command.id, command.has(kNoAuth), words, keys_, channels_};
}

std::span<const base::ByteView> AccessCheck::with_made_keys(std::span<const base::ByteView> words) {
  made_keys_.clear();
  const auto found = std::find_if(found_.begin(), found_.end(),
                                  [](const KeyArgument& key) { return (key.flags & kKeyTemplate) != 0; });
  if (found == found_.end()) return words;
  const base::ByteView key_template = words[found->index];
  const uint8_t access = access_of(found->flags);
  if (key_template.find('%') == base::ByteView::npos) {
    keys_.push_back({found->index, access});
    return words;
  }
  words_.clear();
  for (const acl::KeyUse& key : keys_) words_.push_back(words[key.word]);
  if (!may_make_keys(key_template, words_)) return words;
  for (const base::ByteView key : words_) made_keys_.push_back(make_key(key_template, key));
  words_.assign(words.begin(), words.end());
  for (const base::Bytes& key : made_keys_) {
    keys_.push_back({words_.size(), access});
    words_.push_back(key);
  }
  return words_;
}

acl::Verdict AccessCheck::check(const acl::User& user, const Command& command,
                                std::span<const base::ByteView> words) {
  if (user.unrestricted()) return {};
  return user.check(attempt(command, words));
}

acl::Verdict AccessCheck::admit(const Asked& asked, acl::Context context, client::Client& speaker) {
  const acl::User& user = services_.users.of(asked.client);
  const acl::Verdict verdict = check(user, asked.command, asked.words);
  if (verdict.allowed()) return verdict;
  const bool command = verdict.denied == acl::Reason::kCommand;
  const base::ByteView object = command ? asked.command.full_name : object_of(verdict, asked);
  note(asked, {verdict.denied, context, base::Bytes(object), user.name(), {}}, speaker);
  return verdict;
}

bool AccessCheck::may_read_every_key(const Asked& asked) {
  if (!asked.client.has(client::kRestricted)) return true;
  const acl::User& user = services_.users.of(asked.client);
  return user.may_use_every_key(attempt(asked.command, asked.words), acl::kReads);
}

bool AccessCheck::admit_write(const Asked& asked, base::ByteView key, client::Client& speaker) {
  if (!asked.client.has(client::kRestricted)) return true;
  // As if it stood behind the words: rules may ask for the first of them.
  std::vector<base::ByteView> words(asked.words.begin(), asked.words.end());
  words.push_back(key);
  const std::array<acl::KeyUse, 1> keys = {acl::KeyUse{words.size() - 1, acl::kWrites}};
  const acl::User& user = services_.users.of(asked.client);
  const acl::Verdict verdict = user.check({asked.command.id, asked.command.has(kNoAuth), words, keys, {}});
  if (verdict.allowed()) return true;
  const acl::Context context =
      asked.client.has(client::kInScript) ? acl::Context::kScript : context_of(asked.client);
  note(asked, {verdict.denied, context, base::Bytes(key), user.name(), {}}, speaker);
  return false;
}

void AccessCheck::note_failed_login(const Asked& asked, base::ByteView name) {
  note(asked,
       {acl::Reason::kAuth, context_of(asked.client), base::Bytes(asked.words[0]), base::Bytes(name), {}},
       asked.client);
}

void AccessCheck::note(const Asked& asked, acl::Denial denial, client::Client& speaker) {
  Stats& stats = services_.stats;
  uint64_t& count = denial.reason == acl::Reason::kAuth      ? stats.auth_failures
                    : denial.reason == acl::Reason::kCommand ? stats.denied_commands
                    : denial.reason == acl::Reason::kKey     ? stats.denied_keys
                                                             : stats.denied_channels;
  ++count;
  const int64_t now_ms = services_.clock.unix_us() / 1000;
  denial.client = client_line(services_, speaker, {speaker.id, asked.words, now_ms});
  services_.users.note_denial(std::move(denial), now_ms);
}

std::string AccessCheck::text_of(const acl::Verdict& verdict, const Asked& asked) const {
  if (verdict.denied == acl::Reason::kKey) return "No permissions to access a key";
  if (verdict.denied == acl::Reason::kChannel) return "No permissions to access a channel";
  return full_text_of(verdict, services_.users.of(asked.client), asked);
}

std::string AccessCheck::full_text_of(const acl::Verdict& verdict, const acl::User& user,
                                      const Asked& asked) const {
  const std::string who = "User " + user.name() + " has no permissions to ";
  if (verdict.denied == acl::Reason::kCommand)
    return who + "run the '" + asked.command.full_name + "' command";
  const char* const kind = verdict.denied == acl::Reason::kKey ? "' key" : "' channel";
  return who + "access the '" + base::Bytes(object_of(verdict, asked)) + kind;
}

base::ByteView AccessCheck::object_of(const acl::Verdict& verdict, const Asked& asked) const {
  const size_t words = asked.words.size();
  return verdict.word < words ? asked.words[verdict.word] : base::ByteView(made_keys_[verdict.word - words]);
}

}  // namespace sluice::exec
