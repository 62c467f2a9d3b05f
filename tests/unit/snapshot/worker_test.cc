#include "snapshot/worker.h"

#include <cerrno>
#include <string>

#include <doctest/doctest.h>

#include "snapshot/crc64.h"
#include "snapshot/encoder.h"
#include "snapshot/frozen.h"
#include "snapshot/writer.h"
#include "support/memory_fs.h"

namespace sluice::snapshot {

namespace {

using testing::DiskCall;
using testing::MemoryFs;

struct Desk {
  Desk() {
    (void)fs.mkdir("d");
    (void)fs.fsync_dir(".");
  }

  void begin(bool checksum = true, bool new_name = false) {
    FileJob job;
    job.temporary_path = "d/temp";
    job.final_path = "d/final";
    job.checksum = checksum;
    job.new_name = new_name;
    worker.write_file(job);
  }
  void push(std::string text, bool last = false) {
    Chunk chunk;
    chunk.bytes = std::move(text);
    chunk.last = last;
    queue.push(std::move(chunk));
  }

  MemoryFs fs;
  base::ManualClock clock{1'000'000};
  ChunkQueue queue;
  int wakes = 0;
  Worker worker{fs, clock, queue, [this] { ++wakes; }};
};

std::string checksum_of(const std::string& bytes) {
  base::Bytes out;
  Encoder encoder(out, false);
  encode_checksum(crc64(0, bytes), encoder);
  return out;
}

}  // namespace

TEST_CASE("Worker: chunks become a file under its final name, checksum behind them, durably") {
  Desk desk;
  desk.begin();
  desk.push("abc");
  desk.push("def", true);
  CHECK(desk.worker.run_pending());
  CHECK(desk.worker.state() == Worker::State::kDone);
  CHECK(desk.wakes > 0);
  CHECK(!desk.fs.exists("d/temp"));
  desk.fs.crash();
  CHECK(desk.fs.content("d/final") == "abcdef" + checksum_of("abcdef"));
  CHECK(desk.worker.written_bytes() == 6 + 8);
}

TEST_CASE("Worker: without rdbchecksum the file ends in zeros") {
  Desk desk;
  desk.begin(false);
  desk.push("abc", true);
  desk.worker.run_pending();
  CHECK(desk.fs.content("d/final") == "abc" + std::string(8, '\0'));
}

TEST_CASE("Worker: nodes are encoded behind the bytes of their chunk and come back") {
  Desk desk;
  desk.begin();
  Chunk chunk;
  chunk.bytes = "head";
  chunk.node = {&ds::make_large_node("value", 0)->header, NodeKind::kListNode};
  chunk.last = true;
  desk.queue.push(std::move(chunk));
  desk.worker.run_pending();
  // 1: a plain node; 5: its length.
  const std::string expected = std::string("head") + "\x01\x05value";
  CHECK(desk.fs.content("d/final") == expected + checksum_of(expected));
  const Chunks returned = desk.queue.take_returned();
  REQUIRE(returned.size() == 1);
  unpin(returned.front().node);
}

TEST_CASE("Worker: any call of the disk that fails leaves no file and says why") {
  for (const DiskCall call : {DiskCall::kOpen, DiskCall::kWrite, DiskCall::kFdatasync, DiskCall::kClose,
                              DiskCall::kRename, DiskCall::kFsyncDir}) {
    CAPTURE(static_cast<int>(call));
    Desk desk;
    desk.begin();
    desk.push(std::string(kWriteBytes, 'x'));
    desk.push("y", true);
    desk.fs.fail_next(call, EIO);
    desk.worker.run_pending();
    CHECK(desk.worker.state() == Worker::State::kFailed);
    CHECK(!desk.worker.failure().empty());
    CHECK(!desk.fs.exists("d/temp"));
    CHECK(desk.queue.queued_bytes() == 0);
    desk.worker.settle();
    desk.begin();
    desk.push("z", true);
    desk.worker.run_pending();
    CHECK(desk.worker.state() == Worker::State::kDone);
    CHECK(desk.fs.content("d/final") == "z" + checksum_of("z"));
  }
}

TEST_CASE(
    "Worker: a file under a new name goes when the name cannot be made durable, one that replaced another "
    "stays") {
  for (const bool new_name : {false, true}) {
    Desk desk;
    desk.begin(true, new_name);
    desk.push("abc", true);
    desk.fs.fail_next(DiskCall::kFsyncDir, EIO);
    desk.worker.run_pending();
    CHECK(desk.worker.state() == Worker::State::kFailed);
    CHECK(desk.fs.exists("d/final") != new_name);
  }
}

TEST_CASE("Worker: a cancelled file goes, and the one before it stays") {
  Desk desk;
  desk.fs.put("d/final", "before");
  desk.begin();
  desk.push(std::string(kWriteBytes, 'x'));
  desk.worker.run_pending();
  CHECK(desk.fs.exists("d/temp"));
  desk.worker.cancel();
  desk.worker.run_pending();
  CHECK(desk.worker.state() == Worker::State::kFailed);
  CHECK(!desk.fs.exists("d/temp"));
  CHECK(desk.fs.content("d/final") == "before");
}

TEST_CASE("Worker: it says when the queue has run low") {
  Desk desk;
  desk.begin();
  for (int i = 0; i < 5; ++i) desk.push(std::string(kQueuedBytes / 4, 'x'));
  CHECK(desk.wakes == 0);
  desk.worker.run_pending();
  CHECK(desk.wakes == 1);
}

TEST_CASE("Worker: files to remove are removed between files, and that is told") {
  Desk desk;
  desk.fs.put("d/a", "1");
  desk.fs.put("d/b", "2");
  desk.worker.remove({"d/a", "d/missing", "d/b"});
  CHECK(!desk.worker.has_removed_all());
  desk.worker.run_pending();
  CHECK(desk.worker.has_removed_all());
  CHECK(desk.wakes == 1);
  CHECK(!desk.fs.exists("d/a"));
  CHECK(!desk.fs.exists("d/b"));
}

TEST_CASE("Worker: the thread does the same, and a stop gives up what is under way") {
  Desk desk;
  base::SystemClock clock;
  {
    Worker worker(desk.fs, clock, desk.queue, [] {});
    worker.start();
    FileJob job;
    job.temporary_path = "d/temp";
    job.final_path = "d/final";
    worker.write_file(job);
    desk.push("abc", true);
    worker.notify();
    while (worker.state() == Worker::State::kWriting) clock.sleep_us(100);
    CHECK(worker.state() == Worker::State::kDone);
    worker.settle();
    worker.write_file(job);
    desk.push(std::string(kWriteBytes, 'x'));
    worker.stop();
  }
  CHECK(!desk.fs.exists("d/temp"));
  CHECK(desk.fs.content("d/final") == "abc" + checksum_of("abc"));
}

TEST_CASE("Worker: while it rests for the sake of its rate, it is given up at once") {
  constexpr uint64_t kBytesPerSecond = 100;  // the first write is paid for with three quarters of an hour
  const base::SystemClock clock;
  for (const bool cancelled : {true, false}) {
    Desk desk;
    Worker worker(desk.fs, clock, desk.queue, [] {});
    worker.start();
    FileJob job;
    job.temporary_path = "d/temp";
    job.final_path = "d/final";
    job.bytes_per_second = kBytesPerSecond;
    worker.write_file(job);
    desk.push(std::string(kWriteBytes, 'x'));
    desk.push("y", true);
    worker.notify();
    while (worker.written_bytes() == 0) clock.sleep_us(100);
    if (cancelled) {
      worker.cancel();
      while (worker.state() == Worker::State::kWriting) clock.sleep_us(100);
    }
    worker.stop();
    CHECK(worker.state() == Worker::State::kFailed);
    CHECK(!desk.fs.exists("d/temp"));
    CHECK(!desk.fs.exists("d/final"));
  }
}

}  // namespace sluice::snapshot
