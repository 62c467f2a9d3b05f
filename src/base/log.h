// What the server tells its operator. A thin door to spdlog, so that no other file pulls it in and every part
// can be handed a silent one in tests. Levels are those of redis.conf's `loglevel`. Whoever makes a log owns
// it and lends it out; it must not know what it is told about.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::base {

enum class LogLevel { kDebug, kVerbose, kNotice, kWarning, kNothing };

class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view text) = 0;

  void debug(std::string_view text) { write(LogLevel::kDebug, text); }
  void verbose(std::string_view text) { write(LogLevel::kVerbose, text); }
  void notice(std::string_view text) { write(LogLevel::kNotice, text); }
  void warning(std::string_view text) { write(LogLevel::kWarning, text); }
};

// Drops everything: for tests and tools.
class NullLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

// Writes to `path`, or to standard output when it is empty. Safe to call from any thread but for reopen and
// follow_rotation, which belong to the thread that opened it.
class SpdLog final : public Log {
 public:
  static Result<std::unique_ptr<SpdLog>> open(const std::string& path, LogLevel level);
  ~SpdLog() override;

  void write(LogLevel level, std::string_view text) override;
  void set_level(LogLevel level);

  // Opens the file by its name again, for whoever moved the old one away. When that fails the log goes on in
  // the old one and says so there.
  void reopen();
  // The same, if the name no longer means the file that is open: one stat.
  void follow_rotation();

 private:
  struct Impl;
  explicit SpdLog(std::unique_ptr<Impl> impl);
  Result<void> open_file();
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::base
