#include "types/stream_id.h"

#include <algorithm>

#include "base/number.h"

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

std::optional<StreamId> StreamId::next() const {
  if (seq != UINT64_MAX) return StreamId{ms, seq + 1};
  if (ms != UINT64_MAX) return StreamId{ms + 1, 0};
  return std::nullopt;
}

std::optional<StreamId> StreamId::previous() const {
  if (seq != 0) return StreamId{ms, seq - 1};
  if (ms != 0) return StreamId{ms - 1, UINT64_MAX};
  return std::nullopt;
}

StreamIdText::StreamIdText(const StreamId& id) {
  const base::NumberText ms = base::format_uint64(id.ms);
  const base::NumberText seq = base::format_uint64(id.seq);
  char* end = std::copy(ms.view().begin(), ms.view().end(), text_.data());
  *end++ = '-';
  end = std::copy(seq.view().begin(), seq.view().end(), end);
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

std::optional<StreamIdRequest> parse_stream_id_request(base::ByteView text) {
  using Kind = StreamIdRequest::Kind;
  const auto cut = as_c_string(text);
  if (!cut) return std::nullopt;
  if (*cut == "*") return StreamIdRequest{Kind::kNext, {}};
  const size_t hyphen = cut->find('-');
  if (hyphen != base::ByteView::npos && cut->substr(hyphen + 1) == "*") {
    const auto ms = base::parse_uint64(cut->substr(0, hyphen));
    if (!ms) return std::nullopt;
    return StreamIdRequest{Kind::kNextSeq, {*ms, 0}};
  }
  const auto id = parse_stream_id(*cut, 0);
  if (!id) return std::nullopt;
  return StreamIdRequest{Kind::kExplicit, *id};
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
