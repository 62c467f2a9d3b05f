// sluice-floor: what sockets alone cost. A bare epoll server that finds the end of each request by its
// lengths, does nothing, and answers `:1`. Whatever a real server needs above this is its own work. With a
// file it is what sockets and the disk cost: requests are appended to it as they are, many at a time, and
// answered once they are there, or once they are synced.
//
//   sluice-floor <port> [<file> written|synced]
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
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
constexpr size_t kRequestsPerSync = 1024;

enum class Log { kNone, kWritten, kSynced };

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
  Floor(int port, Log log, const char* path)
      : log_(log),
        file_(log == Log::kNone ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)),
        listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        epoll_(epoll_create1(0)) {
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if ((log != Log::kNone && file_ < 0) ||
        bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, kBacklog) != 0) {
      std::perror("sluice-floor");
      std::exit(1);
    }
    watch(listener_);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, kEventsPerWait> events;
    for (;;) {
      const int patience = held_.empty() ? -1 : 0;
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), patience);
      if (count == 0 || requests_ >= kRequestsPerSync) commit();
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
    std::string answers;
    for (size_t length = 0; (length = request_length(data)) > 0;) {
      answers.append(kAnswer);
      if (log_ != Log::kNone) {
        journal_.append(data.substr(0, length));
        ++requests_;
      }
      data.remove_prefix(length);
    }
    if (!data.empty()) rest_.emplace(peer, data);
    if (answers.empty()) return;
    if (log_ == Log::kNone) {
      answer(peer, answers);
    } else {
      held_.emplace_back(peer, std::move(answers));
    }
  }

  // The driver never has more under way than fits in a socket's buffer.
  static void answer(int peer, std::string_view answers) {
    if (send(peer, answers.data(), answers.size(), MSG_NOSIGNAL) < 0) close(peer);
  }

  void commit() {
    const bool written =
        write(file_, journal_.data(), journal_.size()) == static_cast<ssize_t>(journal_.size());
    if (!written || (log_ == Log::kSynced && fdatasync(file_) != 0)) {
      std::perror("sluice-floor");
      std::exit(1);
    }
    for (const auto& [peer, answers] : held_) answer(peer, answers);
    held_.clear();
    journal_.clear();
    requests_ = 0;
  }

  Log log_;
  int file_;
  int listener_;
  int epoll_;
  std::array<char, kReadBytes> buffer_{};
  std::string journal_;                            // requests not yet in the file
  std::vector<std::pair<int, std::string>> held_;  // their answers
  size_t requests_ = 0;
  std::unordered_map<int, std::string> rest_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view promise = argc == 4 ? argv[3] : "";
  const Log log = promise == "synced" ? Log::kSynced : promise == "written" ? Log::kWritten : Log::kNone;
  if (argc != 2 && log == Log::kNone) {
    std::fputs("usage: sluice-floor <port> [<file> written|synced]\n", stderr);
    return 2;
  }
  Floor(std::atoi(argv[1]), log, log == Log::kNone ? nullptr : argv[2]).run();
}
