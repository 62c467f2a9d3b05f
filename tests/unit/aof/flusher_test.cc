#include "aof/flusher.h"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "base/clock.h"
#include "support/memory_fs.h"

using namespace sluice;
using aof::Flusher;
using testing::DiskCall;
using testing::MemoryFs;

namespace {

std::shared_ptr<base::File> open_file(MemoryFs& fs, const std::string& path) {
  return std::shared_ptr<base::File>(std::move(*fs.open(path, base::kOpenWrite | base::kOpenCreate)));
}

// Counts wakes and lets a test wait for one, as the loop would.
class Waker {
 public:
  void wake() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  void wait_for(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// A file whose sync lasts until it is let go.
class SlowFile final : public base::File {
 public:
  base::IoResult<size_t> write(base::ByteView bytes) override { return bytes.size(); }
  base::IoResult<size_t> pwrite(base::ByteView bytes, uint64_t) override { return bytes.size(); }
  base::IoResult<size_t> read(char*, size_t) override { return size_t{0}; }
  base::IoResult<size_t> pread(char*, size_t, uint64_t) override { return size_t{0}; }
  base::IoResult<void> fdatasync() override {
    std::unique_lock lock(mutex_);
    ++begun_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return allowed_ >= begun_; });
    return {};
  }
  base::IoResult<void> sync_range(uint64_t, uint64_t, base::Writeback) override { return {}; }
  base::IoResult<void> truncate(uint64_t) override { return {}; }
  base::IoResult<uint64_t> size() override { return uint64_t{0}; }
  base::IoResult<void> close() override { return {}; }

  void wait_until_begun(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= count; });
  }
  void allow(int count) {
    const std::lock_guard lock(mutex_);
    allowed_ = count;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int begun_ = 0;
  int allowed_ = 0;
};

}  // namespace

TEST_CASE("Flusher: without a thread a request runs when asked, once") {
  MemoryFs fs;
  int wakes = 0;
  Flusher flusher([&] { ++wakes; });
  CHECK_FALSE(flusher.run_pending());
  flusher.request(open_file(fs, "a"), 10);
  CHECK(flusher.busy());
  CHECK(flusher.done() == 0);
  CHECK(flusher.run_pending());
  CHECK(flusher.done() == 10);
  CHECK_FALSE(flusher.busy());
  CHECK(wakes == 1);
  CHECK_FALSE(flusher.run_pending());
  CHECK(fs.calls(DiskCall::kFdatasync) == 1);
}

TEST_CASE("Flusher: requests that wait become one sync, up to the latest offset") {
  MemoryFs fs;
  Flusher flusher([] {});
  const auto file = open_file(fs, "a");
  for (uint64_t offset = 1; offset <= 100; ++offset) flusher.request(file, offset);
  CHECK(flusher.run_pending());
  CHECK(flusher.done() == 100);
  CHECK(fs.calls(DiskCall::kFdatasync) == 1);
}

TEST_CASE("Flusher: after a failed sync nothing is synced until restart") {
  MemoryFs fs;
  Flusher flusher([] {});
  const auto file = open_file(fs, "a");
  flusher.request(file, 5);
  REQUIRE(flusher.run_pending());
  fs.fail_next(DiskCall::kFdatasync, ENOSPC);
  flusher.request(file, 9);
  REQUIRE(flusher.run_pending());
  CHECK(flusher.failed());
  CHECK(flusher.failure_code() == ENOSPC);
  CHECK(flusher.done() == 5);
  flusher.request(file, 9);
  CHECK_FALSE(flusher.run_pending());
  flusher.restart();
  CHECK_FALSE(flusher.failed());
  CHECK(flusher.done() == 0);
  flusher.request(open_file(fs, "b"), 9);
  CHECK(flusher.run_pending());
  CHECK(flusher.done() == 9);
}

TEST_CASE("Flusher: the thread syncs, publishes and wakes") {
  MemoryFs fs;
  Waker waker;
  Flusher flusher([&] { waker.wake(); });
  flusher.start();
  const auto file = open_file(fs, "a");
  for (int round = 1; round <= 50; ++round) {
    REQUIRE(base::write_all(*file, "x").ok());
    flusher.request(file, static_cast<uint64_t>(round));
    waker.wait_for(round);
    CHECK(flusher.done() == static_cast<uint64_t>(round));
  }
  flusher.stop();
  REQUIRE(fs.fsync_dir(".").ok());
  CHECK(fs.durable_content("a") == fs.content("a"));
}

