#include "server/log_loading.h"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "support/harness.h"
#include "support/memory_fs.h"
#include "support/whole_snapshot.h"

namespace sluice::test {

namespace {

// Loads until the end; "" or why not.
std::string finish(server::LogLoading& loading, size_t budget) {
  for (;;) {
    const auto done = loading.step(budget);
    if (!done.ok()) return done.error().message;
    if (*done) return "";
  }
}

server::LogLoading::Parts parts_of(Harness& h, base::Fs& fs) {
  return {fs, h.executor, h.keyspace, h.clock, h.log};
}

base::Bytes sample(Harness& h) {
  for (int i = 0; i < 200; ++i) h.run("RPUSH", "q" + std::to_string(i % 7), "job " + std::to_string(i));
  return testing::encode_keyspace(h.keyspace, {}, true);
}

}  // namespace

TEST_CASE("Log loading: without a log, the snapshot is loaded in slices") {
  Harness h;
  testing::MemoryFs fs;
  fs.put("./dump.rdb", sample(h));
  Harness copy;
  server::LogLoading loading(parts_of(copy, fs), "./dump.rdb");
  CHECK_FALSE(loading.is_log());
  CHECK(finish(loading, 50).empty());
  CHECK(copy.digest() == h.digest());
  CHECK(loading.progress().records == 7);
  CHECK(loading.progress().loaded_bytes == loading.progress().total_bytes);
}

TEST_CASE("Log loading: the keys of a snapshot are counted, without those whose time had come") {
  Harness h;
  h.run("SET", "a", "1");
  h.run("SET", "b", "2");
  h.run("SET", "brief", "v", "PX", "100");
  testing::MemoryFs fs;
  fs.put("./dump.rdb", testing::encode_keyspace(h.keyspace, {}, true));
  Harness copy;
  copy.clock.advance_us(1'000'000);
  server::LogLoading alone(parts_of(copy, fs), "./dump.rdb");
  CHECK(finish(alone, 10).empty());
  CHECK(alone.snapshot_keys().loaded == 2);
  CHECK(alone.snapshot_keys().expired == 1);
  // In a log the removal comes behind it.
  Harness with_log;
  with_log.clock.advance_us(1'000'000);
  server::LogLoading base(parts_of(with_log, fs), aof::LoaderOptions{});
  base.adopt_first_base({}, "./dump.rdb");
  CHECK(finish(base, 10).empty());
  CHECK(base.snapshot_keys().loaded == 3);
  CHECK(base.snapshot_keys().expired == 0);
}

TEST_CASE("Log loading: a slice ends when its time is over, however many bytes it might have read") {
  Harness h;
  const base::Bytes value(server::kLoadPieceBytes, 'v');
  for (int i = 0; i < 10; ++i) h.run("SET", "key" + std::to_string(i), value);
  testing::MemoryFs fs;
  fs.put("./dump.rdb", testing::encode_keyspace(h.keyspace, {}, false));
  Harness copy;
  server::LogLoading at_once(parts_of(copy, fs), "./dump.rdb");
  CHECK(*at_once.step(SIZE_MAX));

  copy.run("FLUSHALL");
  copy.clock.step_with_each_reading(server::kLoadSliceUs);
  server::LogLoading loading(parts_of(copy, fs), "./dump.rdb");
  int slices = 1;
  while (!*loading.step(SIZE_MAX)) ++slices;
  copy.clock.step_with_each_reading(0);
  CHECK(slices >= 10);
  CHECK(copy.digest() == h.digest());
}

TEST_CASE("Log loading: a base in RDB format is loaded, and increments after it") {
  Harness h;
  testing::MemoryFs fs;
  fs.put("./dump.rdb", sample(h));
  Harness copy;
  server::LogLoading loading(parts_of(copy, fs), aof::LoaderOptions{});
  loading.adopt_first_base({}, "./dump.rdb");
  // Copying is part of it, in slices of its own.
  const uint64_t size = *fs.size("./dump.rdb");
  aof::LoadProgress before;
  for (bool done = false; !done;) {
    const auto step = loading.step(50);
    REQUIRE(step.ok());
    done = *step;
    const aof::LoadProgress now = loading.progress();
    if (done) break;
    CHECK(now.loaded_bytes >= before.loaded_bytes);
    CHECK(now.loaded_bytes <= before.loaded_bytes + 200);
    CHECK(now.total_bytes == 2 * size);
    before = now;
  }
  CHECK(copy.digest() == h.digest());
  CHECK(loading.progress().loaded_bytes == size);
  CHECK(loading.progress().total_bytes == size);
  CHECK(loading.take_start().manifest.base.has_value());
}

TEST_CASE("Log loading: what Redis cannot say is replayed as the command that it carries, or refused") {
  Harness h;
  server::LogLoading loading(parts_of(h, h.fs), aof::LoaderOptions{});
  const auto said = [](std::initializer_list<base::ByteView> words) {
    base::Bytes payload;
    exec::append_command(payload, std::vector<base::ByteView>(words));
    return payload;
  };
  h.run("HSET", "h", "a", "1");
  loading.begin_file();
  // In the past: what is due goes when the log says so.
  CHECK(loading.extension(said({"HPEXPIREAT", "h", "5", "FIELDS", "1", "a"})).ok());
  CHECK(h.keyspace.deadlines().next_ms() == 5);
  CHECK(loading.apply(std::vector<base::ByteView>{"HINCRBY", "h", "a", "1"}).ok());
  CHECK(loading.extension(said({"HPERSIST", "h", "FIELDS", "1", "a"})).ok());
  CHECK(h.run("HGETALL", "h") == bulks({"a", "2"}));
  for (const base::Bytes& payload :
       {base::Bytes(), base::Bytes("eeee"), said({"NONE"}), said({"HPERSIST", "h"}) + "x"}) {
    CHECK_FALSE(loading.extension(payload).ok());
  }
}

TEST_CASE("Log loading: a script in a log of an old Redis is refused with the offset and the way out") {
  testing::MemoryFs fs;
  const std::vector<base::ByteView> set = {"SET", "a", "1"};
  const std::vector<base::ByteView> eval = {"EVAL", "return redis.call('INCR', KEYS[1])", "1", "a"};
  base::Bytes log;
  exec::append_command(log, set);
  const size_t before = log.size();
  exec::append_command(log, eval);
  fs.put("./appendonly.aof", log);
  Harness h;
  server::LogLoading loading(parts_of(h, fs), aof::LoaderOptions{});
  loading.adopt_first_base({}, "./dump.rdb");
  const std::string why = finish(loading, 1000);
  CHECK(why.find("offset " + std::to_string(before) + ": the command 'eval' failed: ") != std::string::npos);
  CHECK(why.find("never the scripts") != std::string::npos);
  CHECK(why.find("have the log rewritten (BGREWRITEAOF)") != std::string::npos);
  CHECK(fs.content("./appendonlydir/appendonly.aof") == log);
}

TEST_CASE("Log loading: a damaged base is refused with file, offset and reason") {
  Harness h;
  testing::MemoryFs fs;
  const base::Bytes file = sample(h);
  const std::string base = "./appendonlydir/appendonly.aof.1.base.rdb";
  fs.put(base, file.substr(0, file.size() - 20));
  aof::Manifest manifest;
  manifest.base = aof::ManifestFile{"appendonly.aof.1.base.rdb", 1};
  REQUIRE(aof::write_manifest(fs, {}, manifest).ok());
  Harness copy;
  server::LogLoading loading(parts_of(copy, fs), aof::LoaderOptions{});
  loading.adopt_first_base({}, "./dump.rdb");
  CHECK(finish(loading, 1000).find(base + ": at offset ") == 0);
}

TEST_CASE(
    "Log loading: a damaged snapshot does not become the first base, a good one put in its place does") {
  Harness h;
  testing::MemoryFs fs;
  const base::Bytes file = sample(h);
  base::Bytes damaged = file;
  damaged[damaged.size() - 12] ^= 1;
  fs.put("./dump.rdb", damaged);
  {
    Harness refused;
    server::LogLoading loading(parts_of(refused, fs), aof::LoaderOptions{});
    loading.adopt_first_base({}, "./dump.rdb");
    CHECK(finish(loading, 1000).find("./dump.rdb: at offset ") == 0);
  }
  CHECK_FALSE(fs.exists("./appendonlydir/appendonly.aof.manifest"));
  fs.put("./dump.rdb", file);
  Harness copy;
  server::LogLoading loading(parts_of(copy, fs), aof::LoaderOptions{});
  loading.adopt_first_base({}, "./dump.rdb");
  CHECK(finish(loading, 1000).empty());
  CHECK(copy.digest() == h.digest());
  CHECK(loading.take_start().manifest.base == aof::ManifestFile{"appendonly.aof.1.base.rdb", 1});
}

}  // namespace sluice::test
