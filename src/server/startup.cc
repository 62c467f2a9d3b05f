#include "server/startup.h"

#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/process.h"
#include "commands/all.h"
#include "commands/session.h"
#include "config/loader.h"
#include "config/store.h"
#include "exec/table.h"
#include "server/configuration.h"
#include "server/server.h"

namespace sluice::server {

namespace {

constexpr const char* kUsage =
    "Usage: sluice-server [/path/to/sluice.conf] [options] [-]\n"
    "       sluice-server - (read config from stdin)\n"
    "       sluice-server -v or --version\n"
    "       sluice-server -h or --help\n"
    "       sluice-server --check-config [/path/to/sluice.conf] [options] (only say whether it could start)\n"
    "\n"
    "Examples:\n"
    "       sluice-server (run with the defaults)\n"
    "       sluice-server --port 7777\n"
    "       sluice-server /etc/sluice.conf --appendonly yes --loglevel verbose -\n"
    "\n"
    "The file is in the syntax of redis.conf, and --name value sets any directive of it.\n";

int complain(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return 1;
}

std::string resolved_path(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) == nullptr ? path : std::string(resolved);
}

std::string read_standard_input() {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t size = read(STDIN_FILENO, buffer, sizeof buffer);
    if (size <= 0 || text.size() > config::kMaxConfigBytes) return text;
    text.append(buffer, static_cast<size_t>(size));
  }
}

struct Loaded {
  config::Beside beside;
  std::string config_file;
  bool check_only = false;
};

base::Result<Loaded> load_configuration(base::Fs& fs, std::span<const std::string> arguments,
                                        config::Store& store) {
  Loaded loaded;
  auto line = config::read_command_line(arguments);
  if (!line.ok()) return line.error();
  loaded.check_only = line->check_only;
  const auto load =
      [&](const base::Result<std::vector<config::Directive>>& directives) -> base::Result<void> {
    if (!directives.ok()) return directives.error();
    return config::load_directives(*directives, store, loaded.beside);
  };
  if (!line->file.empty()) {
    loaded.config_file = resolved_path(line->file);
    if (auto done = load(config::read_config_file(fs, loaded.config_file)); !done) return done.error();
  }
  if (line->standard_input) {
    if (auto done = load(config::read_config_text(fs, "standard input", read_standard_input())); !done) {
      return done.error();
    }
  }
  if (auto done = config::load_directives(line->options, store, loaded.beside); !done) return done.error();
  return loaded;
}

std::string reason_of(const base::IoError& error) {
  return std::generic_category().message(error.code);
}

// The users of the configuration: by its own lines, or by a file that has nothing but users.
base::Result<void> load_users(const config::Store& store, const config::Beside& beside,
                              acl::Registry& users) {
  apply_users(store, users);
  const std::string& path = store.text(config::Option::kAclFile);
  if (!path.empty() && !beside.users.empty()) {
    return config::config_error(beside.users[0].place,
                                "Users stand in the configuration or in an aclfile, not in both: it would be "
                                "unclear which of them count");
  }
  for (const config::UserLine& line : beside.users) {
    if (auto done = users.configure(line.words); !done) {
      return config::config_error(line.place, done.error().message);
    }
  }
  if (path.empty()) return {};
  if (auto done = users.load_file(path, 0); !done) {
    return config::option_error(beside, config::Option::kAclFile, done.error().message);
  }
  return {};
}

// What only the rest of the program can tell of a configuration: names of commands, places on the disk.
// Enters `dir`.
base::Result<void> check_configuration(base::Fs& fs, config::Store& store, const Loaded& loaded) {
  const config::Beside& beside = loaded.beside;
  exec::Table table(commands::all_families());
  for (const config::Rename& rename : beside.renames) {
    if (auto renamed = table.rename(rename.from, rename.to); !renamed) {
      return config::config_error(rename.place, renamed.error().message);
    }
  }
  if (auto entered = base::change_directory(store.text(config::Option::kDir)); !entered) {
    return config::option_error(beside, config::Option::kDir, reason_of(entered.error()));
  }
  store.note(config::Option::kDir, base::working_directory());
  client::ClientTable nobody;
  const client::Hub nothing(nobody);
  acl::Registry users(table, nobody, nothing, fs);
  if (auto loaded_users = load_users(store, beside, users); !loaded_users) return loaded_users;
  const std::string& log_file = store.text(config::Option::kLogFile);
  if (log_file.empty()) return {};
  const bool there = fs.exists(log_file);
  if (auto file = fs.open(log_file, base::kOpenWrite | base::kOpenCreate | base::kOpenAppend); !file) {
    return config::option_error(beside, config::Option::kLogFile,
                                "Can't open the log file: " + reason_of(file.error()));
  }
  if (loaded.check_only && !there) (void)fs.unlink(log_file);  // an empty file too many
  return {};
}

