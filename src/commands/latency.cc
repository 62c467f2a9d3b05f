// LATENCY: what took long, by event, and how long every command takes.
#include <optional>

#include "commands/all.h"
#include "commands/family.h"
#include "commands/help.h"
#include "commands/latency_report.h"

namespace sluice::commands {

namespace {

using exec::LatencyEvent;
using exec::LatencySample;

template <class Visit>
void for_each_recorded(const exec::LatencyMonitor& monitor, const Visit& visit) {
  for (size_t i = 0; i < exec::kLatencyEvents; ++i) {
    const auto event = static_cast<LatencyEvent>(i);
    if (!monitor.series(event).samples.empty()) visit(event);
  }
}

Outcome cmd_latency_latest(Call& call) {
  const exec::LatencyMonitor& monitor = call.on.latency;
  size_t count = 0;
  for_each_recorded(monitor, [&count](LatencyEvent) { ++count; });
  call.reply.array(count);
  for_each_recorded(monitor, [&](LatencyEvent event) {
    const exec::LatencyMonitor::Series& series = monitor.series(event);
    call.reply.array(4);
    call.reply.bulk(name_of(event));
    call.reply.integer(series.samples.back().time_s);
    call.reply.integer(series.samples.back().duration_ms);
    call.reply.integer(series.worst_ms);
  });
  return Outcome::kDone;
}

Outcome cmd_latency_history(Call& call) {
  const std::optional<LatencyEvent> event = exec::latency_event(call.args.next());
  if (!event) {
    call.reply.array(0);
    return Outcome::kDone;
  }
  const auto& samples = call.on.latency.series(*event).samples;
  call.reply.array(samples.size());
  for (const LatencySample& sample : samples) {
    call.reply.array(2);
    call.reply.integer(sample.time_s);
    call.reply.integer(sample.duration_ms);
  }
  return Outcome::kDone;
}

Outcome cmd_latency_reset(Call& call) {
  int64_t forgotten = 0;
  if (!call.args.more()) {
    for (size_t i = 0; i < exec::kLatencyEvents; ++i) {
      if (call.on.latency.forget(static_cast<LatencyEvent>(i))) ++forgotten;
    }
  }
  for (const ByteView name : call.args.rest()) {
    const std::optional<LatencyEvent> event = exec::latency_event(name);
    if (event && call.on.latency.forget(*event)) ++forgotten;
  }
  call.reply.integer(forgotten);
  return Outcome::kDone;
}

Outcome cmd_latency_graph(Call& call) {
  const ByteView name = call.args.next();
  const std::optional<LatencyEvent> event = exec::latency_event(name);
  if (!event || call.on.latency.series(*event).samples.empty()) {
    return call.fail("ERR No samples available for event '" + base::Bytes(name) + "'");
  }
  const int64_t now_s = call.unit().now_us / 1'000'000;
  call.reply.verbatim("txt", latency_graph(*event, call.on.latency.series(*event), now_s));
  return Outcome::kDone;
}

Outcome cmd_latency_doctor(Call& call) {
  call.reply.verbatim("txt", latency_advice(call.on.latency, call.on.settings.latency_threshold_ms));
  return Outcome::kDone;
}

// --- histograms

// Where the bucket that begins at 2^power x 1.024 microseconds ends, in microseconds, as Redis draws them.
uint64_t bucket_end_us(int power) {
  return ((uint64_t{1032} << power) - 1) / 1000;
}

// The buckets in which something is, each with the count of all up to its end.
void reply_histogram(resp::Reply& reply, const Command& command) {
  const base::Histogram& histogram = *command.latency;
  std::vector<std::pair<uint64_t, uint64_t>> steps;
  uint64_t counted = 0;
  for (int power = 0; counted < histogram.count(); ++power) {
    const uint64_t end_us = bucket_end_us(power);
    const uint64_t up_to = histogram.count_up_to(end_us);
    if (up_to != counted) steps.emplace_back(end_us, up_to);
    counted = up_to;
  }
  reply.bulk(command.full_name);
  reply.map(2);
  reply.bulk("calls");
  reply.integer(static_cast<int64_t>(histogram.count()));
  reply.bulk("histogram_usec");
  reply.map(steps.size());
  for (const auto& [end_us, count] : steps) {
    reply.integer(static_cast<int64_t>(end_us));
    reply.integer(static_cast<int64_t>(count));
  }
}

Outcome cmd_latency_histogram(Call& call) {
  std::vector<const Command*> shown;
  const auto show = [&shown](const Command& command) {
    if (command.latency && command.latency->count() > 0) shown.push_back(&command);
  };
  if (!call.args.more()) call.on.table.for_each(show);
  for (const ByteView name : call.args.rest()) {
    const Command* command = call.on.table.find_full(name);
    if (command == nullptr) continue;
    show(*command);
    for (const auto& subcommand : command->subcommands) show(*subcommand);
  }
  call.reply.map(shown.size());
  for (const Command* command : shown) reply_histogram(call.reply, *command);
  return Outcome::kDone;
}

// --- rows

constexpr uint32_t kFlags = kAdmin | kNoscript | kLoading | kStale;
constexpr ByteView kEverywhere = "nondeterministic_output request_policy:all_nodes response_policy:special";

constexpr CommandSpec kLatencyRows[] = {
    {"doctor", cmd_latency_doctor, exactly(2), no_keys(), kFlags, Group::kServer, "2.8.13",
     "Tells what was slow, and what to look at.", "", 0, kEverywhere},
    {"graph", cmd_latency_graph, exactly(3), no_keys(), kFlags, Group::kServer, "2.8.13",
     "Draws how long an event took.", "event", 0, kEverywhere},
    {"help", reply_help, exactly(2), no_keys(), kLoading | kStale, Group::kServer, "2.8.13",
     "Describes the subcommands of LATENCY."},
    {"histogram", cmd_latency_histogram, at_least(2), no_keys(), kFlags, Group::kServer, "7.0.0",
     "Counts how often commands took how long.", "[command [command ...]]", 0, kEverywhere},
    {"history", cmd_latency_history, exactly(3), no_keys(), kFlags, Group::kServer, "2.8.13",
     "Lists when an event took long, and how long.", "event", 0, kEverywhere},
    {"latest", cmd_latency_latest, exactly(2), no_keys(), kFlags, Group::kServer, "2.8.13",
     "Lists the events that took long, with the last and the worst of each.", "", 0, kEverywhere},
    {"reset", cmd_latency_reset, at_least(2), no_keys(), kFlags, Group::kServer, "2.8.13",
     "Forgets what took long.", "[event [event ...]]", 0,
     "request_policy:all_nodes response_policy:all_succeeded"},
};
static_assert(rows_are_sound(kLatencyRows));

constexpr CommandSpec kRows[] = {
    {"latency", nullptr, at_least(2), no_keys(), 0, Group::kServer, "2.8.13",
     "Holds the commands about what took long.", "", 0, "", kLatencyRows},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> latency_commands() {
  return kRows;
}

}  // namespace sluice::commands
