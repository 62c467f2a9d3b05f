// The reactor: one thread that waits for sockets, one deadline, signals and wake-ups, and calls back.
// The server owns the Loop and destroys it after every Socket, Listener, Waker and SignalWatch made on it.
// Only Waker::wake() may be called from another thread. libuv stays behind this folder: no header of it is
// seen outside. The Loop knows no client and no command; who must be served when is told to it as one
// deadline and one hook.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/clock.h"

struct uv_loop_s;
struct uv_poll_s;

namespace sluice::net {

// One read takes at most this much unless its receiver offers a buffer of its own.
inline constexpr size_t kReadBufferBytes = 64 * 1024;
// Closing a socket costs two system calls; a crowd that leaves at once is seen off in slices, one per
// iteration.
inline constexpr size_t kClosesPerSlice = 128;

class Loop {
 public:
  explicit Loop(const base::Clock& clock);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // Returns after stop(), when the iteration is over and the before-poll hook has run once more. May be
  // called again. REQUIRES: not called from a callback of this loop.
  void run();
  void stop();  // without effect when the loop does not run

  // Called each time before the loop waits for events: the end of a turn. One at most; set before run().
  void on_before_poll(std::function<void()> hook);
  // The hook is called again soon, and the next wait does not block. For work left over by a slice.
  void request_turn();

  // The one timer. The function set here is called once, at or after the deadline (monotonic clock, to the
  // millisecond, never early), which is then clear; it sets the next one. Setting costs nothing until the
  // poll.
  void on_deadline(std::function<void()> fire);
  void set_deadline(int64_t monotonic_us);

  // How often it has waited for events.
  [[nodiscard]] uint64_t cycles() const;

  // Buffer shared by all reads. Its content lives until the callback it was read for returns.
  [[nodiscard]] std::span<char> read_buffer();

  // Sockets closed but still waiting for their slice.
  [[nodiscard]] size_t pending_closes() const;

  // For this folder's own classes.
  [[nodiscard]] uv_loop_s* raw();
  // Takes over an initialised poll handle (closed, later freed) and its descriptor (closed).
  void close_later(uv_poll_s* handle, int fd);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Lets other threads call back into the loop's thread. Several wake() calls may become one callback.
// Created and destroyed on the loop's thread, destroyed only after the threads that wake it were joined.
class Waker {
 public:
  Waker(Loop& loop, std::function<void()> callback);
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker();

  void wake();  // from any thread

 private:
  struct Impl;
  Impl* impl_;  // freed by its close callback
};

// Calls back, from the loop and not from a signal handler, while it lives.
class SignalWatch {
 public:
  SignalWatch(Loop& loop, int signal, std::function<void(int signal)> callback);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

 private:
  struct Impl;
  Impl* impl_;  // freed by its close callback
};

}  // namespace sluice::net
