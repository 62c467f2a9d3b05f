// The server's beginning and end: listening, accepting, loading the log, stopping.
#include <algorithm>
#include <csignal>
#include <utility>

#include "aof/leftovers.h"
#include "base/process.h"
#include "resp/errors.h"
#include "script/watchdog.h"
#include "server/configuration.h"
#include "server/server.h"
#include "server/snapshot_loading.h"

namespace sluice::server {

namespace {

constexpr int64_t kLeastCloseUs = 1'000'000;  // for closing the log, whatever shutdown-timeout has left of it
constexpr uint64_t kMaxConfigFileBytes = uint64_t{16} << 20;

// `appendonly no`: as in Redis, whatever a log holds is not loaded, which may be what nobody expects.
void tell_of_unused_log(base::Fs& fs, const aof::LogPlace& place, base::Log& log) {
  if (!fs.exists(place.manifest_path()) && !fs.exists(place.single_file_path())) return;
  log.warning("There is a log in " + place.dir + ", which is not loaded, since appendonly is 'no'");
}

}  // namespace

void Server::apply_configuration() {
  apply_settings(config_, settings_, state_);
  apply_limits(config_, keyspace_);
  executor_.limits_changed();
  apply_users(config_, users_);
  scripts_.set_limits(script_limits(config_));
  listen_ = server::listen_options(config_);
  client_options_ = server::client_options(config_);
  log_options_ = server::log_options(config_);
  process_ = server::process_options(config_);
  saving_.set_options(server::saving_options(config_));
  settings_.keeps_records = log_options_.enabled;
  if (writer_) {
    writer_->set_mode(log_options_.writer.mode);
    writer_->set_retention_limit(log_options_.writer.retention_limit_bytes);
  }
}

// CONFIG SET has changed these: follow, or say why not, and the old values come back.
base::Result<void, config::ApplyError> Server::follow_configuration(std::span<const config::Option> options) {
  const ListenOptions before = listen_;
  apply_configuration();
  for (const config::Option option : options) {
    switch (option) {
      case config::Option::kAppendFsync:
        if (log_options_.writer.mode != aof::SyncMode::kNo || !anyone_durable()) break;
        return config::ApplyError{option,
                                  "clients wait for the disk (CLIENT DURABLE), which 'no' never waits for"};
      case config::Option::kDir:
        if (auto moved = move_to_dir(); !moved) return config::ApplyError{option, moved.error().message};
        break;
      case config::Option::kMaxClients:
        if (const uint64_t room = client_room(); room < client_options_.max_clients) {
          return config::ApplyError{
              option,
              "The operating system is not able to handle the specified number of clients, "
              "try with " +
                  std::to_string(room)};
        }
        break;
      case config::Option::kLogLevel:
        log_.set_level(log_level(config_));
        break;
      case config::Option::kBind:
      case config::Option::kPort:
        if (listen_.addresses == before.addresses && listen_.port == before.port) break;
        listeners_.clear();
        if (auto listening = listen(); !listening) {
          return config::ApplyError{option, "Unable to listen on this port: " + listening.error().message};
        }
        break;
      default:
        break;
    }
  }
  // Last, since it cannot be taken back for the sake of another option without making a base anew.
  if (std::find(options.begin(), options.end(), config::Option::kAppendOnly) != options.end()) {
    if (auto followed = follow_appendonly(); !followed) return followed;
  }
  users_.set_default_password(config_.text(config::Option::kRequirePass));
  return {};
}

base::Result<void> Server::start() {
  startup_memory_bytes_ = memory_.used_bytes();
  if (log_options_.enabled) {
    if (auto taken = take_directory(); !taken) return taken;
  }
  if (auto fitted = fit_max_clients(); !fitted) return fitted;
  if (auto listening = listen(); !listening) return listening;
  if (listeners_.empty()) {
    return base::Error{
        "There is nowhere to listen: port is 0 or bind names no address, and unixsocket is not set"};
  }
  signals_.push_back(std::make_unique<net::SignalWatch>(loop_, SIGHUP, [this](int) { log_.reopen(); }));
  for (const int signal : {SIGTERM, SIGINT}) {
    signals_.push_back(std::make_unique<net::SignalWatch>(loop_, signal, [this](int) {
      log_.warning("Received a signal to stop: finishing the turn, syncing the log.");
      if (stop_deadline_us_ != 0) {
        loop_.stop();  // asked twice: the log is closed now, and how that ends is the exit status
      } else if (auto stopping = begin_stop({.save = saving_.saves_at_shutdown(), .by_signal = true});
                 !stopping) {
        log_.warning("Not stopping: " + stopping.error().message);
      }
    }));
  }
  loop_.on_before_poll([this] { before_poll(); });
  loop_.on_deadline([] {});  // it only has to end the poll: the work is before_poll's
  scripts_.start_watchdog();
  saving_.use_thread();

  return begin_loading();
}

std::string Server::snapshot_path() const {
  return log_options_.writer.place.dir + "/" + config_.text(config::Option::kDbFilename);
}

// The log; or the snapshot, where none is kept; or what there is as the first base, where one is kept from
// now on.
base::Result<void> Server::begin_loading() {
  const aof::LogPlace& place = log_options_.writer.place;
  const std::string snapshot = snapshot_path();
  for (const std::string& path : saving_.clear_temporary()) {
    log_.notice(path + ": left unfinished by a server that is gone, deleted");
  }
  if (!log_options_.enabled) tell_of_unused_log(fs_, place, log_);
  if (log_options_.enabled) {
    const auto cleared = aof::clear_leftovers(fs_, place);
    if (!cleared.ok()) return cleared.error();
    for (const std::string& path : *cleared) log_.notice(path + ": left unfinished by the last run, deleted");
    const aof::LoaderOptions options{place, log_options_.load_truncated, true};
    loading_ = std::make_unique<LogLoading>(loading_parts(), options);
    loading_->adopt_first_base(place, snapshot);
  } else if (fs_.exists(snapshot)) {
    loading_ = std::make_unique<LogLoading>(loading_parts(), snapshot);
  } else {
    log_.notice("Ready to accept connections");
    return {};
  }
  state_.loading = true;
  return {};
}

// How many clients there are descriptors for, maxclients at most: the limit is raised as far as it goes.
uint64_t Server::client_room() {
  const uint64_t limit = base::raise_descriptor_limit(client_options_.max_clients + kReservedDescriptors);
  return std::min<uint64_t>(client_options_.max_clients, limit - std::min(limit, kReservedDescriptors));
}

// At the start, fewer clients are better than none.
base::Result<void> Server::fit_max_clients() {
  const uint64_t room = client_room();
  if (room == client_options_.max_clients) return {};
  const std::string limit = "the limit of open files (ulimit -n) cannot be raised, and leaves room for ";
  if (room == 0) return base::Error{limit + "no client"};
  log_.warning("maxclients is lowered from " + std::to_string(client_options_.max_clients) + " to " +
               std::to_string(room) + ": " + limit + "no more");
  config_.note(config::Option::kMaxClients, static_cast<int64_t>(room));
  client_options_.max_clients = room;
  return {};
}

// `dir` was set. An open log stays where it is, so it keeps the server there.
base::Result<void> Server::move_to_dir() {
  const std::string before = base::working_directory();
  const auto moved = base::change_directory(config_.text(config::Option::kDir));
  if (!moved) return base::Error{std::generic_category().message(moved.error().code)};
  const std::string now = base::working_directory();
  if (writer_ && now != before) {
    (void)base::change_directory(before);  // it was here a moment ago
    return base::Error{"the append-only log is open in " + before +
                       "; set dir in the configuration and restart"};
  }
  config_.note(config::Option::kDir, now);
  apply_configuration();  // anew: as it was set, it may have been relative to where the server was
  return {};
}

base::Result<void> Server::listen() {
  if (listen_.port != 0) {
    for (const std::string& configured : listen_.addresses) {
      const bool optional = configured.starts_with("-");
      const net::TcpAddress address{optional ? configured.substr(1) : configured,
                                    static_cast<uint16_t>(listen_.port), listen_.backlog};
      auto listener = net::Listener::tcp(loop_, address, accept_callbacks());
      if (listener.ok()) {
        listeners_.push_back(std::move(*listener));
        continue;
      }
      const std::string why = "Could not " + listener.error().message;
      if (!net::may_do_without(listener.error().code, optional)) return base::Error{why};
      log_.warning(why + "; going on without");
    }
  }
  if (!listen_.unix_path.empty()) {
    const net::UnixAddress address{listen_.unix_path, listen_.unix_permission, listen_.backlog};
    auto listener = net::Listener::unix_path(loop_, address, accept_callbacks());
    if (!listener.ok()) return base::Error{"Could not " + listener.error().message};
    listeners_.push_back(std::move(*listener));
  }
  return {};
}

net::AcceptCallbacks Server::accept_callbacks() {
  return {[this](std::unique_ptr<net::Socket> socket) { accept(std::move(socket)); },
          [this](int code) { tell_accept_trouble(code); }};
}

// The listener tries again many times a second; the operator is told once in a while.
void Server::tell_accept_trouble(int code) {
  const int64_t now_us = clock_.monotonic_us();
  if (now_us < quiet_about_accept_until_us_) return;
  quiet_about_accept_until_us_ = now_us + kAcceptTroubleUs;
  log_.warning("Can't accept clients: " + std::generic_category().message(code) +
               "; they wait until that changes. This is told once a minute at most.");
}

bool Server::refuses_stranger(const net::Socket& socket) const {
  return client_options_.protected_mode && users_.default_user().no_password() && !socket.peer_is_loopback();
}

void Server::accept(std::unique_ptr<net::Socket> socket) {
  base::ByteView refusal;
  if (connections_.size() >= client_options_.max_clients) {
    refusal = resp::errors::kMaxClients;
  } else if (refuses_stranger(*socket)) {
    refusal = resp::errors::kProtectedMode;
  }
  if (!refusal.empty()) {
    ++stats_.rejected_connections;
    const std::string line = "-" + std::string(refusal) + "\r\n";
    (void)socket->try_write(line);  // a peer that does not read its refusal has no claim to it
    return;
  }
  ++stats_.connections;
  if (client_options_.keepalive_s > 0) socket->set_keepalive(client_options_.keepalive_s);
  auto connection = std::make_unique<Connection>(*this, std::move(socket), clients_.next_id());
  client::Client& client = connection->client();
  client.created_ms = clock_.unix_us() / 1000;
  client.last_active_ms = client.created_ms;
  users_.log_out(client);
  clients_.add(client);
  Connection& kept = *connection;
  connections_.emplace(client.id, std::move(connection));
  kept.socket().start(kept);
}

void Server::load_slice() {
  base::Result<bool> done = loading_->step();
  if (done.ok() && !*done) {
    loop_.request_turn();
    return;
  }
  base::Result<void> begun;
  if (done.ok()) {
    const aof::LoadProgress progress = loading_->progress();
    const std::string what = loading_->is_log() ? " commands from the log, " : " keys from the snapshot, ";
    log_.notice("Loaded " + std::to_string(progress.records) + what + std::to_string(progress.loaded_bytes) +
                " bytes, in " + std::to_string((clock_.unix_us() - started_unix_us_) / 1000) + " ms");
    saving_.note_load(loading_->snapshot_keys().loaded, loading_->snapshot_keys().expired);
    if (loading_->is_log()) {
      begun = begin_log(loading_->take_start(), progress.total_bytes);
    }
  }
  if (!done.ok() || !begun) {
    log_.warning(done.ok() ? begun.error().message : done.error().message);
    exit_status_ = 1;
    loop_.stop();
  } else {
    log_.notice("Ready to accept connections");
  }
  loading_.reset();
  state_.loading = false;
}

base::Result<void> Server::reload_snapshot() {
  const std::string path = snapshot_path();
  if (auto saved = saving_.save_now(); !saved.ok()) return saved.error();
  return load_anew([&]() -> base::Result<void> {
    auto again = SnapshotLoading::open(fs_, path,
                                       {keyspace_, SnapshotLoading::Expired::kKeep, clock_.unix_us() / 1000});
    if (!again.ok()) return again.error();
    if (auto loaded = (*again)->step(UINT64_MAX); !loaded.ok()) {
      return base::Error{"Error trying to load the RDB dump, check server logs: " + loaded.error().message};
    }
    saving_.note_load((*again)->entries() - (*again)->expired(), (*again)->expired());
    return {};
  });
}

// What the configuration says of users: nothing where a file of their own does, and nothing of a default user
// that requirepass alone describes.
std::vector<std::string> Server::user_lines() const {
  if (!config_.text(config::Option::kAclFile).empty()) return {};
  std::vector<std::string> lines;
  users_.for_each([&](const acl::User& user) {
    const bool told = user.id() == acl::kDefaultUser && !users_.default_user_was_changed();
    if (!told) lines.push_back(acl::line_of(user));
  });
  return lines;
}

base::Result<void> Server::rewrite_config() {
  if (invocation_.config_file.empty()) return base::Error{"ERR The server is running without a config file"};
  const auto text = base::read_whole(fs_, invocation_.config_file, kMaxConfigFileBytes);
  if (!text.ok()) return base::Error{"ERR Rewriting config file: " + text.error().message};
  const auto replaced =
      base::replace_file(fs_, invocation_.config_file, config_.rewrite(*text, user_lines()));
  if (!replaced.ok()) return base::Error{"ERR Rewriting config file: " + replaced.error().message};
  return {};
}

base::Result<void> Server::begin_stop(const Stop& stop) {
  const base::Error refused{"ERR Errors trying to SHUTDOWN. Check logs."};
  if (!stop.despite_failure && !stop.by_signal && writer_ && writer_->failure()) return refused;
  stop_despite_base_ = stop.despite_base || !writer_ || writer_->listed();
  if (stop_despite_base_) saving_.give_up();
  if (stop.save && !loading_) {
    if (auto saved = saving_.save_now(); !saved && !stop.despite_failure) return refused;
  }
  stop_deadline_us_ = clock_.monotonic_us() + process_.shutdown_timeout_s * 1'000'000;
  listeners_.clear();
  loop_.request_turn();
  return {};
}

bool Server::abort_stop() {
  if (stop_deadline_us_ == 0) return false;
  stop_deadline_us_ = 0;
  if (auto listening = listen(); !listening) log_.warning(listening.error().message);
  return true;
}

// Held replies leave when the log is safe; a disk that fails is waited for no longer than shutdown-timeout,
// and without a base, which is what a restart would be missing, it does not stop.
void Server::advance_stop() {
  const bool based = stop_despite_base_ || !writer_ || writer_->listed();
  const bool safe = !writer_ || (writer_->written() == writer_->offset() && !writer_->failure());
  if (based && safe) return loop_.stop();
  if (clock_.monotonic_us() < stop_deadline_us_) return;
  if (based) return loop_.stop();
  log_.warning("Not stopping: the log was switched on, and its first base is not written yet");
  (void)abort_stop();
}

// What stands still at the disk cannot be called back: the process leaves it behind, as a crash would.
int Server::run() {
  loop_.run();
  const int64_t now_us = clock_.monotonic_us();
  const int64_t limit_us = std::max(stop_deadline_us_ - now_us, kLeastCloseUs);
  script::Watchdog watchdog(clock_, limit_us, [this] {
    log_.warning(
        "The log could not be closed: the disk does not answer. Leaving without it, as a crash would.");
    invocation_.leave();
  });
  watchdog.begin_run(now_us);
  finish_stop();
  return exit_status_;
}

void Server::finish_stop() {
  if (flusher_) flusher_->stop();
  if (copy_) end_copy();
  if (writer_ && !writer_->listed()) {
    saving_.detach_log();
    writer_->discard();
  } else if (writer_) {
    if (auto closed = writer_->close(); closed) {
      for (const auto& [id, connection] : connections_) connection->flush(UINT64_MAX);
    } else {
      log_.warning("The log could not be closed: " + closed.error().message);
      exit_status_ = 1;
    }
  }
  connections_.clear();
  listeners_.clear();
  log_.notice("Stopped.");
}

}  // namespace sluice::server
