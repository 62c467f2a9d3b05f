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
#include "commands/session.h"
#include "config/loader.h"
#include "config/store.h"
#include "server/configuration.h"
#include "server/server.h"

namespace sluice::server {

namespace {

constexpr const char* kLockFile = "sluice.lock";

constexpr const char* kUsage =
    "Usage: sluice-server [/path/to/sluice.conf] [options] [-]\n"
    "       sluice-server - (read config from stdin)\n"
    "       sluice-server -v or --version\n"
    "       sluice-server -h or --help\n"
    "       sluice-server --check-config [/path/to/sluice.conf] [options]\n"
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

std::string absolute_path(const std::string& path) {
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
};

base::Result<Loaded> load_configuration(base::Fs& fs, std::span<const std::string> arguments,
                                        config::Store& store) {
  Loaded loaded;
  auto line = config::read_command_line(arguments);
  if (!line.ok()) return line.error();
  const auto load =
      [&](const base::Result<std::vector<config::Directive>>& directives) -> base::Result<void> {
    if (!directives.ok()) return directives.error();
    return config::load_directives(*directives, store, loaded.beside);
  };
  if (!line->file.empty()) {
    loaded.config_file = absolute_path(line->file);
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
  PidFile(base::Fs& fs, std::string path) : fs_(fs), path_(std::move(path)) {
    if (!path_.empty()) written_ = base::replace_file(fs_, path_, std::to_string(getpid()) + "\n").ok();
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
  std::unique_ptr<base::FileLock> lock;
  if (store.flag(config::Option::kAppendOnly)) {
    auto taken = fs.try_lock(kLockFile);
    if (!taken.ok()) return complain("Another server uses this directory (" + taken.error().message + ")");
    lock = std::move(*taken);
  }
  Server server(store, log, fs, std::move(invocation));
  for (const config::Rename& rename : loaded.beside.renames) {
    if (auto renamed = server.rename_command(rename.from, rename.to); !renamed) {
      return complain(config::config_error(rename.place, renamed.error().message).message);
    }
  }
  if (auto started = server.start(); !started) {
    log.warning(started.error().message);
    return complain(started.error().message);
  }
  const PidFile pid_file(fs, store.text(config::Option::kPidFile));
  return server.run();
}

}  // namespace

int run_program(std::span<const std::string> arguments) {
  std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  bool check_only = false;
  if (!rest.empty()) {
    if (rest[0] == "-h" || rest[0] == "--help") {
      std::fputs(kUsage, stdout);
      return 0;
    }
    if (rest[0] == "-v" || rest[0] == "--version") {
      std::printf("Sluice server v=%s compatible=%s malloc=%s bits=64\n", commands::kSluiceVersion.data(),
                  commands::kReportedVersion.data(), base::allocator_name().c_str());
      return 0;
    }
    if (rest[0] == "--check-config") {
      check_only = true;
      rest.erase(rest.begin());
    }
  }

  base::PosixFs fs;
  config::Store store;
  const std::string executable = absolute_path(arguments[0]);
  auto loaded = load_configuration(fs, rest, store);
  if (!loaded.ok()) return complain(loaded.error().message);
  if (loaded->beside.users.size() > 0) {
    return complain(
        config::config_error(loaded->beside.users[0].place, "ACL users are not supported yet").message);
  }
  if (check_only) {
    std::puts("The configuration is sound.");
    return 0;
  }

  const std::string dir = store.text(config::Option::kDir);
  if (chdir(dir.c_str()) != 0) return complain("Can't chdir to '" + dir + "'");
  store.note(config::Option::kDir, absolute_path("."));
  if (store.flag(config::Option::kDaemonize) && !daemonize()) return complain("Can't become a daemon");
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its size limit is a full disk, not a reason to die

  auto log = base::SpdLog::open(store.text(config::Option::kLogFile), log_level(store));
  if (!log.ok()) return complain(log.error().message);
  (*log)->notice("Sluice " + std::string(commands::kSluiceVersion) + " starts, pid " +
                 std::to_string(getpid()));
  return serve(fs, store, **log, *loaded, Invocation{executable, loaded->config_file});
}

}  // namespace sluice::server