TEST_CASE("Flusher: the reactor writes on while a sync runs, and its requests become the next one") {
  Waker waker;
  Flusher flusher([&] { waker.wake(); });
  const auto file = std::make_shared<SlowFile>();
  flusher.start();
  flusher.request(file, 1);
  file->wait_until_begun(1);
  for (uint64_t offset = 2; offset <= 40; ++offset) flusher.request(file, offset);
  CHECK(flusher.done() == 0);
  file->allow(1);
  waker.wait_for(1);
  file->wait_until_begun(2);
  CHECK(flusher.done() == 1);
  file->allow(2);
  waker.wait_for(2);
  CHECK(flusher.done() == 40);
  flusher.stop();
}

TEST_CASE("Flusher: stop ends the sync under way, and no request is left behind") {
  Flusher flusher([] {});
  const auto file = std::make_shared<SlowFile>();
  flusher.start();
  flusher.request(file, 1);
  file->wait_until_begun(1);
  flusher.request(file, 2);
  file->allow(2);  // the thread may come to the second before it is told to stop
  flusher.stop();
  flusher.stop();
  CHECK(flusher.done() >= 1);
  CHECK_FALSE(flusher.busy());
}

namespace {

// A file whose syncs take as long as is said, by the clock, and which knows who made the last one.
class TimedFile final : public base::File {
 public:
  explicit TimedFile(base::ManualClock& clock) : clock_(clock) {}
  base::IoResult<size_t> write(base::ByteView bytes) override { return bytes.size(); }
  base::IoResult<size_t> pwrite(base::ByteView bytes, uint64_t) override { return bytes.size(); }
  base::IoResult<size_t> read(char*, size_t) override { return size_t{0}; }
  base::IoResult<size_t> pread(char*, size_t, uint64_t) override { return size_t{0}; }
  base::IoResult<void> fdatasync() override {
    clock_.advance_us(sync_us);
    synced_here = std::this_thread::get_id() == test_thread_;
    if (fails) return base::io_error(EIO, "fdatasync", "a");
    return {};
  }
  base::IoResult<void> sync_range(uint64_t, uint64_t, base::Writeback) override { return {}; }
  base::IoResult<void> truncate(uint64_t) override { return {}; }
  base::IoResult<uint64_t> size() override { return uint64_t{0}; }
  base::IoResult<void> close() override { return {}; }

  int64_t sync_us = 100;
  bool fails = false;
  bool synced_here = false;

 private:
  base::ManualClock& clock_;
  const std::thread::id test_thread_ = std::this_thread::get_id();
};

}  // namespace

TEST_CASE("Flusher: while syncs are short, who waits for one makes it; a long one sends them to the thread") {
  base::ManualClock clock(0);
  Waker waker;
  Flusher flusher([&] { waker.wake(); }, &clock);
  const auto file = std::make_shared<TimedFile>(clock);
  flusher.start();
  uint64_t offset = 0;
  int wakes = 0;
  // Whether it was made here; it is made in any case.
  const auto sync = [&] {
    const bool here = flusher.request_or_sync(file, ++offset);
    if (!here) waker.wait_for(++wakes);
    CHECK(flusher.done() == offset);
    CHECK(file->synced_here == here);
    return here;
  };
  CHECK_FALSE(sync());  // nobody knows yet how long it takes
  CHECK(sync());
  CHECK(sync());
  file->sync_us = 20'000;
  CHECK(sync());
  file->sync_us = 100;
  int in_thread = 0;
  while (!sync()) ++in_thread;
  CHECK(in_thread > 5);
  CHECK(in_thread < 100);
  file->fails = true;
  CHECK(flusher.request_or_sync(file, ++offset));
  CHECK(flusher.failure_code() == EIO);
  CHECK(flusher.done() == offset - 1);
  CHECK_FALSE(flusher.request_or_sync(file, ++offset));
  CHECK_FALSE(flusher.busy());
  flusher.stop();
}

TEST_CASE("Flusher: whoever waits goes on when the sync has ended, or when it has waited long enough") {
  Flusher flusher([] {});
  const auto file = std::make_shared<SlowFile>();
  flusher.wait(60'000'000);  // for nothing
  flusher.start();
  flusher.request(file, 7);
  file->wait_until_begun(1);
  flusher.wait(1);
  CHECK(flusher.busy());
  std::thread disk([&] { file->allow(1); });
  flusher.wait(60'000'000);
  CHECK(flusher.done() == 7);
  CHECK_FALSE(flusher.busy());
  disk.join();
  flusher.stop();
}

TEST_CASE("Flusher: a failure in the thread reaches the reactor") {
  MemoryFs fs;
  Waker waker;
  Flusher flusher([&] { waker.wake(); });
  fs.fail_next(DiskCall::kFdatasync, EIO);
  flusher.start();
  flusher.request(open_file(fs, "a"), 1);
  waker.wait_for(1);
  CHECK(flusher.failure_code() == EIO);
  CHECK(flusher.done() == 0);
  flusher.stop();
}
