// The list of command families, kept by hand: what a server can do is read here, and nothing
// registers itself. The rows are static and owned by their families; the table that is built
// from them knows no family.
#pragma once

#include <span>
#include <vector>

#include "exec/spec.h"

namespace sluice::commands {

std::span<const exec::CommandSpec> handshake_commands();
std::span<const exec::CommandSpec> client_commands();
std::span<const exec::CommandSpec> acl_commands();
std::span<const exec::CommandSpec> config_commands();
std::span<const exec::CommandSpec> memory_commands();
std::span<const exec::CommandSpec> info_commands();
std::span<const exec::CommandSpec> pubsub_commands();
std::span<const exec::CommandSpec> transaction_commands();
std::span<const exec::CommandSpec> key_commands();
std::span<const exec::CommandSpec> expire_commands();
std::span<const exec::CommandSpec> scan_commands();
std::span<const exec::CommandSpec> sort_commands();
std::span<const exec::CommandSpec> string_commands();
std::span<const exec::CommandSpec> string_range_commands();
std::span<const exec::CommandSpec> string_compare_commands();
std::span<const exec::CommandSpec> lcs_commands();
std::span<const exec::CommandSpec> counter_commands();
std::span<const exec::CommandSpec> bounded_counter_commands();
std::span<const exec::CommandSpec> bits_commands();
std::span<const exec::CommandSpec> bitmap_commands();
std::span<const exec::CommandSpec> scripting_commands();
std::span<const exec::CommandSpec> stream_commands();
std::span<const exec::CommandSpec> stream_claim_commands();
std::span<const exec::CommandSpec> stream_group_commands();
std::span<const exec::CommandSpec> stream_info_commands();
std::span<const exec::CommandSpec> stream_lease_commands();
std::span<const exec::CommandSpec> stream_pending_commands();
std::span<const exec::CommandSpec> stream_redrive_commands();
std::span<const exec::CommandSpec> stream_delayed_commands();
std::span<const exec::CommandSpec> stream_delete_commands();
std::span<const exec::CommandSpec> stream_idempotence_commands();
std::span<const exec::CommandSpec> stream_read_commands();
std::span<const exec::CommandSpec> stream_readgroup_commands();
std::span<const exec::CommandSpec> command_commands();
std::span<const exec::CommandSpec> admin_commands();
std::span<const exec::CommandSpec> replication_commands();
std::span<const exec::CommandSpec> latency_commands();
std::span<const exec::CommandSpec> lolwut_commands();
std::span<const exec::CommandSpec> persistence_commands();
std::span<const exec::CommandSpec> debug_commands();
std::span<const exec::CommandSpec> dump_commands();
std::span<const exec::CommandSpec> list_commands();
std::span<const exec::CommandSpec> list_blocking_commands();
std::span<const exec::CommandSpec> list_move_commands();
std::span<const exec::CommandSpec> wait_commands();
std::span<const exec::CommandSpec> hash_commands();
std::span<const exec::CommandSpec> hash_expire_commands();
std::span<const exec::CommandSpec> set_commands();
std::span<const exec::CommandSpec> set_algebra_commands();
std::span<const exec::CommandSpec> zset_commands();
std::span<const exec::CommandSpec> zset_range_commands();
std::span<const exec::CommandSpec> zset_store_commands();
std::span<const exec::CommandSpec> zset_blocking_commands();
std::span<const exec::CommandSpec> zset_move_commands();

// What a stream does at its next moment (Services::stream_firing); no command.
const exec::CommandSpec& stream_firing();

// All of them, in the order COMMAND lists them.
std::vector<std::span<const exec::CommandSpec>> all_families();

}  // namespace sluice::commands
