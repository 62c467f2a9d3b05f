// INFO memory: what the reactor uses, what the allocator and the system make of it. What a part takes is
// asked of the part; parts that are missing take nothing.
#include <algorithm>

#include "base/memory.h"
#include "commands/info_sections.h"
#include "config/store.h"
#include "keyspace/keyspace.h"
#include "script/engine.h"

namespace sluice::commands {

namespace {

double ratio(uint64_t above, uint64_t below) {
  return below == 0 ? 0 : static_cast<double>(above) / static_cast<double>(below);
}

int64_t difference(uint64_t above, uint64_t below) {
  return static_cast<int64_t>(above) - static_cast<int64_t>(below);
}

void script_fields(exec::Call& call, InfoText& text) {
  const uint64_t lua = call.on.scripts.memory_bytes();
  const uint64_t texts = call.on.scripts.text_bytes();
  text.field("used_memory_lua", lua);
  text.field("used_memory_vm_eval", lua);
  text.human("used_memory_lua_human", lua);
  text.field("used_memory_scripts_eval", texts);
  text.field("number_of_cached_scripts", call.on.scripts.script_count());
  text.field("number_of_functions", 0);
  text.field("number_of_libraries", 0);
  text.field("used_memory_vm_functions", 0);
  text.bytes("used_memory_vm_total", lua);
  text.field("used_memory_functions", 0);
  text.bytes("used_memory_scripts", texts);
}

void allocator_fields(const base::AllocatorStats& allocator, uint64_t used, uint64_t resident,
                      InfoText& text) {
  text.decimal("allocator_frag_ratio", ratio(allocator.active_bytes, allocator.allocated_bytes));
  text.field("allocator_frag_bytes", difference(allocator.active_bytes, allocator.allocated_bytes));
  text.decimal("allocator_rss_ratio", ratio(allocator.resident_bytes, allocator.active_bytes));
  text.field("allocator_rss_bytes", difference(allocator.resident_bytes, allocator.active_bytes));
  text.decimal("rss_overhead_ratio", ratio(resident, allocator.resident_bytes));
  text.field("rss_overhead_bytes", difference(resident, allocator.resident_bytes));
  text.decimal("mem_fragmentation_ratio", ratio(resident, used));
  text.field("mem_fragmentation_bytes", difference(resident, used));
}

}  // namespace

void info_memory(const InfoSource& source, InfoText& text) {
  exec::Call& call = source.call;
  const uint64_t used = call.on.memory.used_bytes();
  const uint64_t peak = std::max(used, call.on.stats.peak_memory_bytes);
  const uint64_t resident = base::resident_bytes();
  const uint64_t startup = source.process.startup_memory_bytes;
  const uint64_t overhead = std::min(used, startup + source.process.clients_memory_bytes +
                                               source.log.retained_bytes + call.on.keyspace.overhead_bytes());
  const uint64_t dataset = used - overhead;
  text.bytes("used_memory", used);
  text.bytes("used_memory_rss", resident);
  text.bytes("used_memory_peak", peak);
  text.percent("used_memory_peak_perc", used, peak);
  text.field("used_memory_overhead", overhead);
  text.field("used_memory_startup", startup);
  text.field("used_memory_dataset", dataset);
  text.percent("used_memory_dataset_perc", dataset, used > startup ? used - startup : 0);
  const base::AllocatorStats allocator = base::allocator_stats();
  text.field("allocator_allocated", allocator.allocated_bytes);
  text.field("allocator_active", allocator.active_bytes);
  text.field("allocator_resident", allocator.resident_bytes);
  text.bytes("total_system_memory", base::system_bytes());
  script_fields(call, text);
  text.bytes("maxmemory", call.on.settings.maxmemory_bytes);
  const base::ByteView names[] = {"maxmemory-policy"};
  text.field("maxmemory_policy", call.on.config.get(names).front().text);
  allocator_fields(allocator, used, resident, text);
  text.field("mem_not_counted_for_evict", call.on.control.uncounted_memory_bytes());
  text.field("mem_replication_backlog", 0);
  text.field("mem_total_replication_buffers", 0);
  text.field("mem_clients_slaves", 0);
  text.field("mem_clients_normal", source.process.clients_memory_bytes);
  text.field("mem_cluster_links", 0);
  text.field("mem_aof_buffer", source.log.retained_bytes);
  text.field("mem_allocator", base::ByteView(base::allocator_name()));
  text.field("active_defrag_running", 0);
  text.field("lazyfree_pending_objects", call.on.keyspace.graveyard().pending());
  text.field("lazyfreed_objects", call.on.keyspace.graveyard().freed());
}

}  // namespace sluice::commands
