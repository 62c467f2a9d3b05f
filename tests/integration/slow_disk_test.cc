// A server on a disk that is slow: what waits for it, what does not, and that nothing piles up meanwhile. The
// server runs inside this process, on the real files, behind an Fs whose syncs stand still when told to.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <poll.h>

#include "base/fs.h"
#include "base/log.h"
#include "config/store.h"
#include "integration/server_fixture.h"
#include "server/server.h"

namespace sluice::test {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

class Disk {
 public:
  void hold_syncs(bool hold) {
    const std::lock_guard guard(mutex_);
    held_ = hold;
    changed_.notify_all();
  }
  void before_sync() {
    std::unique_lock guard(mutex_);
    changed_.wait(guard, [&] { return !held_; });
  }
  void before_read() const {
    if (const int64_t delay_us = read_delay_us; delay_us > 0)
      std::this_thread::sleep_for(std::chrono::microseconds(delay_us));
  }
  std::atomic<int64_t> read_delay_us{0};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
};

class SlowFile final : public base::File {
 public:
  SlowFile(std::unique_ptr<base::File> file, Disk& disk) : file_(std::move(file)), disk_(disk) {}
  base::IoResult<size_t> write(base::ByteView bytes) override { return file_->write(bytes); }
  base::IoResult<size_t> pwrite(base::ByteView bytes, uint64_t offset) override {
    return file_->pwrite(bytes, offset);
  }
  base::IoResult<size_t> read(char* into, size_t size) override {
    disk_.before_read();
    return file_->read(into, size);
  }
  base::IoResult<size_t> pread(char* into, size_t size, uint64_t offset) override {
    disk_.before_read();
    return file_->pread(into, size, offset);
  }
  base::IoResult<void> fdatasync() override {
    disk_.before_sync();
    return file_->fdatasync();
  }
  base::IoResult<void> sync_range(uint64_t offset, uint64_t size, base::Writeback how) override {
    return file_->sync_range(offset, size, how);
  }
  base::IoResult<void> truncate(uint64_t size) override { return file_->truncate(size); }
  base::IoResult<uint64_t> size() override { return file_->size(); }
  base::IoResult<void> close() override { return file_->close(); }

 private:
  std::unique_ptr<base::File> file_;
  Disk& disk_;
};

class SlowFs final : public base::Fs {
 public:
  explicit SlowFs(Disk& disk) : disk_(disk) {}
  base::IoResult<std::unique_ptr<base::File>> open(const std::string& path, unsigned flags) override {
    auto file = fs_.open(path, flags);
    if (!file.ok()) return file;
    return std::unique_ptr<base::File>(std::make_unique<SlowFile>(std::move(*file), disk_));
  }
  bool exists(const std::string& path) override { return fs_.exists(path); }
  base::IoResult<uint64_t> size(const std::string& path) override { return fs_.size(path); }
  base::IoResult<void> rename(const std::string& from, const std::string& to) override {
    return fs_.rename(from, to);
  }
  base::IoResult<void> unlink(const std::string& path) override { return fs_.unlink(path); }
  base::IoResult<void> mkdir(const std::string& path) override { return fs_.mkdir(path); }
  base::IoResult<std::vector<std::string>> list_dir(const std::string& path) override {
    return fs_.list_dir(path);
  }
  base::IoResult<void> fsync_dir(const std::string& path) override { return fs_.fsync_dir(path); }
  base::IoResult<void> copy_access(const std::string& model, const std::string& path) override {
    return fs_.copy_access(model, path);
  }
  base::IoResult<std::unique_ptr<base::FileLock>> try_lock(const std::string& path) override {
    return fs_.try_lock(path);
  }

 private:
  base::PosixFs fs_;
  Disk& disk_;
};

// Serves on a unix socket in a folder of its own, which is the working directory meanwhile.
class SlowServer {
 public:
  explicit SlowServer(const std::string& appendfsync, std::vector<config::NamedText> options = {})
      : options_(std::move(options)) {
    options_.push_back({"appendfsync", appendfsync});
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_.path());
    start();
  }
  ~SlowServer() {
    stop();
    std::filesystem::current_path(before_);
  }

