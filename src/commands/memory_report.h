// What MEMORY DOCTOR says: figures that are out of the ordinary, and what to do about each. Reads figures
// only, and keeps nothing of them; who may ask, and how the text travels, is the command's matter. What is
// ordinary is said here and nowhere else.
#pragma once

#include <cstddef>
#include <string>

#include "commands/memory_figures.h"

namespace sluice::commands {

// What the figures do not hold.
struct MemoryHabits {
  size_t clients = 0;
  size_t cached_scripts = 0;
};

[[nodiscard]] std::string memory_report(const MemoryFigures& figures, const MemoryHabits& habits);

}  // namespace sluice::commands
