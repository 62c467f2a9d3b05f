#include "snapshot/reader.h"

#include <utility>

#include "base/number.h"
#include "snapshot/extras.h"
#include "snapshot/format.h"

namespace sluice::snapshot {

namespace {

constexpr size_t kShownKeyBytes = 64;

// Enough of a key to know it by; whatever it holds goes to a log.
std::string shown(base::ByteView key) {
  std::string text;
  for (const char c : key.substr(0, kShownKeyBytes)) text.push_back(c >= ' ' && c <= '~' ? c : '?');
  return "'" + text + (key.size() > kShownKeyBytes ? "'..." : "'");
}

// A module's id is nine characters of six bits and ten bits of a version.
std::string module_name(uint64_t id) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string name;
  for (int shift = 58; shift >= 10; shift -= 6) name.push_back(kLetters[id >> shift & 63]);
  return name;
}

}  // namespace

Reader::Reader(ByteSource& source, uint64_t size_bytes, keyspace::Keyspace& keyspace, EntrySink& sink)
    : in_(source, size_bytes), keyspace_(keyspace), sink_(sink) {}

base::Result<bool> Reader::load_on(uint64_t budget_bytes) {
  const uint64_t start = in_.offset();
  while (phase_ != Phase::kDone && in_.ok()) {
    const uint64_t spent = in_.offset() - start;
    if (spent >= budget_bytes) return false;
    switch (phase_) {
      case Phase::kHead:
        head();
        break;
      case Phase::kRecords:
        record();
        break;
      case Phase::kValue:
        if (value_->step(in_, budget_bytes - spent)) end_entry();
        break;
      case Phase::kDone:
        break;
    }
  }
  if (!in_.ok()) return in_.error();
  return true;
}

void Reader::head() {
  if (in_.take(kMagic.size()) != kMagic) return in_.fail_at(0, "it does not begin with REDIS");
  const base::ByteView digits = in_.take(kVersionDigits);
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return in_.fail_at(kMagic.size(), "its version is no number");
    version_ = version_ * 10 + static_cast<unsigned>(digit - '0');
  }
  if (!in_.ok()) return;
  if (version_ < 1 || version_ > kNewestVersion) {
    return in_.fail_at(kMagic.size(), "it has version " + std::to_string(version_) + "; versions 1 to " +
                                          std::to_string(kNewestVersion) + " can be read");
  }
  phase_ = Phase::kRecords;
}

void Reader::record() {
  entry_at_ = in_.offset();
  const uint8_t code = in_.byte();
  if (!in_.ok()) return;
  if (static_cast<Opcode>(code) != Opcode::kAux) hand_over();
  if (!in_.ok() || opcode(static_cast<Opcode>(code))) return;
  begin_entry(static_cast<TypeCode>(code));
}

// False when it is no opcode.
bool Reader::opcode(Opcode code) {
  switch (code) {
    case Opcode::kEof:
      end();
      return true;
    case Opcode::kSelectDb:
      db_ = in_.length();
      return true;
    case Opcode::kResizeDb:
      in_.length();
      in_.length();
      return true;
    case Opcode::kSlotInfo:
      for (int i = 0; i < 3; ++i) in_.length();
      return true;
    case Opcode::kExpireTimeMs:
      expiry_ms_ = in_.milliseconds();
      return true;
    case Opcode::kExpireTime:
      expiry_ms_ = int64_t{in_.int32()} * 1000;
      return true;
    case Opcode::kIdle:
      use_.idle_s = in_.length();
      return true;
    case Opcode::kFrequency:
      use_.frequency = in_.byte();
      return true;
    case Opcode::kAux:
      aux();
      return true;
    case Opcode::kFunction:
      function();
      return true;
    case Opcode::kFunctionPreGa:
      in_.fail_at(entry_at_, "it holds functions in a layout that was never released");
      return true;
    case Opcode::kModuleAux:
      in_.fail_at(entry_at_, "it holds data of the module " + module_name(in_.length()) +
                                 ", and there are no modules here");
      return true;
  }
  return false;
}

void Reader::aux() {
  const base::Bytes name(in_.text());
  const base::ByteView value = in_.text();
  if (!in_.ok()) return;
  if (is_extra(name)) return extra(name, value);
  if (auto taken = sink_.aux(name, value); !taken.ok()) in_.fail_at(entry_at_, taken.error().message);
}

// It belongs to the value right before it.
void Reader::extra(base::ByteView name, base::ByteView block) {
  keyspace::Value* const value = held_ ? &held_->entry.value : nullptr;
  const std::string whose = held_ ? "key " + shown(key_) + ": " : std::string();
  if (auto applied = apply_extra(name, block, value); !applied.ok()) {
    in_.fail_at(entry_at_, whose + applied.error().message);
  }
}

void Reader::function() {
  const base::ByteView library = in_.text();
  if (in_.ok() && !library.empty()) {
    in_.fail_at(entry_at_, "it holds a library of functions, which this version cannot hold");
  }
}

void Reader::begin_entry(TypeCode code) {
  if (const std::string refusal = refusal_of(code); !refusal.empty() && code != TypeCode::kModule) {
    // What cannot be a code at all has no key behind it that could be trusted.
    const std::string key =
        code == TypeCode::kModulePreGa ? "the value of " + shown(in_.text()) + ": " : std::string();
    return in_.fail_at(entry_at_, key + refusal);
  }
  key_ = in_.text();
  if (code == TypeCode::kModule) {
    in_.fail_at(entry_at_, "the value of " + shown(key_) + " is one of the module " +
                               module_name(in_.length()) + ", and there are no modules here");
  }
  if (!in_.ok()) return;
  value_.emplace(code, in_, keyspace_);
  phase_ = Phase::kValue;
}

void Reader::end_entry() {
  if (!in_.ok()) return;
  phase_ = Phase::kRecords;
  keyspace::Value value = value_->take();
  value_.reset();
  LoadedEntry entry{db_, key_, std::move(value), std::exchange(expiry_ms_, std::nullopt),
                    std::exchange(use_, {})};
  if (keyspace::vanishes(entry.value)) {
    ++skipped_;
    return;
  }
  held_.emplace(Held{std::move(entry), entry_at_});
}

void Reader::hand_over() {
  if (!held_) return;
  Held held = std::move(*held_);
  held_.reset();
  ++entries_;
  if (auto taken = sink_.entry(std::move(held.entry)); !taken.ok()) {
    in_.fail_at(held.at, "key " + shown(key_) + ": " + taken.error().message);
  }
}

void Reader::end() {
  if (version_ >= kFirstChecksummedVersion) {
    const uint64_t computed = in_.checksum();
    const uint64_t at = in_.offset();
    const uint64_t stored = in_.fixed64();
    if (!in_.ok()) return;
    // 0 stands for none (rdbchecksum no).
    if (stored != 0 && stored != computed) {
      return in_.fail_at(at, "the checksum does not hold: the file is damaged somewhere");
    }
    verified_ = stored != 0;
  }
  if (in_.left() > 0 && !more_allowed_) {
    return in_.fail(std::to_string(in_.left()) + " bytes stand behind its end");
  }
  phase_ = Phase::kDone;
}

}  // namespace sluice::snapshot
