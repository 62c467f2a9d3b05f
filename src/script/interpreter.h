// One Lua state and the one script that may be running in it. Owns every Lua object. It turns whatever
// happens inside into a Result or an Outcome: nothing raised by Lua leaves it. It knows functions by number,
// not scripts by name (engine.h does).
//
// A script runs as a coroutine. `interrupt`, from any thread, installs a hook; once the deadline of the run
// has passed the hook yields, and the run is suspended. Where it cannot yield (in a callback of table.sort or
// string.gsub, or in a coroutine of the script's own) it waits until the hard deadline and then stops the
// script with an error.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "resp/reply.h"
#include "script/context.h"
#include "script/run.h"

namespace sluice::script {

class Interpreter {
 public:
  Interpreter(const base::Clock& clock, size_t memory_limit_bytes);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // A number for the compiled function, or the compiler's message. REQUIRES: !suspended().
  [[nodiscard]] base::Result<int> compile(base::ByteView code);
  void forget(int function);

  // Runs `function` and, when it is done, writes its one reply. `sha` goes into error texts. Arguments are
  // copied. REQUIRES: !suspended().
  // `now_us` is monotonic time, which the caller has read already.
  [[nodiscard]] Outcome start(int function, const Invocation& invocation, const RunLimits& limits,
                              int64_t now_us);
  [[nodiscard]] Outcome resume(const RunLimits& limits);
  // Ends a suspended run; the text of its error.
  std::string kill(base::ByteView sha);

  // What start and resume act on; all must outlive the call.
  void bind(Host& host, resp::Reply& reply, base::ByteView sha);

  [[nodiscard]] bool suspended() const { return suspended_; }
  [[nodiscard]] size_t memory_bytes() const { return context_.used_bytes; }

  // Makes the run in progress look at its deadline. From any thread, at any time.
  void interrupt();

 private:
  enum class Phase : uint8_t { kStart, kResume };

  static void* allocate(void* context, void* block, size_t old_bytes, size_t new_bytes);
  static int call_open(lua_State* lua);
  static int call_compile(lua_State* lua);
  static int call_drive(lua_State* lua);
  static int call_renew(lua_State* lua);
  static void hook(lua_State* lua, lua_Debug* activation);
  static Interpreter& of(lua_State* lua);

  void on_hook(lua_State* lua);
  void install_hook(int every);
  void remove_hook();
  void set_arguments(lua_State* lua, Key name, std::span<const base::ByteView> values);
  Outcome run(Phase phase, const RunLimits& limits);
  void finish();
  void collect_all();
  void renew_coroutine();
  void fail(const std::string& text);
  [[nodiscard]] bool problem_is_counted();
  [[nodiscard]] std::string problem_text(base::ByteView sha);
  [[nodiscard]] std::string with_place(std::string text, base::ByteView sha);

  Context context_;  // Before lua_: the allocator uses it to the very end.
  const base::Clock& clock_;
  lua_State* lua_ = nullptr;

  base::ByteView code_;  // Being compiled.
  int compiled_ = 0;

  const Invocation* invocation_ = nullptr;
  int function_ = 0;
  Phase phase_ = Phase::kStart;
  resp::Reply* reply_ = nullptr;
  base::ByteView sha_;
  int resumed_ = 0;        // What lua_resume said last.
  bool yielded_ = false;   // By the hook.
  bool stopping_ = false;  // Past the hard deadline.
  bool suspended_ = false;
  int64_t begun_us_ = 0;
  int64_t deadline_us_ = 0;
  int64_t hard_deadline_us_ = 0;

  std::mutex hook_mutex_;  // lua_sethook is called from two threads.
  std::atomic<bool> hooked_{false};
};

}  // namespace sluice::script
