// From config::Store to the plain structs that the parts read: the one place that knows
// which option is which field. Owns nothing: values go to their owners by copy. Must not
// decide what a value means.
#pragma once

#include "acl/registry.h"
#include "base/log.h"
#include "config/store.h"
#include "exec/gates.h"
#include "exec/settings.h"
#include "keyspace/keyspace.h"
#include "script/engine.h"
#include "server/options.h"

namespace sluice::server {

[[nodiscard]] int database_count(const config::Store& config);
[[nodiscard]] script::Limits script_limits(const config::Store& config);
[[nodiscard]] ListenOptions listen_options(const config::Store& config);
[[nodiscard]] ClientOptions client_options(const config::Store& config);
[[nodiscard]] LogOptions log_options(const config::Store& config);
[[nodiscard]] SavingOptions saving_options(const config::Store& config);
[[nodiscard]] ProcessOptions process_options(const config::Store& config);

[[nodiscard]] base::LogLevel log_level(const config::Store& config);

void apply_settings(const config::Store& config, exec::Settings& settings, exec::ServerState& state);
// All but requirepass, which makes a new password each time it is set.
void apply_users(const config::Store& config, acl::Registry& users);
void apply_limits(const config::Store& config, keyspace::Keyspace& keyspace);

}  // namespace sluice::server
