#include "commands/memory_report.h"

#include "commands/info_text.h"

namespace sluice::commands {

namespace {

constexpr uint64_t kMb = uint64_t{1} << 20;
constexpr uint64_t kTooLittleToJudge = 5 * kMb;  // below that, every ratio is high
constexpr uint64_t kWorthReclaiming = 10 * kMb;
constexpr double kPeakRatio = 1.5;
constexpr double kFragmentationRatio = 1.4;
constexpr double kAllocatorRatio = 1.1;
constexpr uint64_t kBusyClientBytes = 200 * 1024;
constexpr size_t kManyScripts = 1000;

bool is_wasteful(uint64_t above, uint64_t below, double limit) {
  return above > below + kWorthReclaiming && ratio(above, below) > limit;
}

}  // namespace

std::string memory_report(const MemoryFigures& figures, const MemoryHabits& habits) {
  if (figures.used_bytes < kTooLittleToJudge) {
    return "Less than " + human_bytes(kTooLittleToJudge) + " is in use: too little to find anything wrong.\n";
  }
  std::string findings;
  const auto find = [&findings](const std::string& text) { findings += " * " + text + "\n"; };
  if (ratio(figures.peak_bytes, figures.used_bytes) > kPeakRatio) {
    find("At its peak the server used " + human_bytes(figures.peak_bytes) + ", now it uses " +
         human_bytes(figures.used_bytes) +
         ". The ratio of resident to used memory may look bad until the rest is used again; MEMORY PURGE "
         "gives "
         "it back to the system.");
  }
  if (is_wasteful(figures.resident_bytes, figures.used_bytes, kFragmentationRatio)) {
    find("The process holds " + human_bytes(figures.resident_bytes) + " for " +
         human_bytes(figures.used_bytes) +
         " in use. The lines below tell where the difference is; if none does, it lies with other threads.");
  }
  if (is_wasteful(figures.allocator.active_bytes, figures.allocator.allocated_bytes, kAllocatorRatio)) {
    find(
        "Pages that are in use are not full: values of other sizes came than went. Restarting from the log "
        "packs them anew.");
  }
  if (is_wasteful(figures.allocator.resident_bytes, figures.allocator.active_bytes, kAllocatorRatio)) {
    find(
        "The allocator keeps pages that nothing uses. It returns them in time; MEMORY PURGE does it at "
        "once.");
  }
  if (is_wasteful(figures.resident_bytes, figures.allocator.resident_bytes, kAllocatorRatio)) {
    find(
        "Memory is resident that the allocator does not know of: stacks of threads and the interpreter of "
        "scripts.");
  }
  if (habits.clients > 0 && figures.clients_bytes / habits.clients > kBusyClientBytes) {
    find("A client takes " + human_bytes(figures.clients_bytes / habits.clients) +
         " on average. CLIENT LIST shows by qbuf and omem who sends much at once or reads slowly; "
         "client-output-buffer-limit bounds them.");
  }
  if (habits.cached_scripts > kManyScripts) {
    find(std::to_string(habits.cached_scripts) +
         " scripts are cached. Are they made anew for every call? Pass what differs as KEYS and ARGV, and "
         "SCRIPT "
         "FLUSH once.");
  }
  if (findings.empty()) return "Nothing about the memory of this server is out of the ordinary.\n";
  return "Of the memory of this server is to be said:\n\n" + findings;
}

}  // namespace sluice::commands
