#include "server/fanout.h"

#include <array>
#include <cstdio>

#include "base/number.h"

namespace sluice::server {

namespace {

// One huge unit must not pin its memory for good.
constexpr size_t kKeptGroupBytes = size_t{1} << 20;

void append_quoted(base::Bytes& out, base::ByteView word) {
  out.push_back('"');
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '\\':
      case '"':
        out.push_back('\\');
        out.push_back(c);
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        if (byte >= 0x20 && byte < 0x7f) {
          out.push_back(c);
        } else {
          std::array<char, 5> hex{};
          std::snprintf(hex.data(), hex.size(), "\\x%02x", byte);
          out += hex.data();
        }
    }
  }
  out.push_back('"');
}

}  // namespace

// SELECT stands before MULTI: a transaction that stays in one database has none inside.
void Fanout::write_group(const exec::Effects& effects) {
  group_.clear();
  if (effects.first_db() != log_db_) {
    const base::NumberText db = base::format_int64(effects.first_db());
    const std::array<base::ByteView, 2> select = {"SELECT", db.view()};
    exec::append_command(group_, select);
  }
  const bool several = effects.record_count() > 1;
  if (several) group_ += "*1\r\n$5\r\nMULTI\r\n";
  group_ += effects.records();
  if (several) group_ += "*1\r\n$4\r\nEXEC\r\n";
  log_db_ = effects.last_db();
}

uint64_t Fanout::emit(const exec::Effects& effects) {
  uint64_t at = offset();
  if (log_ != nullptr && effects.record_count() > 0) {
    if (effects.record_count() == 1 && effects.first_db() == log_db_) {
      at = log_->append(effects.records(), static_cast<uint32_t>(log_db_));
    } else {
      write_group(effects);
      at = log_->append(group_, static_cast<uint32_t>(log_db_));
      if (group_.capacity() > kKeptGroupBytes) base::Bytes().swap(group_);
    }
  }
  for (const exec::Message& message : effects.messages()) {
    hub_.publish(message.topic, message.channel, message.payload, at);
  }
  return at;
}

void Fanout::monitor(const client::Client& client, std::span<const base::ByteView> words, int64_t now_us) {
  std::array<char, 64> stamp{};
  std::snprintf(stamp.data(), stamp.size(), "+%lld.%06lld [%d ", static_cast<long long>(now_us / 1'000'000),
                static_cast<long long>(now_us % 1'000'000), client.db);
  base::Bytes line = stamp.data();
  line += client.has(client::kInScript) ? "lua" : client.address;
  line += "] ";
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) line.push_back(' ');
    append_quoted(line, words[i]);
  }
  line += "\r\n";
  clients_.for_each([&](client::Client& listener) {
    if (!listener.has(client::kMonitor) || listener.has(client::kCloseNow)) return;
    listener.outbox.bytes() += line;
    listener.outbox.tag(offset());
    clients_.needs_attention(listener);
  });
}

}  // namespace sluice::server
