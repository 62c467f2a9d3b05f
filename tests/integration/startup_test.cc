// How a start goes wrong, and what it does with what the system gives: files, directories, descriptors.
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "integration/server_fixture.h"

namespace sluice::test {

namespace {

using Ended = ServerProcess::Ended;

resp::Value status(const std::string& text) {
  return resp::Value::make_text(resp::Kind::kStatus, text);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::string option(RedisClient& client, const std::string& name) {
  const resp::Value reply = client.run("CONFIG", "GET", name);
  return reply.children.size() == 2 ? reply.children[1].text : "";
}

rlimit descriptor_limit(pid_t pid) {
  rlimit limit{};
  REQUIRE(prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) == 0);
  return limit;
}

void limit_descriptors(pid_t pid, rlim_t soft) {
  const rlimit limit{soft, descriptor_limit(pid).rlim_max};
  REQUIRE(prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) == 0);
}

// The number that the next descriptor of the process gets.
rlim_t next_descriptor(pid_t pid) {
  rlim_t next = 0;
  while (std::filesystem::is_symlink("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(next))) ++next;
  return next;
}

// How many of so many connections the kernel completes while nobody accepts them.
int connected_without_accept(int port, int tries) {
  std::vector<pollfd> sockets;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < tries; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);  // in progress
    sockets.push_back({fd, POLLOUT, 0});
  }
  for (int i = 0; i < 20; ++i) pause_briefly();
  poll(sockets.data(), sockets.size(), 0);
  int connected = 0;
  for (const pollfd& each : sockets) {
    connected += (each.revents & POLLOUT) != 0 && (each.revents & POLLERR) == 0 ? 1 : 0;
    close(each.fd);
  }
  return connected;
}

}  // namespace

TEST_CASE("a dir that cannot be entered is blamed on its line, with the system's reason") {
  const ServerProcess helper;
  const std::string file = write_file(helper.dir() + "/it.conf", "port 0\ndir /no/such/place\n");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{file}, {file, "--check-config"}, {"--check-config", file}}) {
    const Ended ended = ServerProcess::run_alone(arguments);
    CHECK(ended.status == 1);
    CHECK(has(ended.output,
              "Reading " + file + ", at line 2\n>>> 'dir /no/such/place'\nNo such file or directory"));
  }
}

TEST_CASE("a logfile in a directory that does not exist is refused, and nothing is created") {
  const ServerProcess helper;
  const Ended ended =
      ServerProcess::run_alone({"--port", "0", "--dir", helper.dir(), "--logfile", "no/such/place.log"});
  CHECK(ended.status == 1);
  CHECK(has(ended.output,
            "logfile \"no/such/place.log\"'\nCan't open the log file: No such file or directory"));
  CHECK_FALSE(std::filesystem::exists(helper.dir() + "/no"));
}

TEST_CASE("--check-config finds a rename of a command that is none, and leaves no file behind") {
  const ServerProcess helper;
  const std::string file = write_file(helper.dir() + "/it.conf", "\nrename-command NOSUCH x\n");
  const Ended ended = ServerProcess::run_alone({file, "--check-config"});
  CHECK(ended.status == 1);
  CHECK(has(ended.output, "at line 2\n>>> 'rename-command NOSUCH x'\nNo such command in rename-command"));
  const Ended sound =
      ServerProcess::run_alone({"--dir", helper.dir(), "--check-config", "--logfile", "it.log"});
  CHECK(sound.status == 0);
  CHECK_FALSE(std::filesystem::exists(helper.dir() + "/it.log"));
}

TEST_CASE(
    "aclfile that cannot be read, or has faults, is refused: a server without it would be open to "
    "everybody") {
  const ServerProcess helper;
  const Ended absent = ServerProcess::run_alone({"--port", "0", "--aclfile", "/no/such/users.acl"});
  CHECK(absent.status == 1);
  CHECK(
      has(absent.output, "Error loading ACLs, opening file '/no/such/users.acl': No such file or directory"));
  const std::string faulty =
      write_file(helper.dir() + "/users.acl", "user a on\nuser b +nosuch\nuser c ~a b\n");
  const Ended ended = ServerProcess::run_alone({"--port", "0", "--aclfile", faulty});
  CHECK(ended.status == 1);
  CHECK(has(ended.output, faulty + ":2: Error in applying operation '+nosuch': Unknown command"));
  CHECK(has(ended.output, faulty + ":3: Syntax error. "));
}

