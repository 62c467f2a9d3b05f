#include "bench/links.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/wire.h"

namespace sluice::bench {

namespace {

constexpr size_t kReadBytes = size_t{256} * 1024;
constexpr size_t kEventsPerWait = 1024;

int connect_to(int port) {
  const int connected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connected < 0 || connect(connected, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fail(std::string("cannot connect: ") + std::strerror(errno));
  }
  const int on = 1;
  setsockopt(connected, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return connected;
}

}  // namespace

Links::Links(int port, size_t count)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), links_(count), buffer_(kReadBytes, '\0') {
  for (size_t index = 0; index < count; ++index) {
    links_[index].socket = connect_to(port);
    watch(index, true);
  }
}

Links::~Links() {
  for (const Link& link : links_) close(link.socket);
  close(epoll_);
}

void Links::watch(size_t index, bool add) {
  epoll_event event{};
  event.events = links_[index].wants_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = index;
  epoll_ctl(epoll_, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, links_[index].socket, &event);
}

void Links::send(size_t index, std::string_view bytes) {
  Link& link = links_[index];
  if (link.unsent.empty()) {
    const ssize_t sent = ::send(link.socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) fail(std::string("cannot send: ") + std::strerror(errno));
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
    if (bytes.empty()) return;
  }
  link.unsent.append(bytes);
  if (!link.wants_to_write) {
    link.wants_to_write = true;
    watch(index, false);
  }
}

void Links::flush(size_t index) {
  Link& link = links_[index];
  const ssize_t sent =
      ::send(link.socket, link.unsent.data(), link.unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) fail(std::string("cannot send: ") + std::strerror(errno));
  if (sent > 0) link.unsent.erase(0, static_cast<size_t>(sent));
  if (link.unsent.empty()) {
    link.wants_to_write = false;
    watch(index, false);
  }
}

bool Links::receive(size_t index) {
  Link& link = links_[index];
  const ssize_t got = recv(link.socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got == 0) fail("the server closed a connection");
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return false;
    fail(std::string("cannot receive: ") + std::strerror(errno));
  }
  link.received.erase(0, link.taken);
  link.taken = 0;
  link.received.append(buffer_.data(), static_cast<size_t>(got));
  return true;
}

const std::vector<size_t>& Links::wait(int timeout_ms) {
  ready_.clear();
  std::array<epoll_event, kEventsPerWait> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int place = 0; place < count; ++place) {
    const epoll_event& event = events[static_cast<size_t>(place)];
    const size_t index = event.data.u64;
    if ((event.events & EPOLLOUT) != 0) flush(index);
    if ((event.events & ~uint32_t{EPOLLOUT}) != 0 && receive(index)) ready_.push_back(index);
  }
  return ready_;
}

std::string_view Links::take_reply(size_t index) {
  Link& link = links_[index];
  const std::string_view rest = std::string_view(link.received).substr(link.taken);
  const size_t length = reply_length(rest);
  if (length == 0) return {};
  link.taken += length;
  const std::string_view reply = rest.substr(0, length);
  if (reply[0] == '-') fail("the server answered " + std::string(reply.substr(0, length - 2)));
  return reply;
}

std::string Links::ask(const std::vector<std::string>& arguments) {
  send(0, encode(arguments));
  for (;;) {
    if (const std::string_view reply = take_reply(0); !reply.empty()) return std::string(reply);
    wait(-1);
  }
}

}  // namespace sluice::bench
