#include "server/saving.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/number.h"
#include "base/process.h"

namespace sluice::server {

namespace {

constexpr int64_t kUsPerSecond = 1'000'000;
const std::string kTemporary = "temp-";
constexpr int64_t kWaitUs = 1000;  // between looks at the worker while everything waits for it

}  // namespace

Saving::Saving(Parts parts, std::function<void()> wake)
    : parts_(parts),
      recorder_(parts.keyspace, parts.fs, parts.clock, std::move(wake)),
      save_ended_s_(parts.clock.unix_us() / kUsPerSecond) {}

Saving::~Saving() {
  recorder_.stop_thread();
}

void Saving::attach_log(aof::Writer& writer, const aof::LogPlace& place, uint64_t bytes) {
  writer_ = &writer;
  older_bytes_ = bytes_after_rewrite_ = bytes;
  rewrite_ = std::make_unique<aof::Rewrite>(place, writer, recorder_);
  rewrite_wanted_ = !writer.listed();
}

void Saving::detach_log() {
  if (rewrite_ && rewrite_->active()) {
    rewrite_given_up_ = true;
    rewrite_->cancel();
    wait_for_recorder();
  }
  rewrite_.reset();
  rewrite_wanted_ = false;
  writer_ = nullptr;
}

// --- asking

base::Result<std::string> Saving::ask_save(bool schedule) {
  if (saving_ || save_wanted_) return base::Error{"ERR Background save already in progress"};
  if (busy() && !schedule) {
    return base::Error{
        "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to "
        "schedule a BGSAVE whenever possible."};
  }
  save_wanted_ = true;
  return std::string(busy() ? "Background saving scheduled" : "Background saving started");
}

base::Result<std::string> Saving::ask_rewrite() {
  SLUICE_CHECK(rewrite_, "there is a log to rewrite");
  if (rewrite_->active()) {
    return base::Error{"ERR Background append only file rewriting already in progress"};
  }
  rewrite_wanted_ = true;
  next_rewrite_us_ = 0;
  const bool waits = saving_ || save_wanted_;
  return std::string("Background append only file rewriting ") + (waits ? "scheduled" : "started");
}

base::Result<void> Saving::save_now() {
  if (saving_) return base::Error{"ERR Background save already in progress"};
  if (rewrite_ && rewrite_->active() && !rewrite_->installed()) {
    rewrite_->cancel();
    wait_for_recorder();
    rewrite_wanted_ = true;  // it has its turn afterwards
  }
  begin_save(Pace::kFull);  // everything waits for it
  std::optional<base::Result<void>> end;
  while (!end) {
    if (!recorder_.step() && !run_pending_here()) parts_.clock.sleep_us(kWaitUs);
    end = recorder_.take_end();
  }
  end_save(*end);
  if (!end->ok()) return base::Error{"ERR " + end->error().message};
  return {};
}

void Saving::give_up() {
  save_wanted_ = rewrite_wanted_ = false;
  if (!busy()) return;
  if (saving_) {
    save_cancelled_ = true;
    recorder_.cancel();
  } else {
    rewrite_->cancel();
  }
  wait_for_recorder();
}

// REQUIRES: what is under way was cancelled.
void Saving::wait_for_recorder() {
  while (busy() && !(rewrite_ && rewrite_->installed())) {
    if (!step(false) && !run_pending_here()) parts_.clock.sleep_us(kWaitUs);
  }
}

bool Saving::run_pending_here() {
  return !thread_runs_ && recorder_.run_pending();
}

// --- doing

bool Saving::step(bool may_take) {
  bool more = false;
  if (saving_) {
    more = recorder_.step();
    held_peak_bytes_ = std::max(held_peak_bytes_, recorder_.held_bytes());
    if (const auto end = recorder_.take_end()) end_save(*end);
  } else if (rewrite_ && rewrite_->active()) {
    more = rewrite_->step(parts_.clock.monotonic_us(), may_take);
    held_peak_bytes_ = std::max(held_peak_bytes_, recorder_.held_bytes());
    if (const auto end = rewrite_->take_end()) end_rewrite(*end);
  }
  if (busy() || !may_take) return more;
  if (save_wanted_) {
    begin_save(Pace::kLimited);
    return true;
  }
  if (rewrite_wanted_ && !writer_->failure()) {
    begin_rewrite();
    return true;
  }
  return more;
}

void Saving::cron() {
  if (!busy() && !save_wanted_ && save_point_is_due()) {
    parts_.log.notice("A save point is reached: saving.");
    save_wanted_ = true;
  }
  if (!busy() && !rewrite_wanted_ && base_is_due()) rewrite_wanted_ = true;
  if (!busy() && !rewrite_wanted_ && rewrite_is_due()) {
    parts_.log.notice("The log has grown to " + std::to_string(log_bytes()) + " bytes: rewriting it.");
    rewrite_wanted_ = true;
  }
}

bool Saving::save_point_is_due() const {
  if (parts_.clock.monotonic_us() < next_save_point_us_) return false;
  return std::any_of(options_.points.begin(), options_.points.end(), [this](const config::SavePoint& point) {
    return parts_.stats.changes_since_save >= static_cast<uint64_t>(point.changes) &&
           now_s() - save_ended_s_ > point.seconds;
  });
}

bool Saving::base_is_due() const {
  return writer_ != nullptr && !writer_->listed() && parts_.clock.monotonic_us() >= next_rewrite_us_;
}

bool Saving::rewrite_is_due() const {
  if (!rewrite_ || options_.rewrite_percentage == 0 || writer_->failure()) return false;
  if (parts_.clock.monotonic_us() < next_rewrite_us_ || log_bytes() < options_.rewrite_min_bytes)
    return false;
  const uint64_t base = std::max<uint64_t>(bytes_after_rewrite_, 1);
  return log_bytes() >= base && (log_bytes() - base) * 100 / base >= options_.rewrite_percentage;
}

std::string Saving::temporary_name(int64_t process) const {
  return kTemporary + std::to_string(process) + "-" + options_.file_name;
}

std::vector<std::string> Saving::clear_temporary() {
  std::vector<std::string> cleared;
  const auto names = parts_.fs.list_dir(options_.dir);
  if (!names.ok()) return cleared;
  for (const std::string& name : *names) {
    if (!name.starts_with(kTemporary)) continue;
    const std::string number =
        name.substr(kTemporary.size(), name.find('-', kTemporary.size()) - kTemporary.size());
    const auto process = base::parse_int64(number);
    if (!process || name != temporary_name(*process)) continue;
    // This one has written none yet: its number is one that was used before.
    if (*process != base::process_id() && base::process_runs(*process)) continue;
    const std::string path = options_.dir + "/" + name;
    if (parts_.fs.unlink(path)) cleared.push_back(path);
  }
  return cleared;
}

snapshot::FileJob Saving::file_job() const {
  snapshot::FileJob job;
  job.temporary_path = options_.dir + "/" + temporary_name(base::process_id());
  job.final_path = options_.dir + "/" + options_.file_name;
  job.compress = options_.compress;
  job.checksum = options_.checksum;
  job.bytes_per_second = options_.bytes_per_second;
  return job;
}

snapshot::FileFacts Saving::file_facts() const {
  snapshot::FileFacts facts;
  facts.created_unix_s = now_s();
  facts.used_memory_bytes = parts_.memory.used_bytes();
  return facts;
}

void Saving::start_thread() {
  if (!uses_thread_ || thread_runs_) return;
  recorder_.start_thread();
  thread_runs_ = true;
}

void Saving::begin_save(Pace pace) {
  start_thread();
  save_wanted_ = save_cancelled_ = false;
  saving_ = true;
  save_began_s_ = now_s();
  changes_at_save_ = parts_.stats.changes_since_save;
  held_peak_bytes_ = 0;
  snapshot::FileJob job = file_job();
  if (pace == Pace::kFull) job.bytes_per_second = 0;
  recorder_.begin(std::move(job), file_facts());
}

void Saving::end_save(const base::Result<void>& end) {
  saving_ = false;
  save_took_s_ = now_s() - save_began_s_;
  last_save_held_bytes_ = held_peak_bytes_;
  if (end.ok()) {
    parts_.stats.changes_since_save -= std::min(parts_.stats.changes_since_save, changes_at_save_);
    save_ended_s_ = now_s();
    last_save_ok_ = true;
    ++saves_;
    parts_.log.notice("Saved " + std::to_string(recorder_.walker().keys_total()) + " keys, " +
                      std::to_string(recorder_.written_bytes()) + " bytes.");
  } else if (!save_cancelled_) {
    last_save_ok_ = false;
    next_save_point_us_ = parts_.clock.monotonic_us() + kSaveRetryUs;
    parts_.log.warning("Saving failed: " + end.error().message);
  }
}

void Saving::begin_rewrite() {
  start_thread();
  rewrite_wanted_ = rewrite_given_up_ = false;
  rewrite_began_s_ = now_s();
  held_peak_bytes_ = 0;
  rewrite_->begin({file_job(), file_facts()});
}

void Saving::end_rewrite(const base::Result<void>& end) {
  rewrite_took_s_ = now_s() - rewrite_began_s_;
  last_rewrite_held_bytes_ = held_peak_bytes_;
  if (!end.ok() && rewrite_given_up_) return;
  last_rewrite_ok_ = end.ok();
  if (end.ok()) {
    ++rewrites_;
    rewrite_failures_ = 0;
    older_bytes_ = rewrite_->base_bytes() - rewrite_->closed_bytes();
    bytes_after_rewrite_ = log_bytes();
    parts_.log.notice("The log was rewritten: its base has " + std::to_string(rewrite_->base_bytes()) +
                      " bytes.");
    return;
  }
  int64_t pause_us = kFirstRewriteRetryUs << std::min<uint64_t>(rewrite_failures_, 6);
  if (!writer_->listed()) pause_us = kBaseRetryUs;
  next_rewrite_us_ = parts_.clock.monotonic_us() + std::min(pause_us, kLastRewriteRetryUs);
  ++rewrite_failures_;
  parts_.log.warning("Rewriting the log failed: " + end.error().message);
}

// --- telling

uint64_t Saving::log_bytes() const {
  return writer_ == nullptr ? 0 : older_bytes_ + writer_->closed_bytes() + writer_->increment_bytes();
}

exec::SavingFacts Saving::facts() const {
  exec::SavingFacts facts;
  facts.save_in_progress = saving_ || (save_wanted_ && !busy());
  facts.save_scheduled = save_wanted_ && busy();
  facts.last_save_unix_s = save_ended_s_;
  facts.last_save_ok = last_save_ok_;
  facts.last_save_took_s = save_took_s_;
  facts.saves = saves_;
  if (saving_) facts.current_save_s = now_s() - save_began_s_;
  const bool rewriting = rewrite_ && rewrite_->active();
  facts.rewrite_in_progress = rewriting || (rewrite_wanted_ && !saving_);
  facts.rewrite_scheduled = rewrite_wanted_ && saving_;
  facts.last_rewrite_ok = last_rewrite_ok_;
  facts.last_rewrite_took_s = rewrite_took_s_;
  facts.rewrites = rewrites_;
  facts.rewrite_failures = rewrite_failures_;
  if (rewriting) facts.current_rewrite_s = now_s() - rewrite_began_s_;
  if (recorder_.active()) {
    facts.keys_total = recorder_.walker().keys_total();
    facts.keys_passed = recorder_.walker().keys_passed();
    facts.held_bytes = held_bytes();
    facts.held_peak_bytes = held_peak_bytes_;
  }
  facts.last_save_held_bytes = last_save_held_bytes_;
  facts.last_rewrite_held_bytes = last_rewrite_held_bytes_;
  facts.loaded_keys = loaded_keys_;
  facts.load_expired_keys = load_expired_keys_;
  facts.log_bytes = log_bytes();
  facts.log_bytes_after_rewrite = bytes_after_rewrite_;
  return facts;
}

}  // namespace sluice::server
