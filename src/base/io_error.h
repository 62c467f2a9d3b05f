// A failure of the operating system: the errno for whoever decides, the text for whoever reads. A value: who
// gets it owns it. It must not know what was being done beyond the words it is given, and nobody may decide
// by its text.
#pragma once

#include <string>
#include <system_error>

#include "base/result.h"

namespace sluice::base {

struct IoError {
  int code = 0;         // errno
  std::string message;  // "open /data/x.aof: No such file or directory"
};

template <class T>
using IoResult = Result<T, IoError>;

// "<what> <subject>: <reason>", where the subject is a path or an address.
[[nodiscard]] inline IoError io_error(int code, const char* what, const std::string& subject) {
  return IoError{code, std::string(what) + " " + subject + ": " + std::generic_category().message(code)};
}

}  // namespace sluice::base
