#include "base/process.h"

#include <doctest/doctest.h>
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

}  // namespace sluice::base
