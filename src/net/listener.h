// One listening address, TCP or unix: hands accepted sockets to its owner, a bounded number per event.
// The server owns its listeners. How many clients may stay is the server's matter: everything is accepted,
// and a refusal is a reply. Out of descriptors, it reports once, rests for kAcceptRestMs and goes on; waiting
// peers keep their place in the kernel's backlog.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/io_error.h"
#include "net/loop.h"
#include "net/socket.h"

namespace sluice::net {

inline constexpr int kAcceptsPerEvent = 64;
inline constexpr uint64_t kAcceptRestMs = 100;

struct TcpAddress {
  std::string host;   // "127.0.0.1", "::1", a name, "*" (every IPv4 address) or "::*" (every IPv6 address)
  uint16_t port = 0;  // 0: the kernel picks one, see port()
  int backlog = 511;
};

struct UnixAddress {
  std::string path;         // an old socket there is removed first
  unsigned permission = 0;  // 0700 and so on; 0 leaves what the umask gives
  int backlog = 511;
};

// Whether a server goes on without an address that failed with this errno value: the machine does not speak
// its protocol, or it does not have the address, which was marked as one that may be missing.
[[nodiscard]] bool may_do_without(int code, bool optional);

// REQUIRES: neither destroys the Listener.
struct AcceptCallbacks {
  std::function<void(std::unique_ptr<Socket>)> on_accept;
  // accept() failed with this errno value for a reason that lies with us (EMFILE, ENFILE, ENOMEM, ...).
  std::function<void(int code)> on_error;
};

class Listener {
 public:
  // Errors name the address: "listen on 127.0.0.1:6379: Address already in use".
  static base::IoResult<std::unique_ptr<Listener>> tcp(Loop& loop, const TcpAddress& address,
                                                       AcceptCallbacks callbacks);
  static base::IoResult<std::unique_ptr<Listener>> unix_path(Loop& loop, const UnixAddress& address,
                                                             AcceptCallbacks callbacks);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();  // a unix listener removes its path

  [[nodiscard]] uint16_t port() const;            // 0 for unix
  [[nodiscard]] const std::string& name() const;  // "127.0.0.1:6379" or the path

 private:
  struct Impl;
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::net
