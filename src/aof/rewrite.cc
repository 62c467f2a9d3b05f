#include "aof/rewrite.h"

#include <utility>

#include "aof/leftovers.h"
#include "base/check.h"

namespace sluice::aof {

void Rewrite::begin(Request request) {
  SLUICE_CHECK(!active() && !recorder_.active(), "one rewrite at a time, and no other snapshot");
  request_ = std::move(request);
  request_.facts.log_base = true;
  cancelled_ = false;
  end_.reset();
  state_ = State::kPreparing;
  writer_.prepare_rotation();
}

bool Rewrite::step(int64_t now_us, bool may_take) {
  switch (state_) {
    case State::kIdle:
      return false;
    case State::kPreparing:
      if (writer_.failure()) {
        fail(*writer_.failure());
      } else if (cancelled_) {
        fail("cancelled");
      } else if (!may_take) {
        writer_.drop_rotation();  // a unit is half done, which may take long: syncs go on meanwhile
      } else {
        writer_.prepare_rotation();
        if (writer_.rotation_ready()) take_moment(now_us);
        return state_ == State::kWalking;
      }
      return false;
    case State::kWalking: {
      const bool more = recorder_.step();
      look_at_recorder();
      return more || state_ == State::kInstalling;
    }
    case State::kInstalling:
      if (cancelled_) {
        // If installing was tried, a manifest on disk may name the base already: then it stays.
        if (retry_at_us_ == 0) recorder_.remove({place_.path(base_.name)});
        fail("cancelled");
      } else {
        install(now_us);
      }
      return false;
    case State::kClearing:
      clear_away();
      return false;
  }
  return false;
}

void Rewrite::take_moment(int64_t now_us) {
  base_ = writer_.next_base();
  auto seq = writer_.rotate(base_, now_us);
  if (!seq.ok()) {
    fail(seq.error().message);
    return;
  }
  from_seq_ = *seq;
  closed_bytes_ = writer_.closed_bytes();
  request_.job.temporary_path = place_.path(kRewriteFile);
  request_.job.final_path = place_.path(base_.name);
  request_.job.new_name = true;
  recorder_.begin(request_.job, request_.facts);
  state_ = State::kWalking;
}

void Rewrite::look_at_recorder() {
  const auto ended = recorder_.take_end();
  if (!ended) return;
  if (!ended->ok()) {
    fail(ended->error().message);
  } else if (cancelled_) {
    recorder_.remove({place_.path(base_.name)});
    fail("cancelled");
  } else {
    base_bytes_ = recorder_.written_bytes();
    retry_at_us_ = 0;
    state_ = State::kInstalling;
  }
}

// Tried until it works: after an error nobody knows which of the two manifests a crash would find, so the
// base cannot be taken back.
void Rewrite::install(int64_t now_us) {
  if (writer_.failure() || now_us < retry_at_us_) return;
  if (auto installed = writer_.install_base(base_, from_seq_); !installed) {
    retry_at_us_ = now_us + kRetryIntervalUs;
    return;
  }
  std::vector<std::string> paths;
  for (const ManifestFile& file : writer_.manifest().history) paths.push_back(place_.path(file.name));
  recorder_.remove(std::move(paths));
  end_ = base::Result<void>{};
  state_ = State::kClearing;
}

void Rewrite::clear_away() {
  if (!recorder_.has_removed_all()) return;
  writer_.forget_history();
  state_ = State::kIdle;
}

void Rewrite::cancel() {
  cancelled_ = true;
  if (state_ == State::kWalking) recorder_.cancel();
}

void Rewrite::fail(std::string reason) {
  writer_.drop_rotation();
  end_ = base::Error{std::move(reason)};
  state_ = State::kIdle;
}

std::optional<base::Result<void>> Rewrite::take_end() {
  return std::exchange(end_, std::nullopt);
}

}  // namespace sluice::aof
