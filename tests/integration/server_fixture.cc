#include "integration/server_fixture.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::test {

namespace {

constexpr timeval kReplyTimeout = {20, 0};
constexpr useconds_t kPauseUs = 5'000;
constexpr int kEndPauses = 6'000;  // Longer than any shutdown-timeout that a test lets pass.

// Asked of the kernel and given back: another process could take it in between, which a restart would notice.
int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

resp::Value from_reply(const redisReply& reply) {
  const std::string text(reply.str == nullptr ? "" : reply.str, reply.str == nullptr ? 0 : reply.len);
  switch (reply.type) {
    case REDIS_REPLY_STATUS:
      return resp::Value::make_text(resp::Kind::kStatus, text);
    case REDIS_REPLY_ERROR:
      return resp::Value::make_text(resp::Kind::kError, text);
    case REDIS_REPLY_STRING:
      return resp::Value::make_text(resp::Kind::kBulk, text);
    case REDIS_REPLY_INTEGER:
      return resp::Value::make_integer(reply.integer);
    case REDIS_REPLY_ARRAY: {
      resp::Value value = resp::Value::make_aggregate(resp::Kind::kArray);
      for (size_t i = 0; i < reply.elements; ++i) value.children.push_back(from_reply(*reply.element[i]));
      return value;
    }
    default:
      return resp::Value{};
  }
}

}  // namespace

void pause_briefly() {
  usleep(kPauseUs);
}

std::string write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  return path;
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

ServerProcess::ServerProcess(std::vector<std::string> options, std::string name)
    : options_(std::move(options)), name_(std::move(name)), port_(free_port()) {}

ServerProcess::~ServerProcess() {
  kill_hard();
  // Whoever is killed has no exit status, so what a sanitized build found shows only here.
  const std::string output = log();
  for (const char* report : {"ThreadSanitizer", "AddressSanitizer", "LeakSanitizer", "runtime error:"}) {
    CHECK_MESSAGE(output.find(report) == std::string::npos, output);
  }
}

void ServerProcess::spawn() {
  std::vector<std::string> words = {name_};
  auto options = options_.begin();
  if (options != options_.end() && !options->starts_with("-")) words.push_back(*options++);
  for (const std::string& word :
       {std::string("--port"), std::to_string(port_), std::string("--dir"), dir()}) {
    words.push_back(word);
  }
  words.insert(words.end(), options, options_.end());
  spawn_words(std::move(words));
}

void ServerProcess::spawn_words(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string log_path = folder_ / "output";
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ > 0) return;
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv(SLUICE_SERVER_PATH, argv.data());
  _exit(127);
}

void ServerProcess::start() {
  spawn();
  wait_until_ready();
}

void ServerProcess::start_on_socket(const std::string& path, const std::string& password) {
  spawn();
  const bool ready = soon([&] {
    RedisClient client(folder_ / path);
    if (client.connected() && !password.empty()) client.run("AUTH", password);
    return client.connected() && client.run("PING") == resp::Value::make_text(resp::Kind::kStatus, "PONG");
  });
  REQUIRE_MESSAGE(ready, log());
}

void ServerProcess::wait_until_ready() {
  const bool ready = soon([this] {
    RedisClient client(port_);
    return client.connected() && client.run("PING") == resp::Value::make_text(resp::Kind::kStatus, "PONG");
  });
  REQUIRE_MESSAGE(ready, log());
}

ServerProcess::Ended ServerProcess::run_to_end() {
  spawn();
  return wait_for_end();
}

ServerProcess::Ended ServerProcess::run_alone(const std::vector<std::string>& arguments) {
  ServerProcess process;
  std::vector<std::string> words = {process.name_};
  words.insert(words.end(), arguments.begin(), arguments.end());
  process.spawn_words(std::move(words));
  return process.wait_for_end();
}

// A server that does not end is a failed test, not a test that hangs: it is killed, and -1 says so.
int ServerProcess::reap() {
  int status = 0;
  pid_t ended = 0;
  for (int i = 0; i < kEndPauses && ended == 0; ++i) {
    ended = waitpid(pid_, &status, WNOHANG);
    if (ended == 0) pause_briefly();
  }
  if (ended == 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  return ended > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

ServerProcess::Ended ServerProcess::wait_for_end() {
  const int status = reap();
  return {status, log()};
}

void ServerProcess::signal(int number) const {
  kill(pid_, number);
}

void ServerProcess::kill_hard() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int ServerProcess::stop(int number) {
  kill(pid_, number);
  return reap();
}

std::string ServerProcess::log() const {
  return read_file(folder_ / "output");
}

RedisClient::RedisClient(int port) : RedisClient("127.0.0.1", port) {}

RedisClient::RedisClient(const std::string& address, int port)
    : context_(redisConnectWithTimeout(address.c_str(), port, kReplyTimeout)) {
  if (connected()) redisSetTimeout(context_, kReplyTimeout);
}

RedisClient::RedisClient(const std::string& unix_path)
    : context_(redisConnectUnixWithTimeout(unix_path.c_str(), kReplyTimeout)) {
  if (connected()) redisSetTimeout(context_, kReplyTimeout);
}

RedisClient::~RedisClient() {
  if (context_ != nullptr) redisFree(context_);
}

void RedisClient::send_words(const std::vector<std::string>& words) {
  std::vector<const char*> arguments;
  std::vector<size_t> sizes;
  for (const std::string& word : words) {
    arguments.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(context_, static_cast<int>(words.size()), arguments.data(), sizes.data());
}

resp::Value RedisClient::read() {
  void* answer = nullptr;
  if (redisGetReply(context_, &answer) != REDIS_OK) {
    return resp::Value::make_text(resp::Kind::kError, std::string("connection: ") + context_->errstr);
  }
  auto* reply = static_cast<redisReply*>(answer);
  resp::Value value = from_reply(*reply);
  freeReplyObject(reply);
  return value;
}

void RedisClient::send_raw(const std::string& bytes) {
  flush();
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t size = ::send(context_->fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return;  // the server has had enough; what it said is still to be read
    sent += static_cast<size_t>(size);
  }
}

void RedisClient::flush() {
  int done = 0;
  while (done == 0) {
    if (redisBufferWrite(context_, &done) != REDIS_OK) return;
  }
}

uint64_t info_number(RedisClient& client, const std::string& section, const std::string& name) {
  const std::string text = client.run("INFO", section).text;
  const size_t at = text.find("\n" + name + ":");
  REQUIRE_MESSAGE(at != std::string::npos, (name + " is not in INFO"));
  return std::stoull(text.substr(at + name.size() + 2));
}

}  // namespace sluice::test
