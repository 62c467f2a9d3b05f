// What happened to a key, in the words of keyspace notifications
// (https://redis.io/docs/latest/develop/use/keyspace-notifications/). A change is committed with one of
// these; src/server publishes them when the configuration asks for their class.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::keyspace {

// The classes of `notify-keyspace-events`, one bit each.
enum EventClass : uint16_t {
  kEventKeyspace = 1u << 0,  // K
  kEventKeyevent = 1u << 1,  // E
  kEventGeneric = 1u << 2,   // g
  kEventString = 1u << 3,    // $
  kEventList = 1u << 4,      // l
  kEventSet = 1u << 5,       // s
  kEventHash = 1u << 6,      // h
  kEventZset = 1u << 7,      // z
  kEventExpired = 1u << 8,   // x
  kEventEvicted = 1u << 9,   // e
  kEventStream = 1u << 10,   // t
  kEventKeyMiss = 1u << 11,  // m
  kEventModule = 1u << 12,   // d
  kEventNew = 1u << 13,      // n
};

struct Event {
  uint16_t event_class;
  std::string_view name;
};

// One constant per event, called what subscribers hear; a Change keeps its address.
// NOLINTBEGIN(readability-identifier-naming)
namespace events {

inline constexpr Event del{kEventGeneric, "del"};
inline constexpr Event expire{kEventGeneric, "expire"};
inline constexpr Event persist{kEventGeneric, "persist"};
inline constexpr Event rename_from{kEventGeneric, "rename_from"};
inline constexpr Event rename_to{kEventGeneric, "rename_to"};
inline constexpr Event move_from{kEventGeneric, "move_from"};
inline constexpr Event move_to{kEventGeneric, "move_to"};
inline constexpr Event copy_to{kEventGeneric, "copy_to"};
inline constexpr Event restore{kEventGeneric, "restore"};
inline constexpr Event sortstore{kEventList, "sortstore"};
inline constexpr Event expired{kEventExpired, "expired"};
inline constexpr Event evicted{kEventEvicted, "evicted"};
inline constexpr Event key_new{kEventNew, "new"};
inline constexpr Event key_miss{kEventKeyMiss, "keymiss"};

inline constexpr Event set{kEventString, "set"};
inline constexpr Event append{kEventString, "append"};
inline constexpr Event setrange{kEventString, "setrange"};
inline constexpr Event incrby{kEventString, "incrby"};
inline constexpr Event incrbyfloat{kEventString, "incrbyfloat"};
inline constexpr Event setbit{kEventString, "setbit"};

inline constexpr Event lpush{kEventList, "lpush"};
inline constexpr Event rpush{kEventList, "rpush"};
inline constexpr Event lpop{kEventList, "lpop"};
inline constexpr Event rpop{kEventList, "rpop"};
inline constexpr Event linsert{kEventList, "linsert"};
inline constexpr Event lset{kEventList, "lset"};
inline constexpr Event lrem{kEventList, "lrem"};
inline constexpr Event ltrim{kEventList, "ltrim"};

inline constexpr Event sadd{kEventSet, "sadd"};
inline constexpr Event srem{kEventSet, "srem"};
inline constexpr Event spop{kEventSet, "spop"};
inline constexpr Event sinterstore{kEventSet, "sinterstore"};
inline constexpr Event sunionstore{kEventSet, "sunionstore"};
inline constexpr Event sdiffstore{kEventSet, "sdiffstore"};

inline constexpr Event hset{kEventHash, "hset"};
inline constexpr Event hdel{kEventHash, "hdel"};
inline constexpr Event hincrby{kEventHash, "hincrby"};
inline constexpr Event hincrbyfloat{kEventHash, "hincrbyfloat"};
inline constexpr Event hexpire{kEventHash, "hexpire"};
inline constexpr Event hexpired{kEventHash, "hexpired"};
inline constexpr Event hpersist{kEventHash, "hpersist"};

inline constexpr Event zadd{kEventZset, "zadd"};
inline constexpr Event zincr{kEventZset, "zincr"};
inline constexpr Event zrem{kEventZset, "zrem"};
inline constexpr Event zremrangebyrank{kEventZset, "zremrangebyrank"};
inline constexpr Event zremrangebyscore{kEventZset, "zremrangebyscore"};
inline constexpr Event zremrangebylex{kEventZset, "zremrangebylex"};
inline constexpr Event zpopmin{kEventZset, "zpopmin"};
inline constexpr Event zpopmax{kEventZset, "zpopmax"};
inline constexpr Event zrangestore{kEventZset, "zrangestore"};
inline constexpr Event zunionstore{kEventZset, "zunionstore"};
inline constexpr Event zinterstore{kEventZset, "zinterstore"};
inline constexpr Event zdiffstore{kEventZset, "zdiffstore"};

inline constexpr Event xadd{kEventStream, "xadd"};
inline constexpr Event xaddat{kEventStream, "xaddat"};
inline constexpr Event xundelay{kEventStream, "xundelay"};
inline constexpr Event xdel{kEventStream, "xdel"};
inline constexpr Event xtrim{kEventStream, "xtrim"};
inline constexpr Event xsetid{kEventStream, "xsetid"};
inline constexpr Event xgroup_create{kEventStream, "xgroup-create"};
inline constexpr Event xgroup_setid{kEventStream, "xgroup-setid"};
inline constexpr Event xgroup_destroy{kEventStream, "xgroup-destroy"};
inline constexpr Event xgroup_createconsumer{kEventStream, "xgroup-createconsumer"};
inline constexpr Event xgroup_delconsumer{kEventStream, "xgroup-delconsumer"};

}  // namespace events
// NOLINTEND(readability-identifier-naming)

}  // namespace sluice::keyspace