TEST_CASE(
    "user lines: one that means nothing, one that comes twice, and lines beside an aclfile are refused") {
  const ServerProcess helper;
  const auto ended = [&](const std::string& text) {
    return ServerProcess::run_alone({write_file(helper.dir() + "/it.conf", text), "--port", "0"}).output;
  };
  CHECK(has(ended("user a on +nosuch\n"),
            "at line 1\n>>> 'user a on +nosuch'\nError loading ACL rule '+nosuch' for the user named 'a': "
            "Unknown"));
  CHECK(has(ended("user a on\nuser a off\n"), "at line 2\n>>> 'user a off'\nDuplicate user found."));
  CHECK(has(ended("user a on (~x\n"), "Unmatched parenthesis in acl selector starting at '(~x'."));
  CHECK(
      has(ended("aclfile /x/users.acl\nuser a on\n"), "in the configuration or in an aclfile, not in both"));
}

TEST_CASE("users of the configuration and of an aclfile log in and are held to their rules") {
  const ServerProcess helper;
  const std::string line = "user worker on >pw ~jobs:* -@all +lpush +lrange +@connection\n";
  const std::string file = write_file(helper.dir() + "/users.acl", line);
  for (const std::string& text : {line, "aclfile " + file + "\n"}) {
    ServerProcess server(
        {write_file(helper.dir() + "/it.conf", text), "--port", "0", "--unixsocket", "s.sock"});
    server.start_on_socket("s.sock");
    RedisClient client(server.dir() + "/s.sock");
    CHECK(client.run("AUTH", "worker", "pw") == status("OK"));
    CHECK(client.run("LPUSH", "jobs:1", "a").integer == 1);
    CHECK(client.run("LPUSH", "other", "a").text == "NOPERM No permissions to access a key");
    CHECK(client.run("GET", "jobs:1").text ==
          "NOPERM User worker has no permissions to run the 'get' command");
  }
}

TEST_CASE("CONFIG REWRITE and ACL SAVE keep the users for the next start") {
  const ServerProcess helper;
  const std::string conf = write_file(helper.dir() + "/it.conf", "unixsocket s.sock\nport 0\n");
  const std::string file = write_file(helper.dir() + "/users.acl", "");
  for (const bool with_file : {false, true}) {
    std::vector<std::string> arguments = {conf};
    if (with_file) arguments.insert(arguments.end(), {"--aclfile", file});
    ServerProcess server(arguments);
    server.start_on_socket("s.sock");
    RedisClient client(server.dir() + "/s.sock");
    CHECK(client.run("ACL", "SETUSER", "alice", "on", "nopass", "+get", "~a*") == status("OK"));
    if (with_file) {
      CHECK(client.run("ACL", "SAVE") == status("OK"));
      CHECK(client.run("ACL", "LOAD") == status("OK"));
    } else {
      CHECK(client.run("CONFIG", "REWRITE") == status("OK"));
    }
    const std::string kept = read_file(with_file ? file : conf);
    CHECK(has(kept, "user alice on nopass sanitize-payload ~a* resetchannels -@all +get\n"));
    CHECK(has(kept, "user default ") == with_file);
    write_file(conf, "unixsocket s.sock\nport 0\n");
  }
}

TEST_CASE("port 0 without a unix socket is a server that nobody can reach: it does not start") {
  ServerProcess server({"--port", "0"});
  const Ended ended = server.run_to_end();
  CHECK(ended.status == 1);
  CHECK(has(ended.output, "nowhere to listen"));
}

TEST_CASE("an address in use is told once and stops the start, even if it may be missing") {
  ServerProcess other;
  other.start();
  for (const char* address : {"127.0.0.1", "-127.0.0.1"}) {
    ServerProcess server({"--port", std::to_string(other.port()), "--bind", address});
    const Ended ended = server.run_to_end();
    CHECK(ended.status == 1);
    CHECK(count(ended.output, "Address already in use") == 1);
  }
}

TEST_CASE("an address that may be missing and is missing is told in the log") {
  ServerProcess server({"--bind", "127.0.0.1", "-10.255.255.254"});
  server.start();
  CHECK(has(server.log(), "Could not listen on 10.255.255.254"));
}

