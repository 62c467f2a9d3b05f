// INFO memory: what the reactor uses, what the allocator and the system make of it. What a part takes is
// asked of the part; parts that are missing take nothing.
#include "base/memory.h"
#include "commands/info_sections.h"
#include "commands/memory_figures.h"
#include "config/store.h"
#include "keyspace/keyspace.h"
#include "script/engine.h"

namespace sluice::commands {

namespace {

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

void allocator_fields(const MemoryFigures& figures, InfoText& text) {
  const base::AllocatorStats& allocator = figures.allocator;
  text.decimal("allocator_frag_ratio", ratio(allocator.active_bytes, allocator.allocated_bytes));
  text.field("allocator_frag_bytes", difference(allocator.active_bytes, allocator.allocated_bytes));
  text.decimal("allocator_rss_ratio", ratio(allocator.resident_bytes, allocator.active_bytes));
  text.field("allocator_rss_bytes", difference(allocator.resident_bytes, allocator.active_bytes));
  text.decimal("rss_overhead_ratio", ratio(figures.resident_bytes, allocator.resident_bytes));
  text.field("rss_overhead_bytes", difference(figures.resident_bytes, allocator.resident_bytes));
  text.decimal("mem_fragmentation_ratio", ratio(figures.resident_bytes, figures.used_bytes));
  text.field("mem_fragmentation_bytes", difference(figures.resident_bytes, figures.used_bytes));
}

}  // namespace

void info_memory(const InfoSource& source, InfoText& text) {
  exec::Call& call = source.call;
  const MemoryFigures figures = memory_figures(call, source.process, source.log);
  text.bytes("used_memory", figures.used_bytes);
  text.bytes("used_memory_rss", figures.resident_bytes);
  text.bytes("used_memory_peak", figures.peak_bytes);
  text.percent("used_memory_peak_perc", figures.used_bytes, figures.peak_bytes);
  text.field("used_memory_overhead", figures.overhead_bytes);
  text.field("used_memory_startup", figures.startup_bytes);
  text.field("used_memory_dataset", figures.dataset_bytes());
  text.percent("used_memory_dataset_perc", figures.dataset_bytes(), figures.net_bytes());
  text.field("allocator_allocated", figures.allocator.allocated_bytes);
  text.field("allocator_active", figures.allocator.active_bytes);
  text.field("allocator_resident", figures.allocator.resident_bytes);
  text.bytes("total_system_memory", base::system_bytes());
  script_fields(call, text);
  text.bytes("maxmemory", call.on.settings.maxmemory_bytes);
  const base::ByteView names[] = {"maxmemory-policy"};
  text.field("maxmemory_policy", call.on.config.get(names).front().text);
  allocator_fields(figures, text);
  text.field("mem_not_counted_for_evict", call.on.control.uncounted_memory_bytes());
  text.field("mem_replication_backlog", 0);
  text.field("mem_total_replication_buffers", 0);
  text.field("mem_clients_slaves", 0);
  text.field("mem_clients_normal", figures.clients_bytes);
  text.field("mem_cluster_links", 0);
  text.field("mem_aof_buffer", figures.log_bytes);
  text.field("mem_allocator", base::ByteView(base::allocator_name()));
  text.field("active_defrag_running", 0);
  text.field("lazyfree_pending_objects", call.on.keyspace.graveyard().pending());
  text.field("lazyfreed_objects", call.on.keyspace.graveyard().freed());
}

}  // namespace sluice::commands
