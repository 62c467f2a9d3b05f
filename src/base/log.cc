#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "base/fs.h"

namespace sluice::base {

struct SpdLog::Impl {
  std::shared_ptr<spdlog::logger> logger;
  std::shared_ptr<spdlog::sinks::dist_sink_mt> sink;  // of one sink, which may be replaced under its lock
  std::string path;                                   // empty: standard output
  struct stat file {};                                // what `path` meant when it was opened
  bool told = false;                                  // that the file could not be opened again
};

namespace {

constexpr const char* kPattern = "%P %d %b %Y %H:%M:%S.%e %L %v";

// Redis has one level between info and debug; spdlog has one below debug. Order is what matters.
spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::trace;
    case LogLevel::kVerbose:
      return spdlog::level::debug;
    case LogLevel::kNotice:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kNothing:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

}  // namespace

SpdLog::SpdLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SpdLog::~SpdLog() = default;

Result<std::unique_ptr<SpdLog>> SpdLog::open(const std::string& path, LogLevel level) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->sink = std::make_shared<spdlog::sinks::dist_sink_mt>();
  impl->logger = std::make_shared<spdlog::logger>("sluice", impl->sink);
  impl->logger->set_level(to_spdlog(level));
  impl->logger->flush_on(spdlog::level::trace);
  std::unique_ptr<SpdLog> log(new SpdLog(std::move(impl)));
  if (path.empty()) {
    auto terminal = std::make_shared<spdlog::sinks::stdout_sink_st>();
    terminal->set_pattern(kPattern);
    log->impl_->sink->set_sinks({std::move(terminal)});
  } else if (auto opened = log->open_file(); !opened) {
    return opened.error();
  }
  return log;
}

Result<void> SpdLog::open_file() {
  // spdlog would make the folders of a mistyped path.
  PosixFs fs;
  if (auto file = fs.open(impl_->path, kOpenWrite | kOpenCreate | kOpenAppend); !file) {
    return Error{"Can't open the log file: " + file.error().message};
  }
  try {
    auto file = std::make_shared<spdlog::sinks::basic_file_sink_st>(impl_->path);
    file->set_pattern(kPattern);
    impl_->sink->set_sinks({std::move(file)});
  } catch (const spdlog::spdlog_ex& failure) {
    return Error{std::string("Can't open the log file: ") + failure.what()};
  }
  (void)::stat(impl_->path.c_str(), &impl_->file);  // gone again already: it is looked for at the next chance
  return {};
}

void SpdLog::reopen() {
  if (impl_->path.empty()) return;
  auto opened = open_file();
  if (!opened && !impl_->told) warning(opened.error().message);
  impl_->told = !opened;
}

void SpdLog::follow_rotation() {
  if (impl_->path.empty()) return;
  struct stat now {};
  const bool there = ::stat(impl_->path.c_str(), &now) == 0;
  if (there && now.st_ino == impl_->file.st_ino && now.st_dev == impl_->file.st_dev) return;
  reopen();
}

void SpdLog::write(LogLevel level, std::string_view text) {
  impl_->logger->log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

void SpdLog::set_level(LogLevel level) {
  impl_->logger->set_level(to_spdlog(level));
}

}  // namespace sluice::base