  void start() {
    auto log = base::SpdLog::open(folder_ / "log", base::LogLevel::kWarning);
    REQUIRE(log.ok());
    log_ = std::move(*log);
    store_ = std::make_unique<config::Store>();
    std::vector<config::NamedText> all = {
        {"port", "0"}, {"unixsocket", socket_path()}, {"appendonly", "yes"}, {"save", ""}};
    all.insert(all.end(), options_.begin(), options_.end());
    for (const config::NamedText& option : all) {
      const std::vector<base::Bytes> words = {option.text};
      REQUIRE(store_->load(option.name, words).ok());
    }
    server::Invocation invocation;
    invocation.leave = [this] {
      left_ = true;
      disk.hold_syncs(false);  // the thread goes with the process
    };
    server_ = std::make_unique<server::Server>(*store_, *log_, fs_, std::move(invocation));
    REQUIRE(server_->start().ok());
    thread_ = std::thread([this] { server_->run(); });
  }
  void stop() {
    disk.hold_syncs(false);
    disk.read_delay_us = 0;
    {
      RedisClient client(socket_path());
      client.send("SHUTDOWN", "NOSAVE");
      client.flush();  // no answer comes: the sockets go with the server, below
    }
    thread_.join();
    server_.reset();
  }
  // Whether it is left behind by a stop that syncs stand in the way of; serves again afterwards.
  bool leaves_stuck_stop() {
    RedisClient client(socket_path());
    client.send("SHUTDOWN", "NOSAVE");
    client.flush();
    const bool left = soon([&] { return left_.load(); });
    disk.hold_syncs(false);
    thread_.join();
    server_.reset();
    start();
    wait_until_loaded();
    return left;
  }
  void wait_until_loaded() {
    RedisClient client(socket_path());
    REQUIRE(soon([&] { return !client.run("PING").is_error(); }));
  }
  [[nodiscard]] std::string socket_path() const { return folder_ / "s"; }

  Disk disk;

 private:
  std::vector<config::NamedText> options_;
  testing::TemporaryFolder folder_;
  std::filesystem::path before_;
  SlowFs fs_{disk};
  std::unique_ptr<base::SpdLog> log_;
  std::unique_ptr<config::Store> store_;
  std::unique_ptr<server::Server> server_;
  std::thread thread_;
  std::atomic<bool> left_{false};
};

// No reply comes for a while.
bool is_silent(RedisClient& client) {
  client.flush();
  pollfd descriptor{client.fd(), POLLIN, 0};
  return poll(&descriptor, 1, 100) == 0;
}

uint64_t info_figure(RedisClient& client, const std::string& section, const std::string& name) {
  const std::string text = client.run("INFO", section).text;
  const size_t at = text.find("\n" + name + ":");
  REQUIRE_MESSAGE(at != std::string::npos, name);
  return std::stoull(text.substr(at + name.size() + 2));
}

const resp::Value kOk = resp::Value::make_text(resp::Kind::kStatus, "OK");

// A server that syncs every second, a connection that asked for more, and one that did not.
struct Durability {
  Durability() {
    server.wait_until_loaded();
    REQUIRE(durable.run("CLIENT", "DURABLE", "ON") == kOk);
  }

  SlowServer server{"everysec"};
  RedisClient plain{server.socket_path()};
  RedisClient durable{server.socket_path()};
};

}  // namespace

TEST_CASE("CLIENT DURABLE: its replies wait for the disk, reads too, and nobody else's do") {
  Durability scene;
  auto& [server, plain, durable] = scene;
  REQUIRE(durable.run("RPUSH", "q", "a") == resp::Value::make_integer(1));

  server.disk.hold_syncs(true);
  CHECK(plain.run("RPUSH", "q", "b") == resp::Value::make_integer(2));
  durable.send("RPUSH", "q", "c");
  durable.send("LLEN", "q");
  CHECK(is_silent(durable));
  CHECK(plain.run("LLEN", "q") == resp::Value::make_integer(3));
  // Switched off, what was promised still holds.
  durable.send("CLIENT", "DURABLE", "OFF");
  durable.send("LLEN", "q");
  CHECK(is_silent(durable));
  CHECK(plain.run("CONFIG", "SET", "appendfsync", "no").is_error());

  server.disk.hold_syncs(false);
  CHECK(durable.read() == resp::Value::make_integer(3));
  CHECK(durable.read() == resp::Value::make_integer(3));
  CHECK(durable.read() == kOk);
  CHECK(durable.read() == resp::Value::make_integer(3));
}

