// The log's beginning and end while the server runs: opened behind what was loaded, switched on over data
// that it does not hold yet, switched off; and made once, for BGREWRITEAOF without a log. What makes a log
// that was switched on loadable is a rewrite, which server/saving does.
#include <cerrno>
#include <utility>

#include "aof/leftovers.h"
#include "aof/load_plan.h"
#include "server/server.h"

namespace sluice::server {

bool Server::anyone_durable() const {
  bool found = false;
  clients_.for_each([&](const client::Client& client) {
    found |= writer_ && client.outbox.waits_for_sync(writer_->durable());
  });
  return found;
}

base::Result<void> Server::take_directory() {
  auto taken = fs_.try_lock(log_options_.writer.place.lock_path());
  if (!taken.ok()) {
    const bool held = taken.error().code == EWOULDBLOCK;
    return base::Error{(held ? "Another server uses this directory (" : "Can't lock this directory (") +
                       taken.error().message + ")"};
  }
  directory_lock_ = std::move(*taken);
  return {};
}

void Server::open_flusher() {
  flusher_waker_ = std::make_unique<net::Waker>(loop_, [this] {
    if (writer_) tick_log(clock_.monotonic_us());
  });
  flusher_ = std::make_unique<aof::Flusher>([this] { flusher_waker_->wake(); }, &clock_);
  writer_ = std::make_unique<aof::Writer>(fs_, random_, *flusher_, log_options_.writer);
}

void Server::drop_log() {
  fanout_.set_log(nullptr);
  writer_.reset();
  flusher_.reset();
  flusher_waker_.reset();
  directory_lock_.reset();
}

base::Result<void> Server::begin_log(aof::StartPoint start, uint64_t bytes_on_disk) {
  open_flusher();
  if (auto started = writer_->start(std::move(start)); !started) {
    drop_log();
    return started;
  }
  flusher_->start();
  fanout_.set_log(writer_.get());
  saving_.attach_log(*writer_, log_options_.writer.place, bytes_on_disk);
  return {};
}

// Half of the data would be written over the whole of it by the next rewrite or snapshot.
base::Result<void> Server::load_anew(const std::function<base::Result<void>()>& load) {
  keyspace::Keyspace::Databases before = keyspace_.set_aside();
  const base::Result<void> loaded = load();
  if (loaded.ok()) {
    keyspace_.discard(std::move(before));
    return {};
  }
  keyspace_.put_back(std::move(before));
  log_.warning("Loading the data again failed, what is in memory stays: " + loaded.error().message);
  return base::Error{"ERR " + loaded.error().message};
}

base::Result<void> Server::reload_log() {
  if (!writer_) return base::Error{"ERR The log is not enabled (appendonly no)"};
  if (!writer_->listed()) return base::Error{"ERR The log was switched on, and has no base yet"};
  writer_->write_out(clock_.monotonic_us());
  if (writer_->failure()) return base::Error{"ERR " + *writer_->failure()};
  return load_anew([this]() -> base::Result<void> {
    const aof::LoaderOptions options{log_options_.writer.place, log_options_.load_truncated, false};
    LogLoading again(loading_parts(), options);
    for (base::Result<bool> done = false; !*done;) {
      done = again.step();
      if (!done.ok()) return done.error();
    }
    // What a start would cut, as torn, was whole when it was written.
    const uint64_t end = again.take_start().offset;
    if (end == writer_->written()) return {};
    return base::Error{"the log ends at offset " + std::to_string(end) + " now, and was written to " +
                       std::to_string(writer_->written())};
  });
}

// --- CONFIG SET appendonly

base::Result<void, config::ApplyError> Server::follow_appendonly() {
  const config::Option option = config::Option::kAppendOnly;
  if (loading_) {
    if (loading_->is_log() == log_options_.enabled) return {};
    return config::ApplyError{option, "the data is still being loaded"};
  }
  if (log_options_.enabled == (writer_ != nullptr)) return {};
  const auto switched = log_options_.enabled ? switch_log_on() : switch_log_off();
  if (!switched) return config::ApplyError{option, switched.error().message};
  return {};
}

// Until its first base is written, a crash finds the state before: what is on disk names the new files as
// unfinished only.
base::Result<void> Server::switch_log_on() {
  const base::ByteView unable = "Unable to turn on the log: ";
  if (copy_) end_copy();
  if (auto taken = take_directory(); !taken) return base::Error{std::string(unable) + taken.error().message};
  const aof::LogPlace& place = log_options_.writer.place;
  base::Result<void> begun;
  if (auto cleared = aof::clear_leftovers(fs_, place); !cleared) begun = cleared.error();
  if (begun) {
    auto start = aof::start_beside(fs_, place, last_log_offset_ + 1);
    open_flusher();
    begun = start.ok() ? writer_->start_beside(std::move(*start)) : base::Result<void>(start.error());
  }
  if (!begun) {
    drop_log();
    return base::Error{std::string(unable) + begun.error().message};
  }
  log_first_offset_ = writer_->offset();
  log_went_ = false;
  executor_.synced(writer_->durable());  // whatever was synced of another log
  flusher_->start();
  fanout_.set_log(writer_.get());
  saving_.attach_log(*writer_, place, 0);
  loop_.request_turn();
  log_.notice("The log is switched on: it can be loaded once its first base is written.");
  return {};
}

// What waits for the disk is on it before anything is let go; one sync is waited for, as in a clean stop.
base::Result<void> Server::switch_log_off() {
  bool durable = false;
  clients_.for_each([&](const client::Client& client) { durable |= client.has(client::kDurable); });
  if (durable)
    return base::Error{"clients wait for the disk (CLIENT DURABLE), which without a log nobody does"};
  if (writer_->listed()) {
    if (writer_->failure()) {
      return base::Error{"the disk does not take what the log holds (" + *writer_->failure() + ")"};
    }
    flusher_->stop();
    if (auto closed = writer_->close(); !closed) {
      flusher_->start();
      return base::Error{"the log cannot be closed: " + closed.error().message};
    }
    saving_.detach_log();
  } else {
    saving_.detach_log();
    flusher_->stop();
    writer_->discard();
  }
  last_log_offset_ = writer_->offset();
  log_first_offset_ = 0;
  log_went_ = true;
  drop_log();
  loop_.request_turn();
  log_.notice("The log is switched off: what it holds stays as it is.");
  return {};
}

// A base was written, or not.
void Server::take_up_base(bool was_listed) {
  if (was_listed || !writer_->listed()) return;
  log_.notice("The log can be loaded: what was switched on is safe from now on.");
  tick_log(clock_.monotonic_us());
  loop_.request_turn();
}

// --- BGREWRITEAOF

base::Result<std::string> Server::rewrite_log() {
  if (!writer_ && !copy_) {
    if (auto begun = begin_copy(); !begun) return base::Error{"ERR " + begun.error().message};
    loop_.request_turn();
  }
  return saving_.ask_rewrite();
}

// As Redis does: afterwards the log on disk is a base that holds what there is now, and nothing else.
base::Result<void> Server::begin_copy() {
  if (loading_) return base::Error{"The data is still being loaded"};
  if (auto taken = take_directory(); !taken) return taken;
  auto copy = std::make_unique<LogCopy>(fs_, random_, log_options_.writer);
  copy->lock = std::move(directory_lock_);
  const aof::LogPlace& place = log_options_.writer.place;
  if (auto cleared = aof::clear_leftovers(fs_, place); !cleared) return cleared.error();
  auto start = aof::start_beside(fs_, place, last_log_offset_ + 1);
  if (!start) return start.error();
  if (auto begun = copy->writer.start_beside(std::move(*start)); !begun) return begun;
  copy_ = std::move(copy);
  saving_.attach_log(copy_->writer, place, 0);
  return {};
}

void Server::end_copy() {
  saving_.detach_log();
  if (!copy_->writer.listed()) {
    copy_->writer.discard();
  } else if (auto closed = copy_->writer.close(); !closed) {
    log_.warning("The log could not be closed: " + closed.error().message);
  }
  copy_.reset();
}

}  // namespace sluice::server
