// What the server tells its operator. A thin door to spdlog, so that no other file pulls it in and every part
// can be handed a silent one in tests. Levels are those of redis.conf's `loglevel`.
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

// Writes to `path`, or to standard output when it is empty. Safe to call from any thread.
class SpdLog final : public Log {
 public:
  static Result<std::unique_ptr<SpdLog>> open(const std::string& path, LogLevel level);
  ~SpdLog() override;

  void write(LogLevel level, std::string_view text) override;
  void set_level(LogLevel level);

 private:
  struct Impl;
  explicit SpdLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::base