TEST_CASE("CLIENT DURABLE and WAITAOF: a sync that is waited for comes at once, not within the second") {
  Durability scene;
  auto& [server, plain, durable] = scene;
  const Clock::time_point begin = Clock::now();
  constexpr int kPushes = 15;
  for (int i = 1; i <= kPushes; ++i) {
    CHECK(durable.run("RPUSH", "q", "x") == resp::Value::make_integer(i));
    CHECK(info_figure(plain, "persistence", "aof_pending_bio_fsync") == 0);
    plain.run("SET", "k", "v");
    CHECK(plain.run("WAITAOF", "1", "0", "0").children.at(0) == resp::Value::make_integer(1));
  }
  CHECK(Clock::now() - begin < std::chrono::seconds(kPushes));
}

TEST_CASE("CLIENT DURABLE: appendfsync cannot become 'no' while a client counts on the disk") {
  Durability scene;
  auto& [server, plain, durable] = scene;
  CHECK(plain.run("CONFIG", "SET", "appendfsync", "no").is_error());
  CHECK(plain.run("CONFIG", "SET", "appendfsync", "always") == kOk);
  CHECK(durable.run("CLIENT", "DURABLE", "OFF") == kOk);
  CHECK(plain.run("CONFIG", "SET", "appendfsync", "no") == kOk);
}

TEST_CASE("WAITAOF: waits for the disk, and tells in the end whether it came") {
  SlowServer server("everysec");
  server.wait_until_loaded();
  RedisClient client(server.socket_path());
  server.disk.hold_syncs(true);
  client.run("SET", "k", "v");
  const resp::Value in_time = client.run("WAITAOF", "1", "0", "30");
  CHECK(in_time.children.at(0) == resp::Value::make_integer(0));
  client.send("WAITAOF", "1", "0", "0");
  CHECK(is_silent(client));
  server.disk.hold_syncs(false);
  const resp::Value synced = client.read();
  REQUIRE(synced.children.size() == 2);
  CHECK(synced.children[0] == resp::Value::make_integer(1));
  CHECK(synced.children[1] == resp::Value::make_integer(0));
}