TEST_CASE("a directory that another server uses is refused, on the terminal and in the log") {
  ServerProcess first({"--appendonly", "yes"});
  first.start();
  ServerProcess second(
      {"--appendonly", "yes", "--dir", first.dir(), "--logfile", first.dir() + "/second.log"});
  const Ended ended = second.run_to_end();
  CHECK(ended.status == 1);
  CHECK(has(ended.output, "Another server uses this directory (lock " + first.dir() + "/sluice.lock: "));
  CHECK(has(read_file(first.dir() + "/second.log"), "Another server uses this directory"));
}

TEST_CASE("a lock file that cannot be opened is not called another server") {
  ServerProcess server({"--appendonly", "yes"});
  std::filesystem::create_directory(server.dir() + "/sluice.lock");
  const Ended ended = server.run_to_end();
  CHECK(ended.status == 1);
  CHECK(has(ended.output, "Can't lock this directory (open "));
  CHECK(count(ended.output, "Can't lock") == 1);
}

TEST_CASE("a pid file that cannot be written is a warning") {
  ServerProcess server({"--pidfile", "no/such/place.pid"});
  server.start();
  CHECK(soon([&] { return has(server.log(), "Can't write the pid file"); }));
}

TEST_CASE("daemonize: the parent ends with 0, the child serves, and ends by its pid file") {
  ServerProcess server({"--daemonize", "yes", "--pidfile", "it.pid", "--logfile", "it.log"});
  const Ended parent = server.run_to_end();
  CHECK(parent.status == 0);
  const std::string pid_file = server.dir() + "/it.pid";
  REQUIRE(soon([&] { return !read_file(pid_file).empty(); }));
  const pid_t child = static_cast<pid_t>(std::stol(read_file(pid_file)));
  REQUIRE(child > 1);
  CHECK(soon([&] { return RedisClient(server.port()).run("PING") == status("PONG"); }));
  CHECK(getpgid(child) == child);  // of its own session
  CHECK(kill(child, SIGTERM) == 0);
  const bool gone = soon([&] { return !std::filesystem::exists(pid_file); });
  CHECK(gone);
  if (!gone) kill(child, SIGKILL);
  CHECK(has(read_file(server.dir() + "/it.log"), "Stopped."));
}

TEST_CASE("requirepass in a file: nobody is served without it") {
  const ServerProcess helper;
  ServerProcess server({write_file(helper.dir() + "/it.conf", "requirepass \"a b\"\nport 0\n"),
                        "--unixsocket", "s.sock", "--unixsocketperm", "700"});
  server.start_on_socket("s.sock", "a b");
  RedisClient client(server.dir() + "/s.sock");
  CHECK(client.run("GET", "k").text == "NOAUTH Authentication required.");
  CHECK(client.run("AUTH", "a").is_error());
  CHECK(client.run("AUTH", "a b") == status("OK"));
  CHECK(client.run("GET", "k").kind == resp::Kind::kNull);
}

TEST_CASE("include: the included directives count where the line stands") {
  const ServerProcess helper;
  std::filesystem::create_directory(helper.dir() + "/parts");
  write_file(helper.dir() + "/parts/a.conf", "maxclients 11\ntimeout 22\n");
  write_file(helper.dir() + "/parts/b.conf", "slowlog-max-len 33\n");
  ServerProcess server({write_file(helper.dir() + "/it.conf",
                                   "maxclients 1\ninclude " + helper.dir() + "/parts/*.conf\ntimeout 44\n")});
  server.start();
  RedisClient client(server.port());
  CHECK(option(client, "maxclients") == "11");
  CHECK(option(client, "timeout") == "44");
  CHECK(option(client, "slowlog-max-len") == "33");
}

TEST_CASE("tcp-backlog: so many peers are held by the kernel, and no more") {
  constexpr int kTries = 20;
  for (const int backlog : {1, 511}) {
    ServerProcess server({"--tcp-backlog", std::to_string(backlog)});
    server.start();
    server.signal(SIGSTOP);
    const int connected = connected_without_accept(server.port(), kTries);
    server.signal(SIGCONT);
    CHECK(connected == (backlog == 1 ? 2 : kTries));  // Linux holds one more than it was told
  }
}