// Options that were set and have no effect: told once, so that nobody counts on them.
void tell_without_effect(const config::Store& store, base::Log& log) {
  for (const config::Row* row : store.without_effect()) {
    const bool pending = row->support == config::Support::kPending;
    log.write(pending ? base::LogLevel::kWarning : base::LogLevel::kNotice,
              "'" + std::string(row->name) + "' has no effect: " + std::string(row->doc));
  }
}

// A start that failed: for the log, and for whoever waits at a terminal that does not show the log.
int refuse(const config::Store& store, base::Log& log, const std::string& text) {
  log.warning(text);
  const bool shown = store.text(config::Option::kLogFile).empty() &&
                     store.choice<config::LogLevel>(config::Option::kLogLevel) != config::LogLevel::kNothing;
  return shown ? 1 : complain(text);
}

// The parent leaves; the child has no terminal. Before any thread is started.
bool daemonize() {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child > 0) std::_Exit(0);
  setsid();
  const int null = open("/dev/null", O_RDWR);
  if (null >= 0) {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
    if (null > STDERR_FILENO) close(null);
  }
  return true;
}

class PidFile {
 public:
  PidFile(base::Fs& fs, base::Log& log, std::string path) : fs_(fs), path_(std::move(path)) {
    if (path_.empty()) return;
    const auto written = base::replace_file(fs_, path_, std::to_string(getpid()) + "\n");
    written_ = written.ok();
    if (!written_) log.warning("Can't write the pid file: " + written.error().message);
  }
  ~PidFile() {
    if (written_) (void)fs_.unlink(path_);  // nobody is left to tell
  }
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

 private:
  base::Fs& fs_;
  std::string path_;
  bool written_ = false;
};

int serve(base::Fs& fs, config::Store& store, base::SpdLog& log, const Loaded& loaded,
          Invocation invocation) {
  Server server(store, log, fs, std::move(invocation));
  for (const config::Rename& rename : loaded.beside.renames) {
    if (auto renamed = server.rename_command(rename.from, rename.to); !renamed) {
      return refuse(store, log, config::config_error(rename.place, renamed.error().message).message);
    }
  }
  if (auto done = load_users(store, loaded.beside, server.users()); !done) {
    return refuse(store, log, done.error().message);
  }
  if (auto started = server.start(); !started) return refuse(store, log, started.error().message);
  const PidFile pid_file(fs, log, base::absolute_path(store.text(config::Option::kPidFile)));
  return server.run();
}

}  // namespace

int run_program(std::span<const std::string> arguments) {
  const std::span<const std::string> rest = arguments.subspan(1);
  if (!rest.empty() && (rest[0] == "-h" || rest[0] == "--help")) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (!rest.empty() && (rest[0] == "-v" || rest[0] == "--version")) {
    std::printf("Sluice server v=%s compatible=%s malloc=%s bits=64\n", commands::kSluiceVersion.data(),
                commands::kReportedVersion.data(), base::allocator_name().c_str());
    return 0;
  }

  base::PosixFs fs;
  config::Store store;
  const std::string executable = resolved_path(arguments[0]);
  auto loaded = load_configuration(fs, rest, store);
  if (!loaded.ok()) return complain(loaded.error().message);
  if (auto sound = check_configuration(fs, store, *loaded); !sound) return complain(sound.error().message);
  if (loaded->check_only) {
    std::puts("The configuration is sound.");
    return 0;
  }

  auto log = base::SpdLog::open(base::absolute_path(store.text(config::Option::kLogFile)), log_level(store));
  if (!log.ok()) return complain(log.error().message);
  if (store.flag(config::Option::kDaemonize) && !daemonize()) {
    return refuse(store, **log, "Can't become a daemon");
  }
  std::signal(SIGHUP, SIG_IGN);  // until the server listens to it
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its size limit is a full disk, not a reason to die

  (*log)->notice("Sluice " + std::string(commands::kSluiceVersion) + " starts, pid " +
                 std::to_string(getpid()));
  tell_without_effect(store, **log);
  return serve(fs, store, **log, *loaded, Invocation{executable, loaded->config_file});
}

}  // namespace sluice::server
