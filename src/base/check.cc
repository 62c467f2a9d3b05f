#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace sluice::base {

void check_failed(const char* condition, const char* file, int line, const char* why) {
  std::fprintf(stderr, "sluice: check failed at %s:%d: %s (%s)\n", file, line, condition, why);
  std::fflush(stderr);
  std::abort();
}

}  // namespace sluice::base
