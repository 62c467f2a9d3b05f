#include "commands/scan_options.h"

#include "base/glob.h"
#include "base/number.h"
#include "resp/errors.h"

namespace sluice::commands {

namespace {

// As Redis reads it, a C string: what follows a NUL is not looked at, and nothing at all is 0.
std::optional<uint64_t> parse_cursor(base::ByteView word) {
  word = word.substr(0, word.find('\0'));
  const bool negative = word.starts_with('-');
  if (negative || word.starts_with('+')) {
    word.remove_prefix(1);
    if (word.empty()) return std::nullopt;
  }
  uint64_t value = 0;
  for (const char digit : word) {
    if (digit < '0' || digit > '9') return std::nullopt;
    if (__builtin_mul_overflow(value, uint64_t{10}, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, static_cast<uint64_t>(digit - '0'), &value)) return std::nullopt;
  }
  return negative ? uint64_t{0} - value : value;
}

}  // namespace

bool ScanOptions::shows(base::ByteView name) const {
  return !pattern || base::glob_match(*pattern, name);
}

uint64_t scan_cursor(exec::Args& args) {
  const std::optional<uint64_t> cursor = parse_cursor(args.next());
  if (!cursor) args.latch(resp::errors::kInvalidCursor);
  return cursor.value_or(0);
}

ScanOptions scan_options(exec::Args& args, ScanOf what) {
  ScanOptions options;
  while (args.more() && args.ok()) {
    if (args.accept_with("COUNT")) {
      const int64_t count = args.integer_between(1, INT64_MAX, resp::errors::kSyntax);
      options.count = static_cast<size_t>(count);
    } else if (args.accept_with("MATCH")) {
      const base::ByteView pattern = args.next();
      // A lone star means everything, which a glob of it does not quite: it refuses the empty name.
      options.pattern = pattern == "*" ? std::nullopt : std::optional(pattern);
    } else if (what == ScanOf::kKeys && args.accept_with("TYPE")) {
      options.type = args.next();
    } else {
      args.syntax_error();
    }
  }
  return options;
}

void reply_scan_cursor(resp::Reply& reply, uint64_t cursor) {
  reply.array(2);
  reply.bulk(base::format_uint64(cursor).view());
}

}  // namespace sluice::commands
