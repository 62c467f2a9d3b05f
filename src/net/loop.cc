#include "net/loop.h"

#include <array>
#include <deque>
#include <optional>

#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "net/uv_handle.h"

namespace sluice::net {

namespace {

constexpr size_t kDiscardBytes = 1024 * 1024;  // of unread input, before a close
constexpr int kClosingRounds = 8;              // libuv closes in one, a pending signal may take it another

}  // namespace

struct Loop::Impl {
  struct Closing {
    uv_poll_t* handle;
    int fd;
  };

  explicit Impl(const base::Clock& the_clock) : clock(the_clock) {}

  void before_poll();
  void arm_timer();
  void timer_fired();
  void close_slice(size_t limit);

  const base::Clock& clock;
  uv_loop_t loop{};
  UvHandle<uv_prepare_t> prepare;
  UvHandle<uv_idle_t> idle;  // active: the next wait does not block
  UvHandle<uv_timer_t> timer;
  std::function<void()> hook;
  std::function<void()> fire;
  std::optional<int64_t> deadline_us;
  std::optional<int64_t> armed_us;  // what the timer is set for
  std::deque<Closing> closing;
  uint64_t cycles = 0;
  bool turn_requested = false;
  bool running = false;
  std::array<char, kReadBufferBytes> buffer;
};

void Loop::Impl::before_poll() {
  ++cycles;
  turn_requested = false;
  if (hook) hook();
  close_slice(kClosesPerSlice);
  if (armed_us != deadline_us) arm_timer();
  if (turn_requested || !closing.empty()) {
    uv_idle_start(idle.get(), [](uv_idle_t*) {});
  } else {
    uv_idle_stop(idle.get());
  }
}

// Deadlines move many times in a turn, the timer once, here.
void Loop::Impl::arm_timer() {
  armed_us = deadline_us;
  if (!deadline_us) {
    uv_timer_stop(timer.get());
    return;
  }
  const int64_t left_us = *deadline_us - clock.monotonic_us();
  const uint64_t left_ms = left_us > 0 ? (static_cast<uint64_t>(left_us) + 999) / 1000 : 0;
  // libuv counts from the time it read when the turn began.
  uv_update_time(&loop);
  uv_timer_start(
      timer.get(), [](uv_timer_t* handle) { static_cast<Impl*>(handle->data)->timer_fired(); }, left_ms, 0);
}

void Loop::Impl::timer_fired() {
  armed_us.reset();
  // libuv's clock has whole milliseconds and may be up to one ahead of ours; before_poll arms again.
  if (!deadline_us || clock.monotonic_us() < *deadline_us) return;
  deadline_us.reset();
  if (fire) fire();
}

void Loop::Impl::close_slice(size_t limit) {
  for (; limit > 0 && !closing.empty(); --limit) {
    const Closing next = closing.front();
    closing.pop_front();
    close_uv(next.handle);
    // A close with input unread makes the kernel send a reset, which may overtake the last reply on its way.
    // TCP throws the input away without copying; unix sockets refuse and need nothing.
    ::recv(next.fd, nullptr, kDiscardBytes, MSG_TRUNC | MSG_DONTWAIT);
    ::close(next.fd);
  }
}

Loop::Loop(const base::Clock& clock) : impl_(std::make_unique<Impl>(clock)) {
  SLUICE_CHECK(uv_loop_init(&impl_->loop) == 0, "the event loop cannot be set up");
  uv_loop_t* loop = &impl_->loop;
  (void)impl_->prepare.init([&](uv_prepare_t* handle) { return uv_prepare_init(loop, handle); });
  (void)impl_->idle.init([&](uv_idle_t* handle) { return uv_idle_init(loop, handle); });
  (void)impl_->timer.init([&](uv_timer_t* handle) { return uv_timer_init(loop, handle); });
  impl_->prepare.get()->data = impl_.get();
  impl_->timer.get()->data = impl_.get();
  uv_prepare_start(impl_->prepare.get(),
                   [](uv_prepare_t* handle) { static_cast<Impl*>(handle->data)->before_poll(); });
}

Loop::~Loop() {
  impl_->close_slice(impl_->closing.size());
  impl_->prepare.close();
  impl_->idle.close();
  impl_->timer.close();
  // Runs the close callbacks. Whatever is still alive after it belongs to somebody who outlived the loop.
  for (int round = 0; round < kClosingRounds; ++round) uv_run(&impl_->loop, UV_RUN_NOWAIT);
  SLUICE_CHECK(uv_loop_close(&impl_->loop) == 0,
               "a socket, listener, waker or signal watch outlived its loop");
}

void Loop::run() {
  impl_->running = true;
  uv_run(&impl_->loop, UV_RUN_DEFAULT);
  impl_->running = false;
  // libuv leaves after a poll; what that poll brought still needs its end of turn.
  impl_->before_poll();
}

void Loop::stop() {
  // libuv would remember a stop from outside and leave the next run at once.
  if (impl_->running) uv_stop(&impl_->loop);
}

void Loop::on_before_poll(std::function<void()> hook) {
  impl_->hook = std::move(hook);
}
void Loop::request_turn() {
  impl_->turn_requested = true;
}

void Loop::on_deadline(std::function<void()> fire) {
  impl_->fire = std::move(fire);
}
void Loop::set_deadline(int64_t monotonic_us) {
  impl_->deadline_us = monotonic_us;
}

uint64_t Loop::cycles() const {
  return impl_->cycles;
}
std::span<char> Loop::read_buffer() {
  return impl_->buffer;
}
size_t Loop::pending_closes() const {
  return impl_->closing.size();
}
uv_loop_s* Loop::raw() {
  return &impl_->loop;
}
void Loop::close_later(uv_poll_s* handle, int fd) {
  impl_->closing.push_back({handle, fd});
}

struct Waker::Impl {
  uv_async_t async{};
  std::function<void()> callback;
};

Waker::Waker(Loop& loop, std::function<void()> callback) : impl_(new Impl{{}, std::move(callback)}) {
  const int code = uv_async_init(loop.raw(), &impl_->async,
                                 [](uv_async_t* handle) { static_cast<Impl*>(handle->data)->callback(); });
  SLUICE_CHECK(code == 0, "no descriptor left for waking the event loop");
  impl_->async.data = impl_;
}

Waker::~Waker() {
  uv_close(reinterpret_cast<uv_handle_t*>(&impl_->async),
           [](uv_handle_t* handle) { delete static_cast<Impl*>(handle->data); });
}

void Waker::wake() {
  uv_async_send(&impl_->async);
}

struct SignalWatch::Impl {
  uv_signal_t watch{};
  std::function<void(int)> callback;
};

SignalWatch::SignalWatch(Loop& loop, int signal, std::function<void(int)> callback)
    : impl_(new Impl{{}, std::move(callback)}) {
  SLUICE_CHECK(uv_signal_init(loop.raw(), &impl_->watch) == 0, "no descriptor left for watching signals");
  impl_->watch.data = impl_;
  const int code = uv_signal_start(
      &impl_->watch,
      [](uv_signal_t* handle, int number) { static_cast<Impl*>(handle->data)->callback(number); }, signal);
  SLUICE_CHECK(code == 0, "a signal that cannot be watched");
}

SignalWatch::~SignalWatch() {
  uv_close(reinterpret_cast<uv_handle_t*>(&impl_->watch),
           [](uv_handle_t* handle) { delete static_cast<Impl*>(handle->data); });
}

}  // namespace sluice::net
