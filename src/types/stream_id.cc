#include "types/stream_id.h"

namespace sluice::types {

namespace {

constexpr size_t kMaxTextBytes = 127;

// Redis reads ids as C strings of bounded length: what follows a NUL is not looked at.
std::optional<base::ByteView> as_c_string(base::ByteView text) {
  if (text.size() > kMaxTextBytes) return std::nullopt;
  return text.substr(0, text.find('\0'));
}

std::optional<StreamId> parse_open_bound(base::ByteView text, uint64_t missing_seq) {
  const auto cut = as_c_string(text);
  if (cut && *cut == "-") return kMinStreamId;
  if (cut && *cut == "+") return kMaxStreamId;
  return parse_stream_id(text, missing_seq);
}

bool is_exclusive(base::ByteView text) {
  return text.size() > 1 && text[0] == '(';
}

StreamBound as_bound(const std::optional<StreamId>& id) {
  if (!id) return {};
  return {StreamBound::Status::kValid, *id};
}

}  // namespace

StreamIdText::StreamIdText(const StreamId& id) {
  char* end = base::put_digits(text_.data(), id.ms);
  *end++ = '-';
  end = base::put_digits(end, id.seq);
  size_ = static_cast<size_t>(end - text_.data());
}

std::optional<StreamId> parse_stream_id(base::ByteView text, uint64_t missing_seq) {
  const auto cut = as_c_string(text);
  if (!cut) return std::nullopt;
  const size_t hyphen = cut->find('-');
  const auto ms = base::parse_uint64(cut->substr(0, hyphen));
  if (!ms) return std::nullopt;
  if (hyphen == base::ByteView::npos) return StreamId{*ms, missing_seq};
  const auto seq = base::parse_uint64(cut->substr(hyphen + 1));
  if (!seq) return std::nullopt;
  return StreamId{*ms, *seq};
}

bool parse_stream_id_request(base::ByteView text, StreamIdRequest& request) {
  using Kind = StreamIdRequest::Kind;
  const auto cut = as_c_string(text);
  if (!cut) return false;
  if (*cut == "*") {
    request = {Kind::kNext, {}};
    return true;
  }
  const size_t hyphen = cut->find('-');
  if (hyphen != base::ByteView::npos && cut->substr(hyphen + 1) == "*") {
    const auto ms = base::parse_uint64(cut->substr(0, hyphen));
    if (ms) request = {Kind::kNextSeq, {*ms, 0}};
    return ms.has_value();
  }
  const auto id = parse_stream_id(*cut, 0);
  if (id) request = {Kind::kExplicit, *id};
  return id.has_value();
}

StreamBound parse_stream_start(base::ByteView text) {
  if (!is_exclusive(text)) return as_bound(parse_open_bound(text, 0));
  const auto id = parse_stream_id(text.substr(1), 0);
  if (!id) return {};
  if (!id->next()) return {StreamBound::Status::kNothingBeyond, {}};
  return as_bound(id->next());
}

StreamBound parse_stream_end(base::ByteView text) {
  if (!is_exclusive(text)) return as_bound(parse_open_bound(text, UINT64_MAX));
  const auto id = parse_stream_id(text.substr(1), UINT64_MAX);
  if (!id) return {};
  if (!id->previous()) return {StreamBound::Status::kNothingBeyond, {}};
  return as_bound(id->previous());
}

}  // namespace sluice::types
