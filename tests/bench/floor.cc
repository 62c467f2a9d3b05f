// sluice-floor: what sockets alone cost. A bare epoll server that finds the end of each request by its
// lengths, does nothing, and answers `:1`. Whatever a real server needs above this is its own work.
//
//   sluice-floor <port>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr size_t kReadBytes = size_t{64} * 1024;
constexpr size_t kEventsPerWait = 1024;
constexpr int kBacklog = 511;
constexpr std::string_view kAnswer = ":1\r\n";

// Reads "<kind><digits>\r\n" at `at` and moves past it; -1 when it is not all there.
int64_t read_length(std::string_view data, size_t& at) {
  int64_t number = 0;
  for (size_t place = at + 1; place < data.size(); ++place) {
    if (data[place] == '\r') {
      at = place + 2;
      return number;
    }
    number = number * 10 + (data[place] - '0');
  }
  return -1;
}

// Bytes of the whole request at the front of `data`, or 0.
size_t request_length(std::string_view data) {
  size_t at = 0;
  const int64_t arguments = read_length(data, at);
  if (arguments < 0) return 0;
  for (int64_t argument = 0; argument < arguments; ++argument) {
    if (at >= data.size()) return 0;
    const int64_t length = read_length(data, at);
    if (length < 0) return 0;
    at += static_cast<size_t>(length) + 2;
  }
  return at <= data.size() ? at : 0;
}

class Floor {
 public:
  explicit Floor(int port)
      : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), epoll_(epoll_create1(0)) {
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, kBacklog) != 0) {
      std::perror("sluice-floor");
      std::exit(1);
    }
    watch(listener_);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, kEventsPerWait> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int place = 0; place < count; ++place) {
        const int ready = events[static_cast<size_t>(place)].data.fd;
        if (ready == listener_) {
          admit();
        } else {
          serve(ready);
        }
      }
    }
  }

 private:
  void watch(int descriptor) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  void admit() const {
    const int peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) return;
    const int on = 1;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(peer);
  }

  void serve(int peer) {
    const ssize_t got = recv(peer, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      rest_.erase(peer);
      close(peer);
      return;
    }
    std::string_view data(buffer_.data(), static_cast<size_t>(got));
    // Only half a request is ever kept.
    const auto kept = rest_.find(peer);
    std::string joined;
    if (kept != rest_.end()) {
      joined = kept->second.append(data);
      data = joined;
      rest_.erase(kept);
    }
    answers_.clear();
    for (size_t length = 0; (length = request_length(data)) > 0;) {
      answers_.append(kAnswer);
      data.remove_prefix(length);
    }
    if (!data.empty()) rest_.emplace(peer, data);
    // The driver never has more under way than fits in a socket's buffer.
    if (!answers_.empty() && send(peer, answers_.data(), answers_.size(), MSG_NOSIGNAL) < 0) close(peer);
  }

  int listener_;
  int epoll_;
  std::array<char, kReadBytes> buffer_{};
  std::string answers_;
  std::unordered_map<int, std::string> rest_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: sluice-floor <port>\n", stderr);
    return 2;
  }
  Floor(std::atoi(argv[1])).run();
}
