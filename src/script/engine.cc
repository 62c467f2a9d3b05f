#include "script/engine.h"

#include <xxhash.h>

#include "base/check.h"
#include "script/interpreter.h"
#include "script/watchdog.h"

namespace sluice::script {

using base::ByteView;

size_t Engine::TextHash::operator()(std::string_view text) const {
  return static_cast<size_t>(XXH3_64bits(text.data(), text.size()));
}

Engine::Engine(const base::Clock& clock, const Limits& limits)
    : clock_(clock),
      limits_(limits),
      interpreter_(std::make_unique<Interpreter>(clock, limits.memory_bytes)) {}

Engine::~Engine() = default;

void Engine::interrupt() {
  interpreter_->interrupt();
}

bool Engine::busy() const {
  return interpreter_->suspended();
}

size_t Engine::memory_bytes() const {
  return interpreter_->memory_bytes();
}

void Engine::set_limits(const Limits& limits) {
  limits_ = limits;
  if (watchdog_ != nullptr) watchdog_->set_limit(limits.busy_after_us);
}

void Engine::start_watchdog() {
  SLUICE_CHECK(watchdog_ == nullptr, "the watchdog runs already");
  watchdog_ = std::make_unique<Watchdog>(clock_, limits_.busy_after_us, [this] { interrupt(); });
}

// Found by its text rather than its SHA-1: hashing that costs as much as running a short script.
base::Result<const Script*> Engine::prepare(ByteView text) {
  auto found = by_text_.find(text);
  if (found != by_text_.end()) return static_cast<const Script*>(found->second.get());
  base::Result<Script*> added = add(text, false);
  if (!added.ok()) return added.error();
  return static_cast<const Script*>(*added);
}

base::Result<const Script*> Engine::load(ByteView text) {
  auto found = by_text_.find(text);
  if (found == by_text_.end()) {
    base::Result<Script*> added = add(text, true);
    if (!added.ok()) return added.error();
    return static_cast<const Script*>(*added);
  }
  Script& script = *found->second;
  if (!script.loaded) {
    evictable_.erase(script.place);
    script.loaded = true;
  }
  return static_cast<const Script*>(&script);
}

base::Result<Script*> Engine::add(ByteView text, bool loaded) {
  SLUICE_CHECK(!busy(), "compiling while a script is suspended");
  base::Result<Shebang> shebang = parse_shebang(text);
  if (!shebang.ok()) return shebang.error();
  base::Result<int> compiled = interpreter_->compile(text.substr(shebang->bytes));
  if (!compiled.ok()) {
    return base::Error{"ERR Error compiling script (new function): " + compiled.error().message};
  }
  while (!loaded && evictable_.size() >= limits_.eval_scripts && !evictable_.empty()) evict_oldest();
  std::unique_ptr<Script> script(
      new Script{sha1_hex(text), base::Bytes(text), shebang->flags, *compiled, loaded, evictable_.end()});
  Script* added = script.get();
  if (!loaded) added->place = evictable_.insert(evictable_.end(), added);
  by_sha_.emplace(view(added->sha), added);
  by_text_.emplace(added->text, std::move(script));
  text_bytes_ += text.size();
  return added;
}

void Engine::evict_oldest() {
  Script* script = evictable_.front();
  evictable_.pop_front();
  interpreter_->forget(script->function);
  text_bytes_ -= script->text.size();
  by_sha_.erase(view(script->sha));
  by_text_.erase(by_text_.find(script->text));  // By iterator: the key is a view into what goes.
}

const Script* Engine::find(ByteView sha) const {
  Sha name;
  if (!parse_sha(sha, name)) return nullptr;
  auto found = by_sha_.find(view(name));
  return found == by_sha_.end() ? nullptr : found->second;
}

void Engine::flush() {
  SLUICE_CHECK(!busy(), "flushing while a script is suspended");
  for (const auto& entry : by_text_) interpreter_->forget(entry.second->function);
  by_sha_.clear();
  by_text_.clear();
  evictable_.clear();
  text_bytes_ = 0;
}

void Engine::touch(const Script& script) {
  if (!script.loaded) evictable_.splice(evictable_.end(), evictable_, script.place);
}

Outcome Engine::run(const Script& script, const Invocation& invocation, Host& host, resp::Reply& reply) {
  touch(script);
  running_ = script.sha;
  interpreter_->bind(host, reply, view(running_));
  int64_t now_us = clock_.monotonic_us();
  if (watchdog_ != nullptr) watchdog_->begin_run(now_us);
  Outcome outcome = interpreter_->start(script.function, invocation,
                                        {limits_.busy_after_us, limits_.hard_after_us}, now_us);
  if (watchdog_ != nullptr) watchdog_->end_run();
  return outcome;
}

Outcome Engine::resume(Host& host, resp::Reply& reply) {
  interpreter_->bind(host, reply, view(running_));
  return interpreter_->resume({limits_.slice_us, limits_.hard_after_us});
}

std::string Engine::kill() {
  return interpreter_->kill(view(running_));
}

}  // namespace sluice::script
