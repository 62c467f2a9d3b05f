// A sluice-server of its own for a test: a free port, a temporary folder, killed and swept away at the end;
// and a hiredis connection to it whose replies come as resp::Value, so that tests compare them as everywhere
// else.
#pragma once

#include <string>
#include <vector>

#include <hiredis/hiredis.h>
#include <sys/types.h>

#include "integration/temporary_folder.h"
#include "resp/value.h"

namespace sluice::test {

class ServerProcess {
 public:
  // `options` as on the command line, a file first if there is one: {"--appendonly", "yes"}. `name` is what
  // the program is called by.
  explicit ServerProcess(std::vector<std::string> options = {}, std::string name = "sluice-server");
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Starts it (again) in the same folder and waits until it answers and has loaded.
  void start();
  // The same for one that listens only on a unix socket, below its folder, and may want a password.
  void start_on_socket(const std::string& path, const std::string& password = "");
  // Starts it and waits until it has ended; returns its exit status (-1: ended by a signal, or killed because
  // it did not end) and what it wrote to standard output and error.
  struct Ended {
    int status;
    std::string output;
  };
  Ended run_to_end();
  // The program with these arguments and no others, to its end, in the caller's working directory.
  static Ended run_alone(const std::vector<std::string>& arguments);
  void kill_hard();           // SIGKILL, and waits
  int stop(int signal = 15);  // asks, waits, returns the exit status as above
  void signal(int number) const;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& dir() const { return folder_.path(); }
  [[nodiscard]] std::string log() const;  // what it wrote so far

 private:
  void spawn();
  void spawn_words(std::vector<std::string> words);
  Ended wait_for_end();
  int reap();
  void wait_until_ready();

  std::vector<std::string> options_;
  std::string name_;
  testing::TemporaryFolder folder_;
  int port_;
  pid_t pid_ = -1;
};

class RedisClient {
 public:
  explicit RedisClient(int port);
  RedisClient(const std::string& address, int port);
  explicit RedisClient(const std::string& unix_path);
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  template <class... Words>
  resp::Value run(const Words&... words) {
    send(words...);
    return read();
  }
  // Pipelining: several sends, then as many reads.
  template <class... Words>
  void send(const Words&... words) {
    send_words({std::string(words)...});
  }
  void send_words(const std::vector<std::string>& words);
  // The next reply; an error value "connection: ..." when the connection is gone or nothing came in time.
  resp::Value read();
  // Bytes as they are, for requests no client would make.
  void send_raw(const std::string& bytes);
  void flush();

  [[nodiscard]] bool connected() const { return context_ != nullptr && context_->err == 0; }
  [[nodiscard]] int fd() const { return context_->fd; }
  [[nodiscard]] redisContext* context() const { return context_; }

 private:
  redisContext* context_;
};

// A condition that comes true soon; false after a bounded while.
template <class Condition>
bool soon(Condition&& condition);

void pause_briefly();

// Returns the path.
std::string write_file(const std::string& path, const std::string& text);
// The number in one field of INFO.
uint64_t info_number(RedisClient& client, const std::string& section, const std::string& name);

// Empty when there is none.
std::string read_file(const std::string& path);

template <class Condition>
bool soon(Condition&& condition) {
  for (int attempt = 0; attempt < 2000; ++attempt) {
    if (condition()) return true;
    pause_briefly();
  }
  return false;
}

}  // namespace sluice::test
