#include "exec/effects.h"

#include <array>
#include <cstdio>
#include <utility>

#include "base/number.h"
#include "base/words.h"

namespace sluice::exec {

namespace {

void append_header(base::Bytes& out, char type, size_t count) {
  out.push_back(type);
  out.append(base::format_int64(static_cast<int64_t>(count)).view());
  out.append("\r\n", 2);
}

}  // namespace

void append_bulk(base::Bytes& out, base::ByteView word) {
  append_header(out, '$', word.size());
  out.append(word);
  out.append("\r\n", 2);
}

void append_command(base::Bytes& out, std::span<const base::ByteView> words) {
  append_header(out, '*', words.size());
  for (const base::ByteView word : words) append_bulk(out, word);
}

void Effects::enter_db(int db) {
  if (first_db_ < 0) {
    first_db_ = db;
  } else if (last_db_ != db) {
    const base::NumberText text = base::format_int64(db);
    const std::array<base::ByteView, 2> select = {"SELECT", text.view()};
    append_command(records_, select);
    ++record_count_;
  }
  last_db_ = db;
}

void Effects::record(int db, std::span<const base::ByteView> words) {
  enter_db(db);
  append_command(records_, words);
  ++record_count_;
}

void Effects::record_wire(int db, base::ByteView wire, size_t count) {
  enter_db(db);
  records_.append(wire);
  record_count_ += count;
}

void Effects::message(client::Topic topic, base::ByteView channel, base::ByteView payload) {
  messages_.emplace_back(Publication{topic, base::Bytes(channel), base::Bytes(payload)});
}

void Effects::monitor_line(const client::Client& client, std::span<const base::ByteView> words,
                           int64_t now_us) {
  std::array<char, 64> stamp{};
  std::snprintf(stamp.data(), stamp.size(), "+%lld.%06lld [%d ", static_cast<long long>(now_us / 1'000'000),
                static_cast<long long>(now_us % 1'000'000), client.db);
  base::Bytes line = stamp.data();
  line += client.has(client::kInScript) ? "lua" : client.address;
  line += "]";
  for (const base::ByteView word : words) {
    line.push_back(' ');
    base::append_quoted(line, word);
  }
  line += "\r\n";
  messages_.emplace_back(MonitorLine{std::move(line)});
}

void Effects::keyspace_event(uint16_t wanted, const keyspace::Event& event, int db, base::ByteView key) {
  if ((wanted & event.event_class) == 0) return;
  const base::Bytes number(base::format_int64(db).view());
  if ((wanted & keyspace::kEventKeyspace) != 0) {
    message(client::Topic::kChannel, "__keyspace@" + number + "__:" + base::Bytes(key), event.name);
  }
  if ((wanted & keyspace::kEventKeyevent) != 0) {
    message(client::Topic::kChannel, "__keyevent@" + number + "__:" + base::Bytes(event.name), key);
  }
}

void Effects::clear() {
  records_.clear();
  // One huge unit must not pin its memory for good.
  constexpr size_t kKeptBytes = size_t{1} << 20;
  if (records_.capacity() > kKeptBytes) records_.shrink_to_fit();
  record_count_ = 0;
  first_db_ = -1;
  last_db_ = -1;
  messages_.clear();
}

}  // namespace sluice::exec
