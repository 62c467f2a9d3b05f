#include "resp/parser.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <exception>
#include <utility>

#include "base/check.h"
#include "base/words.h"
#include "resp/errors.h"

namespace sluice::resp {
namespace {

constexpr size_t kLineEnd = 2;
constexpr size_t kHeldByParser = SIZE_MAX;  // As Slice::offset: `size` is then an index into the big buffers.
constexpr size_t kFirstReserve = 16;        // A count is only a claim; memory follows what really arrives.

bool is_crlf(const char* at) {
  return at[0] == '\r' && at[1] == '\n';
}

// The number of a count line as Redis accepts it: no sign but '-', no leading zeros, no blanks.
bool parse_strict(base::ByteView text, int64_t& value) {
  if (text.empty()) return false;
  if (text == "0") {
    value = 0;
    return true;
  }
  const size_t first = text[0] == '-' ? 1 : 0;
  if (first == text.size() || text[first] < '1' || text[first] > '9') return false;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size();
}

struct PlainHeader {
  size_t bytes;  // that it takes; 0: it is anything else, which the careful path then judges
  int64_t number;
};

// The common header, `<type><1 to 9 digits>\r\n` without leading zero.
inline PlainHeader parse_plain_header(base::ByteView text) {
  constexpr size_t kMaxDigits = 9;
  const size_t last = std::min(text.size(), kMaxDigits + 1);
  size_t at = 1;
  int64_t number = 0;
  for (; at < last; ++at) {
    const auto digit = static_cast<unsigned>(text[at]) - '0';
    if (digit > 9) break;
    number = number * 10 + digit;
  }
  const bool leading_zero = at > 2 && text[1] == '0';
  if (at < 2 || leading_zero || text.size() < at + kLineEnd || !is_crlf(text.data() + at)) return {0, 0};
  return {at + kLineEnd, number};
}

}  // namespace

Parser::Status Parser::next(base::ByteView input, const ParserLimits& limits) {
  SLUICE_CHECK(phase_ != Phase::kBigBody || bigs_.back().filled == bigs_.back().size,
               "next() while bytes still belong into the big buffer");
  input_ = input;
  start_ = 0;
  if (phase_ == Phase::kDone) begin();
  Step step = Step::kGoOn;
  while (step == Step::kGoOn) step = advance(limits);
  if (step == Step::kRequest) return Status::kRequest;
  if (step == Step::kError) return Status::kError;
  return Status::kNeedMore;
}

Parser::Step Parser::advance(const ParserLimits& limits) {
  switch (phase_) {
    case Phase::kStart:
      if (rest().empty()) return need_more();
      phase_ = rest()[0] == '*' ? Phase::kCount : Phase::kInline;
      return Step::kGoOn;
    case Phase::kInline:
      return read_inline();
    case Phase::kCount:
      return read_count(limits);
    case Phase::kBulkHeader:
      return read_bulk_header(limits);
    case Phase::kBulkBody:
      return read_body();
    case Phase::kBigBody:
      return end_big();
    case Phase::kDone:
      break;
  }
  SLUICE_CHECK(false, "a finished request is not parsed on");
}

void Parser::begin() {
  phase_ = Phase::kStart;
  canonical_ = true;
  position_ = 0;
  scanned_ = 0;
  missing_ = 0;
  slices_.clear();
  args_.clear();
  if (slices_.capacity() > kKeptArgs) {
    slices_.shrink_to_fit();
    args_.shrink_to_fit();
  }
  if (!bigs_.empty()) bigs_ = {};
  big_bytes_ = 0;
  if (!words_.empty()) words_ = {};
}

void Parser::reset() {
  begin();
  input_ = wire_ = carry_ = {};
  start_ = 0;
}

// Finds the `mark` that ends the line at position_, never looking at a byte twice.
Parser::Line Parser::find_line(char mark, size_t& end) {
  const base::ByteView request = input_.substr(start_);
  const size_t limit = std::min(request.size(), position_ + kMaxInlineBytes + 1);
  const size_t from = std::max(position_, scanned_);
  const void* found = from < limit ? std::memchr(request.data() + from, mark, limit - from) : nullptr;
  if (found != nullptr) {
    end = static_cast<size_t>(static_cast<const char*>(found) - request.data());
    scanned_ = end;
    return Line::kFound;
  }
  scanned_ = limit;
  return limit - position_ > kMaxInlineBytes ? Line::kTooLong : Line::kNeedMore;
}

// Reads `<type><number>\r\n` at position_. As in Redis the byte after CR is not looked at, but must be there.
Parser::Line Parser::read_header(Header& header) {
  const PlainHeader plain = parse_plain_header(rest());
  if (plain.bytes != 0) {
    header = {rest()[0], true, plain.number};
    position_ += plain.bytes;
    return Line::kFound;
  }
  size_t end = 0;
  const Line line = find_line('\r', end);
  if (line != Line::kFound) return line;
  const base::ByteView request = input_.substr(start_);
  if (end + 1 >= request.size()) return Line::kNeedMore;
  const base::ByteView text = request.substr(position_, end - position_);
  header.type = request[position_];
  header.valid = !text.empty() && parse_strict(text.substr(1), header.number);
  if (request[end + 1] != '\n') canonical_ = false;
  position_ = end + kLineEnd;
  return Line::kFound;
}

Parser::Step Parser::skip_request() {
  start_ += position_;
  begin();
  return Step::kGoOn;
}

Parser::Step Parser::read_inline() {
  size_t end = 0;
  const Line line = find_line('\n', end);
  if (line == Line::kTooLong) return fail(std::string(errors::kBigInline));
  if (line == Line::kNeedMore) return need_more();
  base::ByteView text = input_.substr(start_, end);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  auto words = base::split_words(text);
  if (!words) return fail(std::string(errors::kUnbalancedQuotes));
  position_ = end + 1;
  if (words->empty()) return skip_request();
  words_ = std::move(*words);
  for (const base::Bytes& word : words_) args_.push_back(word);
  wire_ = {};
  phase_ = Phase::kDone;
  return Step::kRequest;
}

Parser::Step Parser::read_count(const ParserLimits& limits) {
  Header header;
  const Line line = read_header(header);
  if (line == Line::kTooLong) return fail(std::string(errors::kBigCount));
  if (line == Line::kNeedMore) return need_more();
  if (!header.valid || header.number > limits.max_args) return fail(std::string(errors::kBadCount));
  if (header.number > kMaxUnauthenticatedArgs && !limits.authenticated) {
    return fail(std::string(errors::kUnauthenticatedCount));
  }
  if (header.number <= 0) return skip_request();
  missing_ = header.number;
  slices_.reserve(std::min(static_cast<size_t>(missing_), kFirstReserve));
  phase_ = Phase::kBulkHeader;
  read_plain_bulks(limits);
  return missing_ == 0 ? finish() : Step::kGoOn;
}

// Bulks as nearly all come: whole, behind a plain header, CRLF where it belongs. Stops before the first that
// is anything else, for the careful path to judge.
void Parser::read_plain_bulks(const ParserLimits& limits) {
  const int64_t most = limits.authenticated ? limits.max_bulk_bytes
                                            : std::min(limits.max_bulk_bytes, kMaxUnauthenticatedBulkBytes);
  for (base::ByteView left = rest(); missing_ > 0; --missing_) {
    const PlainHeader header = parse_plain_header(left);
    if (header.bytes == 0 || left[0] != '$' || header.number > most) return;
    const auto size = static_cast<size_t>(header.number);
    if (left.size() - header.bytes < size + kLineEnd) return;
    if (!is_crlf(left.data() + header.bytes + size)) return;
    slices_.push_back({position_ + header.bytes, size});
    const size_t taken = header.bytes + size + kLineEnd;
    position_ += taken;
    left.remove_prefix(taken);
  }
}

Parser::Step Parser::read_bulk_header(const ParserLimits& limits) {
  Header header;
  const Line line = read_header(header);
  if (line == Line::kTooLong) return fail(std::string(errors::kBigBulkCount));
  if (line == Line::kNeedMore) return need_more();
  if (header.type != '$') return fail(errors::expected_bulk(header.type));
  if (!header.valid || header.number < 0 || header.number > limits.max_bulk_bytes) {
    return fail(std::string(errors::kBadBulk));
  }
  if (header.number > kMaxUnauthenticatedBulkBytes && !limits.authenticated) {
    return fail(std::string(errors::kUnauthenticatedBulk));
  }
  bulk_bytes_ = static_cast<size_t>(header.number);
  phase_ = Phase::kBulkBody;
  return Step::kGoOn;
}

Parser::Step Parser::read_body() {
  const base::ByteView body = rest();
  if (body.size() < bulk_bytes_ + kLineEnd) [[unlikely]] {
    return bulk_bytes_ >= kBigBulkBytes && body.size() < bulk_bytes_ ? start_big() : need_more();
  }
  slices_.push_back({position_, bulk_bytes_});
  position_ += bulk_bytes_;
  return end_body();
}

// The two bytes after a bulk. Redis skips them unseen; a request that has others there is served, but not
// logged by copying its bytes.
Parser::Step Parser::end_body() {
  if (!is_crlf(rest().data())) canonical_ = false;
  position_ += kLineEnd;
  phase_ = Phase::kBulkHeader;
  return --missing_ == 0 ? finish() : Step::kGoOn;
}

// A big bulk whose end is not here yet moves into its own buffer. What came of it ends the input, so the
// carry is cut before it and offsets go on behind the cut.
Parser::Step Parser::start_big() {
  const base::ByteView arrived = rest();
  Big big{bulk_bytes_, arrived.size(), {}};
  try {
    // Reserved, not filled: pages are touched as bytes arrive, so that a claim of 512 MB costs nothing.
    big.bytes.reserve(bulk_bytes_);
  } catch (const std::exception&) {
    return fail(std::string(errors::kBadBulk));
  }
  big.bytes.append(arrived);
  slices_.push_back({kHeldByParser, bigs_.size()});
  bigs_.push_back(std::move(big));
  big_bytes_ += bulk_bytes_;
  input_.remove_suffix(arrived.size());
  phase_ = Phase::kBigBody;
  return need_more();
}

Parser::Step Parser::end_big() {
  if (rest().size() < kLineEnd) return need_more();
  return end_body();
}

std::span<char> Parser::big_room() {
  if (phase_ != Phase::kBigBody) return {};
  Big& big = bigs_.back();
  if (big.filled == big.bytes.size() && big.filled < big.size) {
    // std::string fills what it opens; in steps that stays in cache and never takes long.
    big.bytes.resize(std::min(big.size, big.filled + kBigStepBytes));
  }
  return {big.bytes.data() + big.filled, big.bytes.size() - big.filled};
}

void Parser::big_filled(size_t count) {
  SLUICE_CHECK(count <= big_room().size(), "more bytes than there was room for");
  bigs_.back().filled += count;
}

Parser::Step Parser::finish() {
  args_.reserve(slices_.size());
  const char* request = input_.data() + start_;
  for (const Slice& slice : slices_) {
    if (slice.offset == kHeldByParser) [[unlikely]] {
      args_.push_back(bigs_[slice.size].bytes);
    } else {
      args_.emplace_back(request + slice.offset, slice.size);
    }
  }
  wire_ = canonical_ && bigs_.empty() ? base::ByteView(request, position_) : base::ByteView();
  phase_ = Phase::kDone;
  return Step::kRequest;
}

Parser::Step Parser::need_more() {
  carry_ = input_.substr(start_);
  return Step::kNeedMore;
}

Parser::Step Parser::fail(std::string text) {
  begin();
  error_ = std::move(text);
  carry_ = {};
  return Step::kError;
}

bool Parser::is_big(size_t arg) const {
  return phase_ == Phase::kDone && arg < slices_.size() && slices_[arg].offset == kHeldByParser;
}

base::Bytes Parser::take_big(size_t arg) {
  SLUICE_CHECK(is_big(arg), "this argument has no buffer of its own");
  const size_t held = slices_[arg].size;
  slices_[arg].offset = 0;  // No longer big: it can be taken once.
  return std::move(bigs_[held].bytes);
}

size_t Parser::held_bytes() const {
  size_t held = slices_.capacity() * sizeof(Slice) + args_.capacity() * sizeof(base::ByteView);
  for (const Big& big : bigs_) held += big.filled;
  for (const base::Bytes& word : words_) held += sizeof(word) + word.size();
  return held;
}

}  // namespace sluice::resp
