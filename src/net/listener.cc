#include "net/listener.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/uv_handle.h"

namespace sluice::net {

namespace {

constexpr int kSocketType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string name_of(const TcpAddress& address) {
  const bool bare = address.host.find(':') == std::string::npos;
  return (bare ? address.host : "[" + address.host + "]") + ":" + std::to_string(address.port);
}

base::IoError listen_error(int code, const std::string& name) {
  return base::io_error(code, "listen on", name);
}

// Trouble that the next peer in the backlog would meet as well.
bool out_of_resources(int code) {
  return code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS;
}

base::IoResult<Descriptor> listen_tcp(const addrinfo& at, const TcpAddress& address) {
  const std::string name = name_of(address);
  Descriptor fd(::socket(at.ai_family, kSocketType, 0));
  if (fd.get() < 0) return listen_error(errno, name);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // "::*" and "*" are two addresses: an IPv6 socket that also took IPv4 would make the second one fail.
  if (at.ai_family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd.get(), at.ai_addr, at.ai_addrlen) != 0) return listen_error(errno, name);
  if (::listen(fd.get(), address.backlog) != 0) return listen_error(errno, name);
  return fd;
}

base::IoResult<Descriptor> resolve_and_listen(const TcpAddress& address) {
  const bool any = address.host == "*" || address.host == "::*";
  addrinfo hints{};
  hints.ai_family = address.host.find(':') == std::string::npos ? AF_INET : AF_INET6;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const int code = ::getaddrinfo(any ? nullptr : address.host.c_str(), port.c_str(), &hints, &found);
  if (code == EAI_SYSTEM) return listen_error(errno, name_of(address));
  if (code != 0) {
    return base::IoError{EADDRNOTAVAIL, "listen on " + name_of(address) + ": " + ::gai_strerror(code)};
  }
  auto fd = listen_tcp(*found, address);
  ::freeaddrinfo(found);
  return fd;
}

base::IoResult<Descriptor> listen_unix(const UnixAddress& address) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof at.sun_path) return listen_error(ENAMETOOLONG, address.path);
  std::memcpy(at.sun_path, address.path.data(), address.path.size());
  Descriptor fd(::socket(AF_UNIX, kSocketType, 0));
  if (fd.get() < 0) return listen_error(errno, address.path);
  ::unlink(
      address.path.c_str());  // left by a server that was killed; a name in use by another kind fails below
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    return listen_error(errno, address.path);
  }
  if (address.permission != 0 && ::chmod(address.path.c_str(), address.permission) != 0) {
    return listen_error(errno, address.path);
  }
  if (::listen(fd.get(), address.backlog) != 0) return listen_error(errno, address.path);
  return fd;
}

}  // namespace

struct Listener::Impl {
  Impl(Loop& the_loop, Descriptor the_fd, AcceptCallbacks the_callbacks)
      : loop(the_loop), fd(std::move(the_fd)), callbacks(std::move(the_callbacks)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  base::IoResult<void> begin();
  void watch();
  void accept_some();
  void rest(int code);

  Loop& loop;
  Descriptor fd;  // closed after the handles below have let go of it
  UvHandle<uv_poll_t> poll;
  UvHandle<uv_timer_t> resting;  // runs only while out of descriptors
  AcceptCallbacks callbacks;
  std::string name;
  uint16_t port = 0;
  struct stat socket_file {};  // of a unix listener: what is unlinked is what was bound
};

Listener::Impl::~Impl() {
  if (socket_file.st_ino == 0) return;
  struct stat now {};
  if (::stat(name.c_str(), &now) != 0) return;
  if (now.st_ino == socket_file.st_ino && now.st_dev == socket_file.st_dev) ::unlink(name.c_str());
}

base::IoResult<void> Listener::Impl::begin() {
  const int code = poll.init([&](uv_poll_t* handle) { return uv_poll_init(loop.raw(), handle, fd.get()); });
  if (code != 0) return listen_error(-code, name);
  (void)resting.init([&](uv_timer_t* handle) { return uv_timer_init(loop.raw(), handle); });
  poll.get()->data = this;
  resting.get()->data = this;
  watch();
  return {};
}

void Listener::Impl::watch() {
  uv_poll_start(poll.get(), UV_READABLE,
                [](uv_poll_t* handle, int, int) { static_cast<Impl*>(handle->data)->accept_some(); });
}

void Listener::Impl::accept_some() {
  for (int i = 0; i < kAcceptsPerEvent; ++i) {
    const int accepted = ::accept4(fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      if (out_of_resources(errno)) return rest(errno);
      continue;  // this peer left or was refused by the kernel; the next may be well
    }
    auto socket = Socket::adopt(loop, accepted);
    if (!socket) return rest(socket.error().code);
    callbacks.on_accept(std::move(*socket));
  }
}

void Listener::Impl::rest(int code) {
  uv_poll_stop(poll.get());
  uv_timer_start(
      resting.get(), [](uv_timer_t* handle) { static_cast<Impl*>(handle->data)->watch(); }, kAcceptRestMs, 0);
  callbacks.on_error(code);
}

bool may_do_without(int code, bool optional) {
  switch (code) {
    case EAFNOSUPPORT:
    case EPFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
    case ENOPROTOOPT:
      return true;
    default:
      return optional && code == EADDRNOTAVAIL;
  }
}

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() = default;

base::IoResult<std::unique_ptr<Listener>> Listener::tcp(Loop& loop, const TcpAddress& address,
                                                        AcceptCallbacks callbacks) {
  auto fd = resolve_and_listen(address);
  if (!fd) return fd.error();
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(fd->get(), reinterpret_cast<sockaddr*>(&bound), &size);
  TcpAddress named = address;
  named.port = ntohs(bound.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(bound).sin_port
                                                : reinterpret_cast<const sockaddr_in6&>(bound).sin6_port);
  auto impl = std::make_unique<Impl>(loop, std::move(*fd), std::move(callbacks));
  impl->name = name_of(named);
  impl->port = named.port;
  auto begun = impl->begin();
  if (!begun) return begun.error();
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

base::IoResult<std::unique_ptr<Listener>> Listener::unix_path(Loop& loop, const UnixAddress& address,
                                                              AcceptCallbacks callbacks) {
  auto fd = listen_unix(address);
  if (!fd) return fd.error();
  auto impl = std::make_unique<Impl>(loop, std::move(*fd), std::move(callbacks));
  impl->name = address.path;
  if (::stat(address.path.c_str(), &impl->socket_file) != 0) return listen_error(errno, address.path);
  auto begun = impl->begin();
  if (!begun) return begun.error();
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

uint16_t Listener::port() const {
  return impl_->port;
}
const std::string& Listener::name() const {
  return impl_->name;
}

}  // namespace sluice::net
