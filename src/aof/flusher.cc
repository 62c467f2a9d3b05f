#include "aof/flusher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"

namespace sluice::aof {

void Flusher::start() {
  SLUICE_CHECK(!thread_.joinable(), "one thread per flusher");
  stop_ = false;
  thread_ = std::thread([this] { run(); });
}

void Flusher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  pending_ = {};  // nobody else is left
}

void Flusher::request(std::shared_ptr<base::File> file, uint64_t offset) {
  {
    const std::lock_guard lock(mutex_);
    if (failed()) return;
    pending_ = {std::move(file), offset};
  }
  changed_.notify_one();
}

bool Flusher::request_or_sync(std::shared_ptr<base::File> file, uint64_t offset) {
  Request now;
  {
    const std::lock_guard lock(mutex_);
    if (failed()) return false;
    pending_ = {std::move(file), offset};
    if (!syncing_ && measured_ && usual_us_ <= kShortSyncUs) {
      now = std::exchange(pending_, {});
      syncing_ = true;
    }
  }
  if (!now.file) {
    changed_.notify_one();
    return false;
  }
  sync(now);
  return true;
}

void Flusher::wait(int64_t max_us) const {
  std::unique_lock lock(mutex_);
  ended_.wait_for(lock, std::chrono::microseconds(max_us),
                  [this] { return !syncing_ && pending_.file == nullptr; });
}

bool Flusher::run_pending() {
  SLUICE_CHECK(!thread_.joinable(), "the thread does this by itself");
  Request next;
  {
    const std::lock_guard lock(mutex_);
    next = std::exchange(pending_, {});
    if (!next.file) return false;
    syncing_ = true;
  }
  sync(next);
  wake_();
  return true;
}

bool Flusher::busy() const {
  const std::lock_guard lock(mutex_);
  return syncing_ || pending_.file != nullptr;
}

void Flusher::restart() {
  SLUICE_CHECK(!busy(), "a running sync would count for the new file");
  done_.store(0, std::memory_order_release);
  failure_code_.store(0, std::memory_order_release);
}

void Flusher::run() {
  while (true) {
    Request next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || pending_.file != nullptr; });
      if (stop_) return;
      next = std::exchange(pending_, {});
      syncing_ = true;
    }
    sync(next);
    wake_();
  }
}

void Flusher::sync(const Request& request) {
  const int64_t begun_us = clock_ == nullptr ? 0 : clock_->monotonic_us();
  const auto result = request.file->fdatasync();
  const int64_t took_us = clock_ == nullptr ? 0 : clock_->monotonic_us() - begun_us;
  {
    const std::lock_guard lock(mutex_);
    usual_us_ = measured_ ? std::max(took_us, (usual_us_ * 7 + took_us) / 8) : took_us;
    measured_ = clock_ != nullptr;
    syncing_ = false;
    if (result) {
      done_.store(request.offset, std::memory_order_release);
    } else {
      pending_ = {};
      failure_code_.store(result.error().code, std::memory_order_release);
    }
  }
  ended_.notify_one();
}

}  // namespace sluice::aof
