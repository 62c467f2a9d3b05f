#include "commands/stream_read_request.h"

#include "base/number.h"
#include "commands/stream_reply.h"
#include "resp/errors.h"

namespace sluice::commands {

namespace {

constexpr base::ByteView kUnbalancedAlone =
    "ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.";
constexpr base::ByteView kUnbalancedOfGroup =
    "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.";
constexpr base::ByteView kGroupOnly =
    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.";
constexpr base::ByteView kNoackOnly =
    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.";
constexpr base::ByteView kClaimOnly =
    "ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead.";
constexpr base::ByteView kMissingGroup = "ERR Missing GROUP option for XREADGROUP";
constexpr base::ByteView kBadTotalCount = "ERR MAXCOUNT must be a positive integer";
constexpr base::ByteView kBadTotalBytes = "ERR MAXSIZE must be a positive integer";
constexpr base::ByteView kTotalBelowCount = "ERR MAXCOUNT must be greater than or equal to COUNT";
constexpr base::ByteView kMinIdleNotAnInteger = "ERR min-idle-time is not an integer";
constexpr base::ByteView kMinIdleNegative = "ERR min-idle-time must be a positive integer";

// Bytes around an entry: its array's header and its id's, and two integers. About right is enough: the limit
// is a soft one.
constexpr size_t kEntryBytes = 20;
constexpr size_t kStreamBytes = 20;

int64_t read_min_idle(exec::Args& args) {
  const auto value = base::parse_int64(args.next());
  if (!value) {
    args.latch(kMinIdleNotAnInteger);
  } else if (*value < 0) {
    args.latch(kMinIdleNegative);
  }
  return value.value_or(0);
}

void read_streams(exec::Args& args, Reader reader, ReadRequest& request) {
  const auto rest = args.rest();
  if (rest.size() % 2 != 0) args.latch(reader == Reader::kAlone ? kUnbalancedAlone : kUnbalancedOfGroup);
  request.keys = rest.first(rest.size() / 2);
  request.ids = rest.subspan(rest.size() / 2);
}

// What only XREADGROUP takes. False: the next word is none of it.
bool read_group_option(exec::Args& args, Reader reader, ReadRequest& request) {
  const bool alone = reader == Reader::kAlone;
  if (args.accept_with("GROUP", 2)) {
    if (alone) args.latch(kGroupOnly);
    request.group = args.next();
    request.consumer = args.next();
  } else if (args.accept("NOACK")) {
    if (alone) args.latch(kNoackOnly);
    request.keeps_nothing_pending = true;
  } else if (args.accept_with("CLAIM")) {
    if (alone) args.latch(kClaimOnly);
    request.min_idle_ms = read_min_idle(args);
  } else {
    return false;
  }
  return true;
}

}  // namespace

ReadRequest read_request(exec::Args& args, Reader reader) {
  ReadRequest request;
  while (args.more() && args.ok() && request.keys.empty()) {
    if (args.accept_with("BLOCK")) {
      request.timeout_ms = args.whole_timeout_ms();
    } else if (args.accept_with("COUNT")) {
      request.count = read_entry_count(args);
    } else if (args.accept_with("MAXCOUNT")) {
      request.total_count = static_cast<uint64_t>(args.integer_between(1, INT64_MAX, kBadTotalCount));
    } else if (args.accept_with("MAXSIZE")) {
      request.total_bytes = static_cast<uint64_t>(args.integer_between(1, INT64_MAX, kBadTotalBytes));
    } else if (args.accept_with("STREAMS")) {
      read_streams(args, reader, request);
    } else if (!read_group_option(args, reader, request)) {
      args.syntax_error();
    }
  }
  if (request.keys.empty()) args.syntax_error();
  if (reader == Reader::kOfGroup && !request.group) args.latch(kMissingGroup);
  if (request.total_count != 0 && request.total_count < request.count) args.latch(kTotalBelowCount);
  return request;
}

void ReadReply::next_stream(base::ByteView key) {
  end_stream();
  key_ = key;
  entries_ = 0;
}

void ReadReply::end_stream() {
  if (shown_) reply_.end_array(entries_mark_, entries_);
  shown_ = false;
}

void ReadReply::show() {
  if (shown_ || full_) return;
  if (streams_ == 0) streams_mark_ = reply_.resp3() ? reply_.begin_map() : reply_.begin_array();
  if (!reply_.resp3()) reply_.array(2);
  reply_.bulk(key_);
  entries_mark_ = reply_.begin_array();
  shown_ = true;
  ++streams_;
}

bool ReadReply::admit(const types::StreamEntry* entry) {
  if (full_ || (request_.count != 0 && entries_ == request_.count)) return false;
  if (request_.total_bytes != 0) {
    size_t arriving = kEntryBytes + (entry == nullptr ? 0 : written_bytes(*entry));
    if (entry != nullptr) arriving += types::StreamIdText(entry->id).view().size();
    if (!shown_) arriving += kStreamBytes + key_.size();
    // Whoever asks for too little still gets on.
    full_ = total_ > 0 && bytes_ + arriving > request_.total_bytes;
    if (full_) return false;
    bytes_ += arriving;
  }
  show();
  ++entries_;
  ++total_;
  if (request_.total_count != 0 && total_ == request_.total_count) full_ = true;
  return true;
}

bool ReadReply::add(const types::StreamEntry& entry) {
  if (!admit(&entry)) return false;
  write_entry(reply_, entry);
  return true;
}

bool ReadReply::add_gone(const types::StreamId& id) {
  if (!admit(nullptr)) return false;
  reply_.array(2);
  write_id(reply_, id);
  reply_.null_array();
  return true;
}

bool ReadReply::add(const types::StreamEntry& entry, const Delivered& before) {
  if (!admit(&entry)) return false;
  reply_.array(4);
  write_id(reply_, entry.id);
  write_fields(reply_, entry);
  reply_.integer(before.idle_ms);
  reply_.integer(static_cast<int64_t>(before.deliveries));
  return true;
}

bool ReadReply::finish() {
  end_stream();
  if (streams_ == 0) return false;
  if (reply_.resp3()) {
    reply_.end_map(streams_mark_, streams_);
  } else {
    reply_.end_array(streams_mark_, streams_);
  }
  return true;
}

}  // namespace sluice::commands
