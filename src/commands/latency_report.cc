#include "commands/latency_report.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace sluice::commands {

namespace {

using exec::LatencyEvent;
using exec::LatencySample;
using Series = exec::LatencyMonitor::Series;

constexpr size_t kColumns = 80;
constexpr int64_t kRows = 4;

std::string age(int64_t seconds) {
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3600) return std::to_string(seconds / 60) + "m";
  if (seconds < 86'400) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86'400) + "d";
}

// One line of columns; what is blank at its end is left out.
template <class Letter>
void draw_line(std::string& text, size_t columns, const Letter& letter) {
  const size_t start = text.size();
  for (size_t column = 0; column < columns; ++column) text += letter(column);
  text.resize(std::max(start, text.find_last_not_of(' ') + 1));
  text += '\n';
}

struct Figures {
  int64_t average_ms = 0;
  int64_t deviation_ms = 0;  // mean absolute
  double period_s = 0;
};

Figures figures_of(const Series& series) {
  Figures figures;
  const auto count = static_cast<int64_t>(series.samples.size());
  for (const LatencySample& sample : series.samples) figures.average_ms += sample.duration_ms;
  figures.average_ms /= count;
  for (const LatencySample& sample : series.samples) {
    figures.deviation_ms += std::abs(sample.duration_ms - figures.average_ms);
  }
  figures.deviation_ms /= count;
  const int64_t span_s = series.samples.back().time_s - series.samples.front().time_s;
  figures.period_s = static_cast<double>(span_s) / static_cast<double>(count);
  return figures;
}

const char* advice_on(LatencyEvent event) {
  switch (event) {
    case LatencyEvent::kAofWrite:
      return "the disk is slow to take the log: look at what else writes to it, and at its free space";
    case LatencyEvent::kCommand:
      return "SLOWLOG names the commands; those whose work grows with the value are the usual ones, and "
             "SCAN and its kin do the same in steps";
    case LatencyEvent::kEvictionCycle:
      return "memory is full and keys go to make room: raise maxmemory, or let fewer big values come at once";
    case LatencyEvent::kExpireCycle:
      return "many keys end in the same moment: spread their deadlines";
    case LatencyEvent::kFastCommand:
      return "a command that does little was held up: look at whether the machine swaps, or has too few "
             "cores for what runs on it";
  }
  return "";
}

}  // namespace

std::string latency_graph(LatencyEvent event, const Series& series, int64_t now_s) {
  const size_t columns = std::min(series.samples.size(), kColumns);
  const std::vector<LatencySample> shown(series.samples.end() - static_cast<std::ptrdiff_t>(columns),
                                         series.samples.end());
  const auto [low, high] = std::minmax_element(
      shown.begin(), shown.end(),
      [](const LatencySample& a, const LatencySample& b) { return a.duration_ms < b.duration_ms; });
  std::string text = std::string(name_of(event)) + " - high " + std::to_string(high->duration_ms) +
                     " ms, low " + std::to_string(low->duration_ms) + " ms (all time high " +
                     std::to_string(series.worst_ms) + " ms)\n" + std::string(kColumns, '-') + "\n";
  const int64_t spread = std::max<int64_t>(high->duration_ms - low->duration_ms, 1);
  const int64_t floor_ms = low->duration_ms;
  for (int64_t row = kRows - 1; row >= 0; --row) {
    draw_line(text, columns, [&](size_t column) {
      const int64_t height = (shown[column].duration_ms - floor_ms) * (kRows - 1) / spread;
      if (height == row) return '#';
      return height > row ? '|' : ' ';
    });
  }
  // How long ago each was, from top to bottom.
  std::vector<std::string> ages;
  size_t longest = 0;
  for (const LatencySample& sample : shown) {
    ages.push_back(age(std::max<int64_t>(now_s - sample.time_s, 0)));
    longest = std::max(longest, ages.back().size());
  }
  for (size_t line = 0; line < longest; ++line) {
    draw_line(text, columns,
              [&](size_t column) { return line < ages[column].size() ? ages[column][line] : ' '; });
  }
  return text;
}

std::string latency_advice(const exec::LatencyMonitor& monitor, int64_t threshold_ms) {
  if (threshold_ms == 0) {
    return "Nothing is recorded: CONFIG SET latency-monitor-threshold to the milliseconds from which on you "
           "want to hear of it.\n";
  }
  std::string text;
  for (size_t i = 0; i < exec::kLatencyEvents; ++i) {
    const auto event = static_cast<LatencyEvent>(i);
    const Series& series = monitor.series(event);
    if (series.samples.empty()) continue;
    const Figures figures = figures_of(series);
    const std::string period = std::to_string(figures.period_s);
    text += std::string(name_of(event)) + ": " + std::to_string(series.samples.size()) +
            " times, on average " + std::to_string(figures.average_ms) + " ms (mean deviation " +
            std::to_string(figures.deviation_ms) + " ms, one in " + period.substr(0, period.find('.') + 3) +
            " s), at worst " + std::to_string(series.worst_ms) + " ms.\n  " + advice_on(event) + ".\n";
  }
  if (!text.empty()) return text;
  return "Nothing took " + std::to_string(threshold_ms) + " ms or longer since the last reset.\n";
}

}  // namespace sluice::commands
