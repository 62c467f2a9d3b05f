#include "base/process.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sluice::base {

TEST_CASE("Process: its number and its system are the ones the kernel knows") {
  CHECK(process_id() == getpid());
  CHECK(system_name().starts_with("Linux "));
}

TEST_CASE("Process: processor time grows with work, and a thread has no more of it than the process") {
  const CpuTime before = process_cpu();
  CpuTime after = before;
  volatile uint64_t work = 0;
  while (after.user_us + after.system_us == before.user_us + before.system_us) {
    for (int i = 0; i < 100'000; ++i) work = work + 1;
    after = process_cpu();
  }
  CHECK(after.user_us + after.system_us > before.user_us + before.system_us);
  const CpuTime thread = thread_cpu();
  const CpuTime process = process_cpu();
  CHECK(thread.user_us + thread.system_us <= process.user_us + process.system_us);
}

TEST_CASE(
    "Process: the limit of descriptors goes up to what is wanted, or as far as it can, and never down") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit low{64, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  CHECK(raise_descriptor_limit(100) == 100);
  CHECK(raise_descriptor_limit(10) == 100);
  CHECK(raise_descriptor_limit(uint64_t{1} << 40) == before.rlim_max);  // above what any kernel gives
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("Process: the one that asks runs, and none does of a number that no kernel gives") {
  CHECK(process_runs(process_id()));
  CHECK(process_runs(1));  // whoever may not be signalled runs, too
  for (const int64_t id : {int64_t{0}, int64_t{-1}, int64_t{1} << 30, int64_t{1} << 40}) {
    CAPTURE(id);
    CHECK_FALSE(process_runs(id));
  }
}

TEST_CASE("Process: a relative path is meant below the working directory") {
  CHECK(absolute_path("a/b") == working_directory() + "/a/b");
  CHECK(absolute_path("/a") == "/a");
  CHECK(absolute_path("").empty());
  const auto moved = change_directory("/no/such/directory");
  REQUIRE_FALSE(moved.ok());
  CHECK(moved.error().message == "change to /no/such/directory: No such file or directory");
}

}  // namespace sluice::base