TEST_CASE("a disk that falls behind slows producers down: the log in memory stays bounded, reads go on") {
  for (const std::string mode : {"everysec", "always"}) {
    CAPTURE(mode);
    constexpr uint64_t kLimit = 1 << 20;
    constexpr int kProducers = 3;
    constexpr int kPushes = 400;
    const std::string job(16'384, 'j');
    SlowServer server(mode, {{"aof-retained-limit", std::to_string(kLimit)}});
    server.wait_until_loaded();
    RedisClient watcher(server.socket_path());
    server.disk.hold_syncs(true);
    std::atomic<int> answered{0};
    std::vector<std::thread> producers;
    for (int i = 0; i < kProducers; ++i) {
      producers.emplace_back([&] {
        RedisClient client(server.socket_path());
        for (int push = 0; push < kPushes; ++push) client.send("RPUSH", "q", job);
        for (int push = 0; push < kPushes; ++push) {
          if (client.read().kind == resp::Kind::kInteger) ++answered;
        }
      });
    }
    // Under `always` a watcher's own answers would wait for the disk: the figures are looked at afterwards.
    uint64_t most = 0;
    if (mode == "everysec") {
      CHECK(soon([&] { return info_figure(watcher, "persistence", "aof_buffer_length") > kLimit; }));
      for (int look = 0; look < 20; ++look) {
        pause_briefly();
        most = std::max(most, info_figure(watcher, "persistence", "aof_buffer_length"));
        CHECK(watcher.run("LLEN", "q").integer < kProducers * kPushes);
      }
      // What one turn executes may go beyond it.
      CHECK(most < 8 * kLimit);
      CHECK(answered < kProducers * kPushes);
    } else {
      std::this_thread::sleep_for(milliseconds(300));
      CHECK(answered == 0);
    }
    server.disk.hold_syncs(false);
    for (std::thread& producer : producers) producer.join();
    CHECK(answered == kProducers * kPushes);
    CHECK(watcher.run("LLEN", "q") == resp::Value::make_integer(kProducers * kPushes));
  }
}

TEST_CASE("replies that wait for the disk are bounded: past held-replies-limit requests wait too") {
  constexpr int kReads = 200;
  SlowServer server("everysec", {{"held-replies-limit", "262144"}});
  server.wait_until_loaded();
  RedisClient watcher(server.socket_path());
  RedisClient durable(server.socket_path());
  const std::string value(65'536, 'v');
  REQUIRE(watcher.run("SET", "big", value) == kOk);
  REQUIRE(durable.run("CLIENT", "DURABLE", "ON") == kOk);
  server.disk.hold_syncs(true);
  durable.send("SET", "other", "x");
  for (int i = 0; i < kReads; ++i) durable.send("GET", "big");
  CHECK(is_silent(durable));
  const std::string line = watcher.run("CLIENT", "LIST").text;
  size_t most = 0;
  for (size_t at = line.find(" obl="); at != std::string::npos; at = line.find(" obl=", at + 1)) {
    most = std::max<size_t>(most, std::stoull(line.substr(at + 5)));
  }
  CHECK(most > 262'144);
  CHECK(most < 262'144 + 2 * value.size());
  server.disk.hold_syncs(false);
  CHECK(durable.read() == kOk);
  for (int i = 0; i < kReads; ++i) REQUIRE(durable.read().text.size() == value.size());
}

TEST_CASE("a stop while a sync stands still ends with shutdown-timeout, as a crash would end it") {
  SlowServer server("everysec", {{"shutdown-timeout", "1"}});
  server.wait_until_loaded();
  RedisClient durable(server.socket_path());
  REQUIRE(durable.run("CLIENT", "DURABLE", "ON") == kOk);
  server.disk.hold_syncs(true);
  durable.send("RPUSH", "q", "a");
  CHECK(is_silent(durable));
  CHECK(server.leaves_stuck_stop());
  CHECK(RedisClient(server.socket_path()).run("LLEN", "q") == resp::Value::make_integer(1));
}

TEST_CASE("while the log loads, commands are answered LOADING, and INFO shows how far it is") {
  SlowServer server("no");
  server.wait_until_loaded();
  {
    RedisClient client(server.socket_path());
    const std::string job(60'000, 'j');
    for (int i = 0; i < 50; ++i) client.run("RPUSH", "q", job);
  }
  server.stop();
  server.disk.read_delay_us = 30'000;
  server.start();
  RedisClient client(server.socket_path());
  uint64_t last = 0;
  size_t looks = 0;
  while (client.run("PING").text.starts_with("LOADING")) {
    const std::string text = client.run("INFO", "persistence").text;
    if (text.find("\r\nloading:1\r\n") == std::string::npos) break;
    ++looks;
    CHECK(text.find("\r\nasync_loading:0\r\n") != std::string::npos);
    for (const char* field :
         {"loading_start_time:", "loading_total_bytes:", "loading_loaded_perc:", "loading_eta_seconds:"}) {
      CHECK_MESSAGE(text.find(std::string("\r\n") + field) != std::string::npos, field);
    }
    const uint64_t loaded = std::stoull(text.substr(text.find("loading_loaded_bytes:") + 21));
    CHECK(loaded >= last);
    last = loaded;
  }
  CHECK(looks > 2);
  CHECK(last > 0);
  server.disk.read_delay_us = 0;
  server.wait_until_loaded();
  CHECK(client.run("LLEN", "q") == resp::Value::make_integer(50));
  CHECK(info_figure(client, "persistence", "loading") == 0);
}

}  // namespace sluice::test
