// Rewrite: a log that says the same in less: a new base from the keyspace as it is, in the place of the old
// base and the increments before it. Takes its steps between turns:
//
//   preparing   what is written is being synced
//   walking     the writer has gone on to a new increment; that moment is the snapshot's, which is written
//               beside the log
//   installing  the base is on disk under its name; the manifest is switched to {base, increments since}
//   clearing    what the manifest does not need any more is being deleted
//
// A crash at any moment leaves a set that loads: up to the switch the old one, which goes on with the new
// increment, from then on the new one. A failure leaves the old set and no temporary file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "aof/writer.h"
#include "base/result.h"
#include "snapshot/recorder.h"

namespace sluice::aof {

class Rewrite {
 public:
  Rewrite(const LogPlace& place, Writer& writer, snapshot::Recorder& recorder)
      : place_(place), writer_(writer), recorder_(recorder) {}

  struct Request {
    snapshot::FileJob job;  // the paths are filled in here
    snapshot::FileFacts facts;
  };
  // REQUIRES: !active(), and the recorder is not active.
  void begin(Request request);
  // A slice of work at the end of a turn; `may_take` says that no unit is half done. What was appended and is
  // not written yet is written when it takes its moment. True when there is more to do at once.
  bool step(int64_t now_us, bool may_take);
  void cancel();

  [[nodiscard]] bool active() const { return state_ != State::kIdle; }
  // Not yet at its moment: what is changed now will be in the base.
  [[nodiscard]] bool preparing() const { return state_ == State::kPreparing; }
  // How it ended, once. Success: the manifest names the new base.
  [[nodiscard]] std::optional<base::Result<void>> take_end();
  // The manifest names the new base; only what is not needed any more is still there.
  [[nodiscard]] bool installed() const { return state_ == State::kClearing; }
  // Of the last base made, and Writer::closed_bytes() at its moment.
  [[nodiscard]] uint64_t base_bytes() const { return base_bytes_; }
  [[nodiscard]] uint64_t closed_bytes() const { return closed_bytes_; }

 private:
  enum class State : uint8_t { kIdle, kPreparing, kWalking, kInstalling, kClearing };

  void take_moment(int64_t now_us);
  void look_at_recorder();
  void install(int64_t now_us);
  void clear_away();
  void fail(std::string reason);

  const LogPlace place_;
  Writer& writer_;
  snapshot::Recorder& recorder_;
  State state_ = State::kIdle;
  Request request_;
  ManifestFile base_;
  uint64_t from_seq_ = 0;  // the increment that goes on where the base ends
  uint64_t base_bytes_ = 0;
  uint64_t closed_bytes_ = 0;
  int64_t retry_at_us_ = 0;
  bool cancelled_ = false;
  std::optional<base::Result<void>> end_;
};

}  // namespace sluice::aof
