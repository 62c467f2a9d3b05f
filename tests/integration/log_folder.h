// A log in a folder on the real disk, written by this program's own writer, and what redis-server does there.
#pragma once

#include <array>
#include <cstdio>
#include <string>

#include <doctest/doctest.h>

#include "base/fs.h"
#include "integration/temporary_folder.h"
#include "resp/extension.h"
#include "support/log_fixture.h"

namespace sluice::testing {

struct Output {
  int status = -1;
  std::string text;
};

inline Output shell(const std::string& script) {
  Output output;
  FILE* pipe = popen(("timeout 40 sh -c '" + script + "' 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer{};
  for (size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output.text.append(buffer.data(), got);
  output.status = pclose(pipe);
  return output;
}

// Runs redis-cli commands against a redis-server that loads `folder`, then stops it.
inline Output with_redis(const std::string& folder, const std::string& commands,
                         const std::string& rdb_preamble = "no") {
  return shell(
      "cd " + folder +
      "; timeout 30 redis-server --port 0 --unixsocket s --dir . --appendonly yes --aof-use-rdb-preamble " +
      rdb_preamble +
      " "
      "--daemonize no --save \"\" >redis.log & "
      "for i in $(seq 150); do redis-cli -s s ping 2>/dev/null | grep -q PONG && break; sleep 0.1; done; " +
      commands + " redis-cli -s s shutdown nosave; wait");
}

inline aof::LogPlace place_in(const TemporaryFolder& folder) {
  aof::LogPlace place;
  place.dir = folder.path();
  return place;
}

enum class LogEnd { kClosed, kKilled };

// Writes three turns, the first two known to be synced through the thread. A log that is killed has filler.
inline void write_log(base::Fs& fs, const aof::LogPlace& place, aof::StartPoint start,
                      LogEnd end = LogEnd::kClosed) {
  base::Random random(base::Random::entropy());
  aof::Flusher flusher([] {});
  const uint64_t filled_from_bytes = end == LogEnd::kKilled ? 0 : aof::kFilledFromBytes;
  aof::Writer writer(fs, random, flusher, {place, aof::SyncMode::kAlways, 1 << 20, filled_from_bytes});
  REQUIRE(writer.start(std::move(start)).ok());
  flusher.start();
  std::string group = record({"MULTI"}) + record({"RPUSH", "q", "b"});
  resp::append_extension(group, std::string(1500, 'e'));
  group += record({"RPUSH", "q", "c"}) + record({"EXEC"});
  for (const std::string& unit :
       {record({"RPUSH", "q", "a"}), group, record({"SELECT", "3"}) + record({"SET", "x", "y"})}) {
    writer.append(unit, unit.starts_with(record({"SELECT", "3"})) ? 3 : 0);
    writer.end_turn(0);
  }
  flusher.stop();
  if (end == LogEnd::kClosed) REQUIRE(writer.close().ok());
}

inline LoadOutcome load_from(base::Fs& fs, const aof::LogPlace& place) {
  aof::LoaderOptions options;
  options.place = place;
  return load(fs, options);
}

}  // namespace sluice::testing
