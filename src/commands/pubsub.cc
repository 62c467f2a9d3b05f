// SUBSCRIBE and its kin, PUBLISH, PUBSUB. Subscribing answers once per name, as a push in RESP3; publishing
// only hands the message to the unit: it goes out when the unit has closed, after the publisher's own reply.
#include <array>
#include <vector>

#include "commands/all.h"
#include "commands/family.h"
#include "commands/help.h"

namespace sluice::commands {

namespace {

using client::Topic;

// Confirmations count channels and patterns together, shard channels apart.
size_t counted(Call& call, Topic topic) {
  return topic == Topic::kShard ? call.on.hub.count_of(call.client, topic)
                                : call.on.hub.subscriptions(call.client);
}

void confirm(Call& call, ByteView word, Topic topic, const ByteView* name) {
  call.unit().pushed = true;
  call.reply.push(3);
  call.reply.bulk(word);
  if (name != nullptr) {
    call.reply.bulk(*name);
  } else {
    call.reply.null();
  }
  call.reply.integer(static_cast<int64_t>(counted(call, topic)));
}

Outcome subscribe(Call& call, Topic topic, ByteView word) {
  // Inside EXEC a RESP2 client could not tell a confirmation from an element of the answer.
  for (const ByteView name : call.args.rest()) {
    call.on.hub.subscribe(call.client, topic, name);
    confirm(call, word, topic, &name);
  }
  return Outcome::kDone;
}

Outcome unsubscribe(Call& call, Topic topic, ByteView word) {
  if (call.args.more()) {
    for (const ByteView name : call.args.rest()) {
      call.on.hub.unsubscribe(call.client, topic, name);
      confirm(call, word, topic, &name);
    }
    return Outcome::kDone;
  }
  const std::vector<Bytes> names = call.on.hub.topics_of(call.client, topic);
  for (const Bytes& name : names) {
    call.on.hub.unsubscribe(call.client, topic, name);
    const ByteView view = name;
    confirm(call, word, topic, &view);
  }
  if (names.empty()) confirm(call, word, topic, nullptr);
  return Outcome::kDone;
}

Outcome cmd_subscribe(Call& call) {
  return subscribe(call, Topic::kChannel, "subscribe");
}
Outcome cmd_psubscribe(Call& call) {
  return subscribe(call, Topic::kPattern, "psubscribe");
}
Outcome cmd_ssubscribe(Call& call) {
  return subscribe(call, Topic::kShard, "ssubscribe");
}
Outcome cmd_unsubscribe(Call& call) {
  return unsubscribe(call, Topic::kChannel, "unsubscribe");
}
Outcome cmd_punsubscribe(Call& call) {
  return unsubscribe(call, Topic::kPattern, "punsubscribe");
}
Outcome cmd_sunsubscribe(Call& call) {
  return unsubscribe(call, Topic::kShard, "sunsubscribe");
}

Outcome publish(Call& call, Topic topic) {
  const ByteView channel = call.args.next();
  call.reply.integer(static_cast<int64_t>(call.on.hub.receivers(topic, channel)));
  call.unit().effects.message(topic, channel, call.args.next());
  return Outcome::kDone;
}

Outcome cmd_publish(Call& call) {
  return publish(call, Topic::kChannel);
}
Outcome cmd_spublish(Call& call) {
  return publish(call, Topic::kShard);
}

Outcome active_channels(Call& call, Topic topic) {
  if (call.args.left() > 1) return call.fail(errors::unknown_subcommand_or_arity("pubsub", call.args.at(1)));
  const std::vector<Bytes> names = call.on.hub.active_channels(topic, call.args.peek());
  call.reply.array(names.size());
  for (const Bytes& name : names) call.reply.bulk(name);
  return Outcome::kDone;
}

Outcome cmd_pubsub_channels(Call& call) {
  return active_channels(call, Topic::kChannel);
}
Outcome cmd_pubsub_shardchannels(Call& call) {
  return active_channels(call, Topic::kShard);
}

Outcome listener_counts(Call& call, Topic topic) {
  // A flat array in either protocol: Redis never made it a map.
  call.reply.array(2 * call.args.left());
  for (const ByteView name : call.args.rest()) {
    call.reply.bulk(name);
    call.reply.integer(static_cast<int64_t>(call.on.hub.listeners(topic, name)));
  }
  return Outcome::kDone;
}

Outcome cmd_pubsub_numsub(Call& call) {
  return listener_counts(call, Topic::kChannel);
}
Outcome cmd_pubsub_shardnumsub(Call& call) {
  return listener_counts(call, Topic::kShard);
}

Outcome cmd_pubsub_numpat(Call& call) {
  call.reply.integer(static_cast<int64_t>(call.on.hub.pattern_count()));
  return Outcome::kDone;
}

constexpr uint32_t kListening = kPubsub | kNoscript | kLoading | kStale | kWhenSubscribed;
constexpr uint32_t kAsks = kPubsub | kLoading | kStale;

constexpr CommandSpec kPubsubRows[] = {
    {"channels", cmd_pubsub_channels, at_least(2), no_keys(), kAsks, Group::kPubsub, "2.8.0",
     "Names the channels that somebody listens to.", "[pattern]"},
    {"help",
     reply_help,
     exactly(2),
     no_keys(),
     kLoading | kStale,
     Group::kPubsub,
     "6.2.0",
     "Prints this help.",
     {},
     kCatNotOfGroup},
    {"numpat", cmd_pubsub_numpat, exactly(2), no_keys(), kAsks, Group::kPubsub, "2.8.0",
     "Counts the patterns that somebody listens to."},
    {"numsub", cmd_pubsub_numsub, at_least(2), no_keys(), kAsks, Group::kPubsub, "2.8.0",
     "Counts the listeners of channels, those by pattern left out.", "[channel [channel ...]]"},
    {"shardchannels", cmd_pubsub_shardchannels, at_least(2), no_keys(), kAsks, Group::kPubsub, "7.0.0",
     "Names the shard channels that somebody listens to.", "[pattern]"},
    {"shardnumsub", cmd_pubsub_shardnumsub, at_least(2), no_keys(), kAsks, Group::kPubsub, "7.0.0",
     "Counts the listeners of shard channels.", "[shardchannel [shardchannel ...]]"},
};
static_assert(rows_are_sound(kPubsubRows));

constexpr CommandSpec kRows[] = {
    {"psubscribe", cmd_psubscribe, at_least(2), no_keys(), kListening | kChannelPatterns, Group::kPubsub,
     "2.0.0", "Listens to all channels that match a pattern.", "pattern pattern[pattern ...]"},
    {"publish", cmd_publish, exactly(3), no_keys(),
     kPubsub | kLoading | kStale | kFast | kMayReplicate | kChannelFirst, Group::kPubsub, "2.0.0",
     "Sends a message to everybody who listens to a channel.", "channel message"},
    {"pubsub", nullptr, at_least(2), no_keys(), 0, Group::kPubsub, "2.8.0", "Tells who listens to what.", "",
     0, "", kPubsubRows},
    {"punsubscribe", cmd_punsubscribe, at_least(1), no_keys(), kListening, Group::kPubsub, "2.0.0",
     "Stops listening to patterns, or to all of them.", "[pattern [pattern ...]]"},
    {"spublish",
     cmd_spublish,
     exactly(3),
     {key_range(1, 0, 1, kKeyNotKey)},
     kPubsub | kLoading | kStale | kFast | kMayReplicate | kChannelFirst,
     Group::kPubsub,
     "7.0.0",
     "Sends a message to everybody who listens to a shard channel.",
     "shardchannel message"},
    {"ssubscribe",
     cmd_ssubscribe,
     at_least(2),
     {key_range(1, -1, 1, kKeyNotKey)},
     kListening | kChannelsAll,
     Group::kPubsub,
     "7.0.0",
     "Listens to shard channels.",
     "shardchannel [shardchannel ...]"},
    {"subscribe", cmd_subscribe, at_least(2), no_keys(), kListening | kChannelsAll, Group::kPubsub, "2.0.0",
     "Listens to channels.", "channel [channel ...]"},
    {"sunsubscribe",
     cmd_sunsubscribe,
     at_least(1),
     {key_range(1, -1, 1, kKeyNotKey)},
     kListening,
     Group::kPubsub,
     "7.0.0",
     "Stops listening to shard channels, or to all of them.",
     "[shardchannel [shardchannel ...]]"},
    {"unsubscribe", cmd_unsubscribe, at_least(1), no_keys(), kListening, Group::kPubsub, "2.0.0",
     "Stops listening to channels, or to all of them.", "[channel [channel ...]]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> pubsub_commands() {
  return kRows;
}

}  // namespace sluice::commands