TEST_CASE("maxclients: the limit of open files is raised to fit, at the start and by CONFIG SET") {
  const rlimit before = descriptor_limit(0);
  limit_descriptors(0, 64);
  ServerProcess server({"--maxclients", "100"});
  server.start();
  limit_descriptors(0, before.rlim_cur);
  CHECK(descriptor_limit(server.pid()).rlim_cur == 132);
  RedisClient client(server.port());
  CHECK(client.run("CONFIG", "SET", "maxclients", "200") == status("OK"));
  CHECK(descriptor_limit(server.pid()).rlim_cur == 232);
}

TEST_CASE(
    "maxclients beyond what the system gives: lowered with a warning at the start, refused by CONFIG SET") {
  const std::string too_many = "4294967295";
  ServerProcess server({"--maxclients", too_many});
  server.start();
  const std::string room = std::to_string(descriptor_limit(server.pid()).rlim_max - 32);
  CHECK(has(server.log(), "maxclients is lowered from 4294967295 to " + room));
  RedisClient client(server.port());
  CHECK(option(client, "maxclients") == room);
  CHECK(client.run("CONFIG", "SET", "maxclients", "50") == status("OK"));
  CHECK(client.run("CONFIG", "SET", "maxclients", too_many).text ==
        "ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not "
        "able to "
        "handle the specified number of clients, try with " +
            room);
  CHECK(option(client, "maxclients") == "50");
}

TEST_CASE("out of descriptors: told once, waited for without work, and served when there is room") {
  ServerProcess server;
  server.start();
  limit_descriptors(server.pid(), next_descriptor(server.pid()));
  RedisClient waiting(server.port());
  REQUIRE(waiting.connected());
  waiting.send("PING");
  waiting.flush();
  REQUIRE(soon([&] { return has(server.log(), "Can't accept clients: Too many open files"); }));
  for (int i = 0; i < 100; ++i) pause_briefly();
  CHECK(count(server.log(), "Can't accept clients") == 1);
  limit_descriptors(server.pid(), 1000);
  CHECK(waiting.read() == status("PONG"));
}

TEST_CASE("CONFIG SET dir: moves a server without a log, and says what Redis says when it cannot") {
  ServerProcess server({"--enable-protected-configs", "yes"});
  server.start();
  RedisClient client(server.port());
  CHECK(client.run("CONFIG", "SET", "dir", "/no/such/place").text ==
        "ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory");
  const std::string before = option(client, "dir");
  CHECK(std::filesystem::equivalent(before, server.dir()));
  std::filesystem::create_directory(server.dir() + "/below");
  CHECK(client.run("CONFIG", "SET", "dir", "below") == status("OK"));
  CHECK(option(client, "dir") == before + "/below");
  CHECK(
      std::filesystem::equivalent("/proc/" + std::to_string(server.pid()) + "/cwd", server.dir() + "/below"));
}

TEST_CASE("CONFIG SET dir: an open log keeps the server where it is") {
  ServerProcess server({"--enable-protected-configs", "yes", "--appendonly", "yes"});
  server.start();
  RedisClient client(server.port());
  const std::string before = option(client, "dir");
  CHECK(has(client.run("CONFIG", "SET", "dir", "/").text, "the append-only log is open in " + before));
  CHECK(option(client, "dir") == before);
  CHECK(std::filesystem::equivalent("/proc/" + std::to_string(server.pid()) + "/cwd", server.dir()));
  CHECK(client.run("CONFIG", "SET", "dir", ".") == status("OK"));
}

TEST_CASE("options that have no effect are told at the start, with the reason") {
  ServerProcess server({"--hz", "50", "--list-compress-depth", "1", "--timeout", "100"});
  server.start();
  CHECK(has(server.log(), "'list-compress-depth' has no effect: the middle of a list is not compressed yet"));
  CHECK(count(server.log(), "'hz' has no effect: ") == 1);
  CHECK(count(server.log(), "has no effect") == 2);
}

TEST_CASE("a log that was moved away is opened anew, by SIGHUP at once and without it soon") {
  ServerProcess server({"--logfile", "it.log"});
  server.start();
  const std::string log = server.dir() + "/it.log";
  for (const bool told : {true, false}) {
    std::filesystem::rename(log, log + (told ? ".1" : ".2"));
    if (told) server.signal(SIGHUP);
    CHECK(soon([&] { return std::filesystem::exists(log); }));
  }
  CHECK(server.stop() == 0);
  CHECK(has(read_file(log + ".1"), "Ready to accept connections"));
  CHECK(has(read_file(log), "Stopped."));
}

}  // namespace sluice::test
