// The net folder on real sockets: loopback, socket pairs, ports the kernel picks. Every wait ends by itself.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "integration/temporary_folder.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/socket.h"

using namespace sluice;
using base::ByteView;
using net::Listener;
using net::Loop;
using net::Socket;

namespace {

constexpr int64_t kPatienceUs = 5'000'000;

// Turns the loop until `done`, or gives up and returns false.
template <class Done>
bool turn_until(Loop& loop, const base::Clock& clock, Done done) {
  bool met = false;
  loop.on_deadline([&] { loop.stop(); });
  loop.set_deadline(clock.monotonic_us() + kPatienceUs);
  loop.on_before_poll([&] {
    met = met || done();
    if (met) loop.stop();
  });
  loop.run();
  loop.on_before_poll(nullptr);
  loop.set_deadline(INT64_MAX);
  return met;
}

// Turns the loop for a while; returns how many turns that took.
int turns_within(Loop& loop, const base::Clock& clock, int64_t for_us) {
  int turns = 0;
  loop.on_before_poll([&] { ++turns; });
  loop.on_deadline([&] { loop.stop(); });
  loop.set_deadline(clock.monotonic_us() + for_us);
  loop.run();
  loop.on_before_poll(nullptr);
  return turns;
}

// Collects what a socket reports.
struct Recorder final : net::SocketHandler {
  std::span<char> read_buffer(std::span<char> shared) override {
    last = own.empty() ? shared : std::span<char>(own);
    return last;
  }
  void on_read(size_t size) override {
    received.append(last.data(), size);
    largest_read = std::max(largest_read, size);
    if (drop_on_read) socket.reset();
  }
  void on_writable() override { ++writable; }
  void on_eof() override { ++eofs; }
  void on_error(int code) override { error = code; }

