// Scripts by name, and running them. Owns the compiled scripts and the Lua state; the executor owns the
// engine.
//
// A script enters by EVAL (prepare) or by SCRIPT LOAD (load). Those that came by EVAL only are dropped, the
// longest unused first, beyond Limits::eval_scripts; loaded ones stay until flush. A `Script` pointer is good
// until the next call of prepare, load or flush.
//
// Driving a run:
//   outcome = engine.run(script, {keys, argv}, host, reply);      kDone: `reply` has its one value
//   while suspended, one turn of the loop each:  outcome = engine.resume(host, reply)
//   or, to end it: engine.kill() and send the text it returns as the error
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "resp/reply.h"
#include "script/host.h"
#include "script/run.h"
#include "script/sha1.h"
#include "script/shebang.h"

namespace sluice::script {

class Interpreter;
class Watchdog;

struct Limits {
  int64_t busy_after_us = 5'000'000;      // busy-reply-threshold: a run that lasts longer is suspended.
  int64_t hard_after_us = 10'000'000;     // Where it cannot be suspended it is stopped with an error.
  int64_t slice_us = 2'000;               // How long each resume may run.
  size_t eval_scripts = 500;              // Kept of those that came by EVAL.
  size_t memory_bytes = size_t{1} << 30;  // Of everything that Lua holds.
};

struct Script {
  Sha sha;
  base::Bytes text;
  ScriptFlags flags;
  int function;                        // The interpreter's number for it.
  bool loaded;                         // By SCRIPT LOAD: never evicted.
  std::list<Script*>::iterator place;  // Among the evictable. REQUIRES: !loaded.
};

class Engine {
 public:
  // `clock` outlives the engine.
  explicit Engine(const base::Clock& clock, const Limits& limits = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // From the next run on. What is kept already stays.
  void set_limits(const Limits& limits);
  // Starts the thread that notices long runs; until then only `interrupt` does. Not before daemonizing.
  void start_watchdog();
  // The run in progress looks at its deadline soon. From any thread.
  void interrupt();

  // The script with this text, compiled at most once. Errors are the text a client reads.
  // REQUIRES: !busy().
  [[nodiscard]] base::Result<const Script*> prepare(base::ByteView text);
  [[nodiscard]] base::Result<const Script*> load(base::ByteView text);
  // EVALSHA and SCRIPT EXISTS: any case of digits; null when there is none (NOSCRIPT).
  [[nodiscard]] const Script* find(base::ByteView sha) const;
  // REQUIRES: !busy().
  void flush();

  // Runs a script that prepare, load or find returned. `invocation` is copied; `host` and `reply` are used
  // during the call only. REQUIRES: !busy().
  [[nodiscard]] Outcome run(const Script& script, const Invocation& invocation, Host& host,
                            resp::Reply& reply);
  // Lets the suspended run go on for one slice. REQUIRES: busy().
  [[nodiscard]] Outcome resume(Host& host, resp::Reply& reply);
  // Ends the suspended run and returns the text of its error. What it has written stays written: whether that
  // allows killing is for the caller to judge. REQUIRES: busy().
  [[nodiscard]] std::string kill();
  // A run is suspended, and nothing else may run.
  [[nodiscard]] bool busy() const;

  [[nodiscard]] size_t script_count() const { return by_text_.size(); }
  [[nodiscard]] size_t memory_bytes() const;                       // Of the Lua state.
  [[nodiscard]] size_t text_bytes() const { return text_bytes_; }  // Of the cached texts.

 private:
  struct TextHash {
    size_t operator()(std::string_view text) const;
  };
  using ByText = std::unordered_map<std::string_view, std::unique_ptr<Script>, TextHash>;

  base::Result<Script*> add(base::ByteView text, bool loaded);
  void evict_oldest();
  void touch(const Script& script);

  const base::Clock& clock_;
  Limits limits_;
  std::unique_ptr<Interpreter> interpreter_;
  ByText by_text_;  // Owns the scripts; the keys are views into their texts.
  std::unordered_map<std::string_view, Script*, TextHash> by_sha_;
  std::list<Script*> evictable_;  // Longest unused first.
  size_t text_bytes_ = 0;
  Sha running_{};
  std::unique_ptr<Watchdog> watchdog_;  // Last: its thread calls the interpreter.
};

}  // namespace sluice::script
