#include "net/socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/check.h"
#include "net/uv_handle.h"

namespace sluice::net {

namespace {

struct Name {
  sockaddr_storage address{};
  socklen_t size = sizeof(sockaddr_storage);
};

using NameCall = int (*)(int, sockaddr*, socklen_t*);

bool name_of(int fd, NameCall call, Name& name) {
  return call(fd, reinterpret_cast<sockaddr*>(&name.address), &name.size) == 0;
}

std::string text_of(const Name& name) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (name.address.ss_family == AF_INET) {
    const auto& inet = reinterpret_cast<const sockaddr_in&>(name.address);
    inet_ntop(AF_INET, &inet.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(inet.sin_port));
  }
  if (name.address.ss_family == AF_INET6) {
    const auto& inet = reinterpret_cast<const sockaddr_in6&>(name.address);
    inet_ntop(AF_INET6, &inet.sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(inet.sin6_port));
  }
  const auto& local = reinterpret_cast<const sockaddr_un&>(name.address);
  const size_t room =
      name.size > offsetof(sockaddr_un, sun_path) ? name.size - offsetof(sockaddr_un, sun_path) : 0;
  return std::string(local.sun_path, strnlen(local.sun_path, room)) + ":0";
}

// recv() and send() as the library has them are points at which a thread may be cancelled, which nobody here
// ever is: saying so around each call is as much work as the parsing of a small request.
ssize_t receive_some(int fd, std::span<char> room) {
  return ::syscall(SYS_recvfrom, fd, room.data(), room.size(), 0, nullptr, nullptr);
}

ssize_t send_some(int fd, base::ByteView bytes) {
  return ::syscall(SYS_sendto, fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT, nullptr, 0);
}

}  // namespace

base::IoResult<std::unique_ptr<Socket>> Socket::adopt(Loop& loop, int fd) {
  UvHandle<uv_poll_t> handle;
  const int code = handle.init([&](uv_poll_t* fresh) { return uv_poll_init(loop.raw(), fresh, fd); });
  if (code != 0) {
    ::close(fd);
    return base::io_error(-code, "watch", "descriptor " + std::to_string(fd));
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // refused by unix sockets, which need none
  return std::unique_ptr<Socket>(new Socket(loop, handle.release(), fd));
}

Socket::~Socket() {
  close();
}

void Socket::start(SocketHandler& handler) {
  SLUICE_CHECK(handler_ == nullptr && handle_ != nullptr, "a socket is started once, before its close");
  handler_ = &handler;
  handle_->data = this;
  watch();
}

void Socket::watch() {
  const int events = (readable_ ? UV_READABLE : 0) | (writable_ ? UV_WRITABLE : 0);
  if (events == 0) {
    uv_poll_stop(handle_);
  } else {
    uv_poll_start(handle_, events, &Socket::on_poll);
  }
}

// The Socket may be destroyed by any call into its handler; the poll handle lives on until the loop closes
// it, and its data says whether there is still somebody to tell.
void Socket::on_poll(uv_poll_t* handle, int status, int events) {
  const auto alive = [handle] { return static_cast<Socket*>(handle->data); };
  Socket* socket = alive();
  if (socket == nullptr) return;
  if (socket->write_error_ != 0) {
    socket->fail(socket->write_error_);
    return;
  }
  if (status != 0) {
    // libuv reports any broken state alike and stops watching. What the peer sent before it broke is still
    // there: reading goes on until the kernel itself says what happened.
    if (!socket->readable_) {
      socket->fail(ECONNRESET);
    } else if (socket->read_once() && alive() != nullptr) {
      alive()->watch();
    }
    return;
  }
  if ((events & UV_READABLE) && socket->readable_) socket->read_once();
  socket = alive();
  if (socket != nullptr && (events & UV_WRITABLE) && socket->writable_) socket->handler_->on_writable();
}

// Returns whether reading may go on. After a false the Socket may be gone; after a true, too, through
// on_read.
bool Socket::read_once() {
  const std::span<char> buffer = handler_->read_buffer(loop_.read_buffer());
  ssize_t count = 0;
  do {
    count = receive_some(fd_, buffer);
  } while (count < 0 && errno == EINTR);
  if (count > 0) {
    handler_->on_read(static_cast<size_t>(count));
    return true;
  }
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
  if (count < 0) {
    fail(errno);
    return false;
  }
  readable_ = false;
  watch();
  handler_->on_eof();
  return false;
}

void Socket::fail(int code) {
  uv_poll_stop(handle_);
  readable_ = false;
  writable_ = false;
  handler_->on_error(code);
}

size_t Socket::try_write(base::ByteView bytes) {
  if (handle_ == nullptr || write_error_ != 0) return 0;
  size_t taken = 0;
  while (taken < bytes.size()) {
    const ssize_t sent = send_some(fd_, bytes.substr(taken));
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        write_error_ = errno;
        // A socket that cannot be written any more counts as writable: the event comes with the next poll.
        watch_writable(true);
      }
      break;
    }
    const bool short_of_room = static_cast<size_t>(sent) < bytes.size() - taken;
    taken += static_cast<size_t>(sent);
    if (short_of_room) break;
  }
  return taken;
}

void Socket::watch_writable(bool on) {
  if (handle_ == nullptr || handler_ == nullptr || on == writable_) return;
  writable_ = on;
  watch();
}

void Socket::close() {
  if (handle_ == nullptr) return;
  handle_->data = nullptr;
  loop_.close_later(handle_, fd_);
  handle_ = nullptr;
  fd_ = -1;
}

void Socket::abort() {
  if (handle_ == nullptr) return;
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

bool Socket::peer_is_dead() const {
  if (fd_ < 0) return true;
  pollfd state{fd_, POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void Socket::set_keepalive(int seconds) {
  const int on = 1;
  const int interval = std::max(seconds / 3, 1);
  const int probes = 3;
  if (fd_ < 0 || ::setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) return;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
  ::setsockopt(fd_, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(fd_, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

std::string Socket::peer() const {
  Name name;
  if (is_unix()) return local();
  return name_of(fd_, &::getpeername, name) ? text_of(name) : "?:0";
}

std::string Socket::local() const {
  Name name;
  return name_of(fd_, &::getsockname, name) ? text_of(name) : "?:0";
}

bool Socket::is_unix() const {
  Name name;
  return name_of(fd_, &::getsockname, name) && name.address.ss_family == AF_UNIX;
}

bool Socket::peer_is_loopback() const {
  Name name;
  if (!name_of(fd_, &::getpeername, name)) return false;
  if (name.address.ss_family == AF_UNIX) return true;
  if (name.address.ss_family == AF_INET) {
    const auto& inet = reinterpret_cast<const sockaddr_in&>(name.address);
    return (ntohl(inet.sin_addr.s_addr) >> 24) == 127;
  }
  const auto& inet = reinterpret_cast<const sockaddr_in6&>(name.address);
  return IN6_IS_ADDR_LOOPBACK(&inet.sin6_addr);
}

}  // namespace sluice::net
