#include "commands/stream_reply.h"

#include <algorithm>

#include "base/number.h"

namespace sluice::commands {

namespace {

// "$<digits>\r\n" and the line end behind the bytes; of an array's header, without the latter.
constexpr size_t kLineEnd = 2;

size_t header_bytes(size_t number) {
  size_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return 1 + digits + kLineEnd;
}

}  // namespace

void write_id(resp::Reply& reply, const types::StreamId& id) {
  reply.bulk(types::StreamIdText(id).view());
}

void write_fields(resp::Reply& reply, const types::StreamEntry& entry) {
  reply.array(entry.size() * 2);
  entry.for_each([&reply](const ds::Element& name, const ds::Element& value) {
    base::NumberText buffer;
    reply.bulk(name.to_text(buffer));
    reply.bulk(value.to_text(buffer));
  });
}

void write_entry(resp::Reply& reply, const types::StreamEntry& entry) {
  reply.array(2);
  write_id(reply, entry.id);
  write_fields(reply, entry);
}

size_t written_bytes(const types::StreamEntry& entry) {
  size_t bytes = header_bytes(entry.size() * 2);
  const auto add = [&bytes](const ds::Element& element) {
    base::NumberText buffer;
    const size_t size = element.to_text(buffer).size();
    bytes += header_bytes(size) + size + kLineEnd;
  };
  entry.for_each([&add](const ds::Element& name, const ds::Element& value) {
    add(name);
    add(value);
  });
  return bytes;
}

void read_counted_ids(exec::Args& args, std::vector<types::StreamId>& ids) {
  const auto count = base::parse_int64(args.next());
  if (!count || *count <= 0) return args.latch("ERR numids must be a positive integer");
  if (static_cast<uint64_t>(*count) > args.left()) {
    return args.latch("ERR number of IDs doesn't match numids");
  }
  ids.reserve(static_cast<size_t>(*count));
  for (int64_t left = *count; left > 0; --left) ids.push_back(read_stream_id(args));
}

types::StreamId read_stream_id(exec::Args& args) {
  const std::optional<types::StreamId> id = types::parse_stream_id(args.next(), 0);
  if (!id) args.latch(kInvalidStreamId);
  return id.value_or(types::kMinStreamId);
}

types::StreamId read_bound(exec::Args& args, const types::StreamBound& bound, base::ByteView nothing_beyond) {
  if (bound.status == types::StreamBound::Status::kInvalid) args.latch(kInvalidStreamId);
  if (bound.status == types::StreamBound::Status::kNothingBeyond) args.latch(nothing_beyond);
  return bound.id;
}

uint64_t read_entry_count(exec::Args& args) {
  return static_cast<uint64_t>(std::max<int64_t>(args.integer(), 0));
}

}  // namespace sluice::commands
