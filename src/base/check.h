// SLUICE_CHECK stops the process when the program itself is wrong, in release builds too. Outside input
// (clients, files, configuration) must never reach a failing check: it gets an error instead. Owns nothing
// and returns to nobody: what it says goes to standard error, for whoever reads the core.
#pragma once

namespace sluice::base {

[[noreturn]] void check_failed(const char* condition, const char* file, int line, const char* why);

}  // namespace sluice::base

#define SLUICE_CHECK(condition, why)                                     \
  do {                                                                   \
    if (!(condition)) [[unlikely]]                                       \
      ::sluice::base::check_failed(#condition, __FILE__, __LINE__, why); \
  } while (false)
