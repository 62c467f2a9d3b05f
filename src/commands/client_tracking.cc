#include "commands/client_tracking.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/number.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

using client::Client;

struct Wishes {
  uint32_t options = 0;  // of client::kTrackingOptions
  client::ClientId redirect = 0;
  std::vector<ByteView> prefixes;
};

// REDIRECT's word. False: an error was replied.
bool read_redirect(Call& call, Wishes& wishes) {
  const ByteView word = call.args.next();
  if (wishes.redirect != 0) {
    call.fail("ERR A client can only redirect to a single other client");
    return false;
  }
  const auto id = base::parse_int64(word);
  if (!id) {
    call.fail(errors::kNotAnInteger);
    return false;
  }
  // It may leave later, and then the one that tracks is told so; now it must be there.
  if (call.on.clients.find(static_cast<client::ClientId>(*id)) == nullptr) {
    call.fail("ERR The client ID you want redirect to does not exist");
    return false;
  }
  wishes.redirect = static_cast<client::ClientId>(*id);
  return true;
}

// False: an error was replied.
bool read_wishes(Call& call, Wishes& wishes) {
  while (call.args.more()) {
    if (call.args.accept_with("REDIRECT")) {
      if (!read_redirect(call, wishes)) return false;
    } else if (call.args.accept("BCAST")) {
      wishes.options |= client::kTrackingBcast;
    } else if (call.args.accept("OPTIN")) {
      wishes.options |= client::kTrackingOptIn;
    } else if (call.args.accept("OPTOUT")) {
      wishes.options |= client::kTrackingOptOut;
    } else if (call.args.accept("NOLOOP")) {
      wishes.options |= client::kTrackingNoLoop;
    } else if (call.args.accept_with("PREFIX")) {
      wishes.prefixes.push_back(call.args.next());
    } else {
      call.fail(errors::kSyntax);
      return false;
    }
  }
  return true;
}

// What cannot be had together, or not by somebody who tracks otherwise; empty: all of it can.
ByteView conflict(const Client& client, const Wishes& wishes) {
  const auto asked = [&](uint32_t option) { return (wishes.options & option) != 0; };
  const bool bcast = asked(client::kTrackingBcast);
  const bool in = asked(client::kTrackingOptIn);
  const bool out = asked(client::kTrackingOptOut);
  if (!bcast && !wishes.prefixes.empty()) return "ERR PREFIX option requires BCAST mode to be enabled";
  if (client.has(client::kTracking) && client.has(client::kTrackingBcast) != bcast) {
    return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then "
           "re-enabling it with a different mode.";
  }
  if (bcast && (in || out)) return "ERR OPTIN and OPTOUT are not compatible with BCAST";
  if (in && out) return "ERR You can't specify both OPTIN mode and OPTOUT mode";
  if ((in && client.has(client::kTrackingOptOut)) || (out && client.has(client::kTrackingOptIn))) {
    return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then "
           "re-enabling it with a different mode.";
  }
  return {};
}

bool overlap(ByteView left, ByteView right) {
  return left.starts_with(right) || right.starts_with(left);
}

// As far as Redis shows it: it ends at the first NUL.
Bytes shown(ByteView prefix) {
  return Bytes(prefix.substr(0, prefix.find('\0')));
}

std::string overlap_text(ByteView prefix, std::string_view kind, ByteView other) {
  return "ERR Prefix '" + shown(prefix) + "' overlaps with " + std::string(kind) + " prefix '" +
         shown(other) + "'. Prefixes for a single client must not overlap.";
}

// A change would be told twice. Empty: no two prefixes begin alike.
std::string overlapping(const std::vector<Bytes>& had, const std::vector<ByteView>& prefixes) {
  for (size_t i = 0; i < prefixes.size(); ++i) {
    for (const Bytes& other : had) {
      if (overlap(prefixes[i], other)) return overlap_text(prefixes[i], "an existing", other);
    }
    for (size_t j = i + 1; j < prefixes.size(); ++j) {
      if (overlap(prefixes[i], prefixes[j]))
        return overlap_text(prefixes[i], "another provided", prefixes[j]);
    }
  }
  return {};
}

Outcome switch_on(Call& call, const Wishes& wishes) {
  Client& client = call.client;
  client::Tracking& tracking = call.on.tracking;
  if (const ByteView error = conflict(client, wishes); !error.empty()) return call.fail(error);
  const std::string error = overlapping(tracking.prefixes_of(client), wishes.prefixes);
  if (!error.empty()) return call.fail(error);
  tracking.start(client, wishes.options, wishes.redirect);
  if (client.has(client::kTrackingBcast)) {
    // Without a prefix every key is meant.
    if (wishes.prefixes.empty()) tracking.add_prefix(client, {});
    for (const ByteView prefix : wishes.prefixes) tracking.add_prefix(client, prefix);
  }
  call.reply.ok();
  return Outcome::kDone;
}

}  // namespace

Outcome cmd_client_tracking(Call& call) {
  const ByteView word = call.args.next();
  Wishes wishes;
  if (!read_wishes(call, wishes)) return Outcome::kFailed;
  if (same_word(word, "ON")) return switch_on(call, wishes);
  if (!same_word(word, "OFF")) return call.fail(errors::kSyntax);
  call.on.tracking.stop(call.client);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_client_caching(Call& call) {
  Client& client = call.client;
  if (!client.has(client::kTracking)) {
    return call.fail(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode "
        "enabled");
  }
  if (call.args.accept("YES")) {
    if (!client.has(client::kTrackingOptIn))
      return call.fail("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
  } else if (call.args.accept("NO")) {
    if (!client.has(client::kTrackingOptOut))
      return call.fail("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
  } else {
    return call.fail(errors::kSyntax);
  }
  client.set(client::kTrackingCaching);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_client_getredir(Call& call) {
  const bool tracks = call.client.has(client::kTracking);
  call.reply.integer(tracks ? static_cast<int64_t>(call.on.tracking.redirect_of(call.client)) : -1);
  return Outcome::kDone;
}

Outcome cmd_client_trackinginfo(Call& call) {
  const Client& client = call.client;
  const bool caching = client.has(client::kTrackingCaching);
  const bool in = client.has(client::kTrackingOptIn);
  const bool out = client.has(client::kTrackingOptOut);
  const std::array<std::pair<bool, ByteView>, 8> candidates = {{
      {client.has(client::kTracking), "on"},
      {client.has(client::kTrackingBcast), "bcast"},
      {in, "optin"},
      {in && caching, "caching-yes"},
      {out, "optout"},
      {out && caching, "caching-no"},
      {client.has(client::kTrackingNoLoop), "noloop"},
      {client.has(client::kTrackingBroken), "broken_redirect"},
  }};
  std::vector<ByteView> flags;
  for (const auto& [holds, name] : candidates) {
    if (holds) flags.push_back(name);
  }
  if (flags.empty()) flags.push_back("off");

  call.reply.map(3);
  call.reply.bulk("flags");
  call.reply.set(flags.size());
  for (const ByteView flag : flags) call.reply.bulk(flag);
  call.reply.bulk("redirect");
  cmd_client_getredir(call);
  call.reply.bulk("prefixes");
  const std::vector<Bytes> prefixes = call.on.tracking.prefixes_of(client);
  call.reply.array(prefixes.size());
  for (const Bytes& prefix : prefixes) call.reply.bulk(prefix);
  return Outcome::kDone;
}

}  // namespace sluice::commands
