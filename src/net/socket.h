// One accepted connection, TCP or unix: bytes in to a SocketHandler, bytes out when told.
// The connection owns its Socket and may destroy it at any time, inside the handler's own callbacks too; the
// descriptor is closed a little later, in the loop's slices. Reading is always on (a peer that is not read is
// a peer whose death goes unnoticed), one read per readiness event, so that no peer takes the loop for
// itself. A Socket buffers nothing and knows no protocol: what could not be written stays with the caller.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/io_error.h"
#include "net/loop.h"

struct uv_poll_s;

namespace sluice::net {

class SocketHandler {
 public:
  virtual ~SocketHandler() = default;

  // Where the next read goes: the loop's shared buffer, or one of the handler's own (the rest of a large
  // value). Not empty. Asked again for every read.
  virtual std::span<char> read_buffer(std::span<char> shared) { return shared; }
  // `size` > 0 bytes are in the buffer just offered; those in the shared one are gone when this returns.
  virtual void on_read(size_t size) = 0;
  // There is room to write again. Only while watch_writable(true).
  virtual void on_writable() = 0;
  // The last callback about reading: the peer has shut down its side. Writing may still work.
  virtual void on_eof() = 0;
  // The last callback of all: the connection is broken (errno value).
  virtual void on_error(int code) = 0;
};

class Socket {
 public:
  // Takes over a connected stream descriptor (closed on failure, too), makes it non-blocking and, for TCP,
  // sends small replies at once. Nothing is read before start().
  static base::IoResult<std::unique_ptr<Socket>> adopt(Loop& loop, int fd);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();  // close()

  // REQUIRES: called once; the handler outlives the Socket or its close.
  void start(SocketHandler& handler);

  // How many of the bytes the kernel took; 0 when there is no room now. After a failure it is 0 as well and
  // on_error follows from the loop, never from inside this call.
  size_t try_write(base::ByteView bytes);
  void watch_writable(bool on);

  // No callback comes after these. What was written before still reaches the peer; after abort() it may not,
  // and the peer sees a reset.
  void close();
  void abort();

  // The peer has closed, shut down its side or been reset as far as the kernel knows by now, whether or not
  // this was read yet. One system call: asked before a job is handed over, not for every reply.
  [[nodiscard]] bool peer_is_dead() const;

  // TCP only, else without effect. Probes after `seconds` of silence, a dead peer is noticed in about twice
  // that.
  void set_keepalive(int seconds);

  // "127.0.0.1:1234", "[::1]:1234"; for unix sockets the listening path, "/path:0"; "?:0" when not known any
  // more. A system call each: whoever needs the text often keeps it.
  [[nodiscard]] std::string peer() const;
  [[nodiscard]] std::string local() const;
  [[nodiscard]] bool is_unix() const;
  [[nodiscard]] bool peer_is_loopback() const;  // unix sockets included

  [[nodiscard]] int fd() const { return fd_; }  // -1 after close

 private:
  Socket(Loop& loop, uv_poll_s* handle, int fd) : loop_(loop), handle_(handle), fd_(fd) {}
  static void on_poll(uv_poll_s* handle, int status, int events);
  void watch();
  bool read_once();
  void fail(int code);

  Loop& loop_;
  uv_poll_s* handle_;  // null after close; its data points back here, or is null
  SocketHandler* handler_ = nullptr;
  int fd_;
  int write_error_ = 0;  // noticed by try_write, told by the next event
  bool readable_ = true;
  bool writable_ = false;
};

}  // namespace sluice::net