  std::unique_ptr<Socket> socket;
  std::span<char> last;
  std::vector<char> own;
  std::string received;
  size_t largest_read = 0;
  bool drop_on_read = false;
  int writable = 0;
  int eofs = 0;
  int error = 0;
};

// The far end: a plain blocking socket that gives up after a while.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {
    const timeval patience{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { close(); }

  void send(ByteView bytes) const {
    REQUIRE(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == ssize_t(bytes.size()));
  }
  [[nodiscard]] std::string receive() const {
    std::array<char, 65536> buffer;
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    return count < 0 ? std::string("errno ") + std::to_string(errno)
                     : std::string(buffer.data(), size_t(count));
  }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

int connect_tcp(uint16_t port, int fd = -1) {
  if (fd < 0) fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  return fd;
}

// A server end (recorded) and a client end, over TCP.
struct Pair {
  Pair() {
    auto made = Listener::tcp(
        loop, {"127.0.0.1", 0, 16},
        {[this](std::unique_ptr<Socket> socket) { end.socket = std::move(socket); }, [](int) {}});
    REQUIRE(made.ok());
    const auto listener = std::move(*made);
    peer = std::make_unique<Peer>(connect_tcp(listener->port()));
    REQUIRE(turn_until(loop, clock, [this] { return end.socket != nullptr; }));
  }
  template <class Done>
  bool until(Done done) {
    return turn_until(loop, clock, done);
  }
  size_t write(ByteView bytes) { return end.socket->try_write(bytes); }

  base::SystemClock clock;
  Loop loop{clock};
  Recorder end;
  std::unique_ptr<Peer> peer;
};

}  // namespace

TEST_CASE("Socket: bytes arrive, replies go back, addresses read as Redis prints them") {
  Pair pair;
  pair.end.socket->start(pair.end);
  pair.peer->send("hello");
  CHECK(pair.until([&] { return pair.end.received == "hello"; }));
  CHECK(pair.write("world") == 5);
  CHECK(pair.peer->receive() == "world");

  sockaddr_in mine{};
  socklen_t size = sizeof mine;
  ::getsockname(pair.peer->fd(), reinterpret_cast<sockaddr*>(&mine), &size);
  CHECK(pair.end.socket->peer() == "127.0.0.1:" + std::to_string(ntohs(mine.sin_port)));
  CHECK(pair.end.socket->local().rfind("127.0.0.1:", 0) == 0);
  CHECK(pair.end.socket->peer_is_loopback());
  CHECK_FALSE(pair.end.socket->is_unix());
}

TEST_CASE("Socket: a read goes straight into the buffer the handler offers") {
  Pair pair;
  pair.end.own.resize(200'000);
  const std::string large(150'000, 'v');
  pair.peer->send(large);
  pair.end.socket->start(pair.end);
  CHECK(pair.until([&] { return pair.end.received.size() == large.size(); }));
  CHECK((pair.end.received == large));
  CHECK(pair.end.largest_read > net::kReadBufferBytes);
}

TEST_CASE("Socket: what does not fit is left to the caller, who hears when there is room") {
  Pair pair;
  pair.end.socket->start(pair.end);
  std::string sent;
  for (int i = 0; i < 100'000; ++i) sent += std::to_string(i) + ",";
  while (sent.size() < 32'000'000) sent += sent;

  size_t taken = pair.write(sent);
  REQUIRE(taken > 0);
  REQUIRE(taken < sent.size());
  CHECK(pair.write(ByteView(sent).substr(taken)) == 0);
  pair.end.socket->watch_writable(true);
  CHECK(turns_within(pair.loop, pair.clock, 20'000) < 10);
  CHECK(pair.end.writable == 0);

  std::string received;
  std::thread reader([&] {
    while (received.size() < sent.size()) {
      const std::string part = pair.peer->receive();
      if (part.empty()) break;
      received += part;
    }
  });
  const bool all = pair.until([&] {
    if (pair.end.writable > 0) taken += pair.write(ByteView(sent).substr(taken));
    return taken == sent.size();
  });
  if (!all) pair.end.socket.reset();
  reader.join();
  CHECK(all);
  CHECK((received == sent));
}

TEST_CASE("Socket: the end of input is told once and does not keep the loop busy") {
  Pair pair;
  pair.end.socket->start(pair.end);
  pair.peer->send("last");
  ::shutdown(pair.peer->fd(), SHUT_WR);
  CHECK(pair.until([&] { return pair.end.eofs > 0; }));
  CHECK(pair.end.received == "last");
  CHECK(turns_within(pair.loop, pair.clock, 30'000) < 10);
  CHECK(pair.end.eofs == 1);
  CHECK(pair.end.error == 0);
  CHECK(pair.write("still heard") == 11);
  CHECK(pair.peer->receive() == "still heard");
}

TEST_CASE("Socket: what a peer sent before it reset the connection is read first") {
  Pair pair;
  pair.peer->send("abc");
  pair.peer->reset();
  pair.end.socket->start(pair.end);
  CHECK(pair.until([&] { return pair.end.error != 0; }));
  CHECK(pair.end.error == ECONNRESET);
  CHECK(pair.end.received == "abc");
  CHECK(turns_within(pair.loop, pair.clock, 30'000) < 10);
}

TEST_CASE("Socket: a failed write is told by the loop, not inside try_write") {
  Pair pair;
  pair.end.socket->start(pair.end);
  pair.peer->reset();
  CHECK(pair.write("job") == 0);
  CHECK(pair.end.error == 0);
  CHECK(pair.write("job") == 0);
  CHECK(pair.until([&] { return pair.end.error != 0; }));
}

TEST_CASE("Socket: a peer known to be dead is told from one that is only silent") {
  SUBCASE("alive, with and without input waiting") {
    Pair pair;
    CHECK_FALSE(pair.end.socket->peer_is_dead());
    pair.peer->send("x");
    CHECK_FALSE(pair.end.socket->peer_is_dead());
  }
  SUBCASE("closed, its last bytes not read yet") {
    Pair pair;
    pair.peer->send("x");
    pair.peer->close();
    CHECK(pair.end.socket->peer_is_dead());
  }
  SUBCASE("reset") {
    Pair pair;
    pair.peer->reset();
    CHECK(pair.end.socket->peer_is_dead());
  }
  SUBCASE("half closed") {
    Pair pair;
    ::shutdown(pair.peer->fd(), SHUT_WR);
    CHECK(pair.end.socket->peer_is_dead());
  }
  SUBCASE("closed by ourselves") {
    Pair pair;
    pair.end.socket->close();
    CHECK(pair.end.socket->peer_is_dead());
  }
}

TEST_CASE("Socket: its owner may destroy it from inside a callback") {
  Pair pair;
  pair.end.drop_on_read = true;
  pair.end.socket->start(pair.end);
  pair.peer->send("quit");
  CHECK(pair.until([&] { return pair.end.socket == nullptr; }));
  pair.peer->send("more");
  CHECK(turns_within(pair.loop, pair.clock, 10'000) < 10);
  CHECK(pair.end.received == "quit");
}

TEST_CASE("Socket: the last reply survives a close with input unread") {
  Pair pair;
  pair.peer->send(std::string(100'000, 'x'));
  CHECK(pair.write("bye") == 3);
  pair.end.socket->close();
  CHECK(pair.until([&] { return pair.loop.pending_closes() == 0; }));
  CHECK(pair.peer->receive() == "bye");
  CHECK(pair.peer->receive() == "");
}

TEST_CASE("Socket: abort resets the connection") {
  Pair pair;
  pair.end.socket->start(pair.end);
  pair.end.socket->abort();
  CHECK(pair.end.socket->fd() == -1);
  CHECK(pair.write("x") == 0);
  CHECK(pair.until([&] { return pair.loop.pending_closes() == 0; }));
  CHECK(pair.peer->receive() == "errno " + std::to_string(ECONNRESET));
}

TEST_CASE("Socket: keepalive probes start after the silence asked for") {
  Pair pair;
  pair.end.socket->set_keepalive(300);
  int on = 0;
  socklen_t size = sizeof on;
  ::getsockopt(pair.end.socket->fd(), SOL_SOCKET, SO_KEEPALIVE, &on, &size);
  CHECK(on == 1);
}

TEST_CASE("Loop: sockets closed in a crowd are seen off in slices") {
  const base::SystemClock clock;
  Loop loop(clock);
  constexpr size_t kCrowd = 300;
  std::vector<std::unique_ptr<Socket>> sockets;
  std::vector<std::unique_ptr<Peer>> peers;
  for (size_t i = 0; i < kCrowd; ++i) {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    auto socket = Socket::adopt(loop, fds[0]);
    REQUIRE(socket.ok());
    sockets.push_back(std::move(*socket));
    peers.push_back(std::make_unique<Peer>(fds[1]));
  }
  sockets.clear();
  CHECK(loop.pending_closes() == kCrowd);
  std::vector<size_t> left;
  CHECK(turn_until(loop, clock, [&] {
    left.push_back(loop.pending_closes());
    return left.back() == 0;
  }));
  CHECK(left.size() >= kCrowd / net::kClosesPerSlice);
  for (size_t i = 1; i < left.size(); ++i) CHECK(left[i - 1] - left[i] <= net::kClosesPerSlice);
  for (const auto& peer : peers) CHECK(peer->receive() == "");
}

TEST_CASE("Loop: the deadline fires once, never early, and follows its last setting") {
  const base::SystemClock clock;
  Loop loop(clock);
  int fired = 0;
  int64_t fired_us = 0;
  loop.on_deadline([&] {
    ++fired;
    fired_us = clock.monotonic_us();
    loop.stop();
  });
  const int64_t begin_us = clock.monotonic_us();
  loop.set_deadline(begin_us + 60'000'000);
  loop.set_deadline(begin_us + 3'300);
  loop.run();
  CHECK(fired == 1);
  CHECK(fired_us >= begin_us + 3'300);

  loop.set_deadline(clock.monotonic_us() - 1);
  loop.run();
  CHECK(fired == 2);
}

TEST_CASE("Loop: a requested turn comes without any event, and only as often as asked") {
  const base::SystemClock clock;
  Loop loop(clock);
  int turns = 0;
  int requests = 5;
  bool quiet = false;
  loop.on_before_poll([&] {
    ++turns;
    if (requests-- > 0) loop.request_turn();
  });
  loop.on_deadline([&] {
    quiet = true;
    loop.stop();
  });
  loop.set_deadline(clock.monotonic_us() + 20'000);
  loop.run();
  CHECK(quiet);
  CHECK(turns >= 6);
  CHECK(turns < 15);
}

TEST_CASE("Loop: stop ends with one more end of turn") {
  const base::SystemClock clock;
  Loop loop(clock);
  bool stopped = false;
  int turns_after = 0;
  loop.on_before_poll([&] { turns_after += stopped ? 1 : 0; });
  loop.on_deadline([&] {
    stopped = true;
    loop.stop();
  });
  loop.set_deadline(clock.monotonic_us());
  loop.run();
  CHECK(turns_after >= 1);
}

TEST_CASE("Waker: another thread gets the loop's attention") {
  const base::SystemClock clock;
  Loop loop(clock);
  int woken = 0;
  net::Waker waker(loop, [&] { ++woken; });
  std::thread other([&] { waker.wake(); });
  CHECK(turn_until(loop, clock, [&] { return woken > 0; }));
  other.join();
}

TEST_CASE("SignalWatch: a signal arrives as a callback") {
  const base::SystemClock clock;
  Loop loop(clock);
  int seen = 0;
  net::SignalWatch watch(loop, SIGUSR1, [&](int signal) { seen = signal; });
  ::raise(SIGUSR1);
  CHECK(turn_until(loop, clock, [&] { return seen != 0; }));
  CHECK(seen == SIGUSR1);
}

TEST_CASE("Listener: an address in use is refused with its name and errno") {
  const base::SystemClock clock;
  Loop loop(clock);
  const net::AcceptCallbacks ignore{[](std::unique_ptr<Socket>) {}, [](int) {}};
  const auto first = Listener::tcp(loop, {"127.0.0.1", 0, 16}, ignore);
  REQUIRE(first.ok());
  const auto second = Listener::tcp(loop, {"127.0.0.1", first.value()->port(), 16}, ignore);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == EADDRINUSE);
  CHECK(second.error().message == "listen on " + first.value()->name() + ": Address already in use");

  const auto foreign = Listener::tcp(loop, {"192.0.2.1", 0, 16}, ignore);
  REQUIRE_FALSE(foreign.ok());
  CHECK(foreign.error().code == EADDRNOTAVAIL);
}

TEST_CASE("Listener: every IPv4 and every IPv6 address share a port") {
  const base::SystemClock clock;
  Loop loop(clock);
  std::unique_ptr<Socket> accepted;
  const net::AcceptCallbacks take{[&](std::unique_ptr<Socket> socket) { accepted = std::move(socket); },
                                  [](int) {}};
  const auto six = Listener::tcp(loop, {"::*", 0, 16}, take);
  if (!six.ok()) {
    MESSAGE("no IPv6 on this machine");
    return;
  }
  const uint16_t port = six.value()->port();
  const auto four = Listener::tcp(loop, {"*", port, 16}, take);
  REQUIRE(four.ok());
  CHECK(four.value()->name() == "*:" + std::to_string(port));

  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Peer peer(fd);
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(port);
  to.sin6_addr = in6addr_loopback;
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  REQUIRE(turn_until(loop, clock, [&] { return accepted != nullptr; }));
  CHECK(accepted->local() == "[::1]:" + std::to_string(port));
  CHECK(accepted->peer().rfind("[::1]:", 0) == 0);
  CHECK(accepted->peer_is_loopback());
}

TEST_CASE("Listener: an optional address may be missing, none may be taken, and no protocol need be there") {
  CHECK(sluice::net::may_do_without(EADDRNOTAVAIL, true));
  CHECK_FALSE(sluice::net::may_do_without(EADDRNOTAVAIL, false));
  CHECK_FALSE(sluice::net::may_do_without(EADDRINUSE, true));
  CHECK(sluice::net::may_do_without(EAFNOSUPPORT, false));
}

TEST_CASE("Listener: a unix path gets its permission, replaces a left-over and goes with its listener") {
  const base::SystemClock clock;
  Loop loop(clock);
  const testing::TemporaryFolder folder;
  const std::string path = folder / "s";
  std::unique_ptr<Socket> accepted;
  const net::AcceptCallbacks take{[&](std::unique_ptr<Socket> socket) { accepted = std::move(socket); },
                                  [](int) {}};
  auto old = Listener::unix_path(loop, {path, 0, 16}, take);
  REQUIRE(old.ok());
  auto fresh = Listener::unix_path(loop, {path, 0700, 16}, take);
  REQUIRE(fresh.ok());
  { const auto gone = std::move(*old); }
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);  // the old listener leaves the name to the new one
  CHECK((about.st_mode & 0777) == 0700);

  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Peer peer(fd);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.data(), path.size());
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  REQUIRE(turn_until(loop, clock, [&] { return accepted != nullptr; }));
  CHECK(accepted->is_unix());
  CHECK(accepted->peer_is_loopback());
  CHECK(accepted->peer() == path + ":0");
  CHECK(accepted->local() == path + ":0");
  CHECK_FALSE(accepted->peer_is_dead());

  { const auto gone = std::move(*fresh); }
  CHECK(::stat(path.c_str(), &about) != 0);
  ::rmdir(path.substr(0, path.rfind('/')).c_str());
}

TEST_CASE("Listener: a unix path longer than the system allows is refused") {
  const base::SystemClock clock;
  Loop loop(clock);
  const auto refused = Listener::unix_path(loop, {"/" + std::string(200, 'p'), 0, 16}, {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ENAMETOOLONG);
}

TEST_CASE("Listener: out of descriptors it reports, rests without spinning, and accepts later") {
  const base::SystemClock clock;
  Loop loop(clock);
  std::unique_ptr<Socket> accepted;
  int errors = 0;
  int last_error = 0;
  const auto listener = Listener::tcp(loop, {"127.0.0.1", 0, 16},
                                      {[&](std::unique_ptr<Socket> socket) { accepted = std::move(socket); },
                                       [&](int code) {
                                         ++errors;
                                         last_error = code;
                                       }});
  REQUIRE(listener.ok());
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Peer peer(fd);
  // The loop's own descriptors are there; the next number is the first one refused.
  const int next = ::dup(fd);
  ::close(next);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next);
  ::setrlimit(RLIMIT_NOFILE, &tight);
  connect_tcp(listener.value()->port(), fd);
  const int turns = turns_within(loop, clock, 50'000);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(errors == 1);
  CHECK(last_error == EMFILE);
  CHECK(turns < 10);
  CHECK(accepted == nullptr);
  CHECK(turn_until(loop, clock, [&] { return accepted != nullptr; }));
  CHECK(errors == 1);
}
