#include "snapshot/recorder.h"

#include <cerrno>

#include "unit/snapshot/written.h"

namespace sluice::snapshot {

using testing::DiskCall;

TEST_CASE("Recorder: the end is told once, when the file is in its place") {
  SnapshotDesk desk;
  desk.set("a", "1");
  desk.begin();
  CHECK(desk.recorder.active());
  CHECK(!desk.recorder.take_end());
  while (desk.recorder.step()) {
  }
  CHECK(!desk.recorder.take_end());
  desk.recorder.run_pending();
  CHECK(desk.fs.exists("./file"));
  const auto end = desk.recorder.take_end();
  REQUIRE(end);
  CHECK(end->ok());
  CHECK(!desk.recorder.take_end());
  CHECK(!desk.recorder.active());
  CHECK(desk.recorder.written_bytes() == desk.fs.content("./file").size());
}

TEST_CASE("Recorder: a disk that fails ends it, and the next one works") {
  SnapshotDesk desk;
  desk.add_list("big", 50'000);
  desk.begin();
  desk.fs.fail_next(DiskCall::kWrite, ENOSPC);
  const auto end = desk.finish();
  REQUIRE(!end.ok());
  CHECK(end.error().message.find("No space left") != std::string::npos);
  CHECK(!desk.fs.exists("./temp"));
  CHECK(desk.recorder.held_bytes() == 0);
  desk.begin();
  CHECK(desk.written().size() == 1);
}

TEST_CASE("Recorder: destroyed in the middle, it gives everything back") {
  SnapshotDesk desk;
  keyspace::Entry& entry = desk.add_list("big", 50'000);
  {
    Recorder recorder(desk.keyspace, desk.fs, desk.clock, [] {});
    FileJob job;
    job.temporary_path = "./temp";
    job.final_path = "./file";
    recorder.begin(job, {});
    (void)recorder.step(2000);
  }
  CHECK(desk.keyspace.gate().hook == nullptr);
  const auto& list = *keyspace::get_if<types::List>(entry.value);
  for (const auto& ref : list.nodes().node_refs()) CHECK(ref.node->refs == 1);
}

TEST_CASE("Recorder: with its thread the file is the same") {
  SnapshotDesk desk;
  desk.add_list("big", 50'000);
  desk.add_big_set("set");
  desk.begin();
  const Lines expected = desk.written();
  base::SystemClock clock;
  Recorder recorder(desk.keyspace, desk.fs, clock, [] {});
  recorder.start_thread();
  FileJob job;
  job.temporary_path = "./temp";
  job.final_path = "./file";
  recorder.begin(job, {});
  std::optional<base::Result<void>> end;
  auto& list = *keyspace::get_if<types::List>(desk.db().find("big")->value);
  desk.db().before_change(*desk.db().find("big"));
  while (!end) {
    if (!list.empty()) list.pop_front();
    if (!recorder.step(4000)) clock.sleep_us(50);
    end = recorder.take_end();
  }
  CHECK(end->ok());
  CHECK(desk.read() == expected);
  recorder.stop_thread();
}

}  // namespace sluice::snapshot
