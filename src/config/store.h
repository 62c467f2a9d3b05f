// The options as they are set now. One Store lives as long as the server, which owns it; everyone else is
// handed a reference and reads through typed getters that cost an array access. Values change at the start
// (load) and by CONFIG SET (set), which checks everything, then tells the owner, and takes all back when the
// owner cannot follow. It does no I/O: the file is read by loader, and rewritten by whoever writes down what
// rewrite() answers.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "config/options.h"
#include "config/setting.h"

namespace sluice::config {

struct ApplyError {
  Option option{};
  std::string reason;  // "Unable to listen on this port."
};

struct NamedText {
  base::Bytes name;
  base::Bytes text;
};

class Store {
 public:
  // Told after the values of these live options changed, to act on them. When it refuses, the old values are
  // put back and it is called once more with the same options.
  using Apply = std::function<base::Result<void, ApplyError>(std::span<const Option>)>;

  Store();

  // REQUIRES: an option of that type.
  [[nodiscard]] int64_t number(Option option) const { return at(option).number; }
  [[nodiscard]] bool flag(Option option) const { return at(option).number != 0; }
  template <class Enum>
  [[nodiscard]] Enum choice(Option option) const {
    return static_cast<Enum>(at(option).number);
  }
  [[nodiscard]] const base::Bytes& text(Option option) const { return at(option).text; }
  [[nodiscard]] std::vector<base::Bytes> words(Option option) const { return cut_at_blanks(text(option)); }
  [[nodiscard]] std::vector<SavePoint> save_points() const { return save_points_of(text(Option::kSave)); }
  [[nodiscard]] OutputLimit output_limit(OutputClass which) const {
    return output_limit_of(text(Option::kClientOutputBufferLimit), which);
  }

  // One directive of a file or of the command line; the error is the bare reason. The first `save` of a load
  // replaces the default, further ones add to it.
  base::Result<void> load(base::ByteView name, Words words);
  void on_change(Apply apply) { apply_ = std::move(apply); }
  // Notes what became of a value that was set: the absolute path of `dir`, as many clients as the system
  // allows. Tells nobody. REQUIRES: an option of that type.
  void note(Option option, base::ByteView text);
  void note(Option option, int64_t number);

  // The pending and moot options that are not at their default: set, shown, and heeded by nothing.
  [[nodiscard]] std::vector<const Row*> without_effect() const;

  // CONFIG GET: name and text of every option a pattern fits, aliases as options of their own, each once.
  [[nodiscard]] std::vector<NamedText> get(std::span<const base::ByteView> patterns) const;
  // CONFIG SET: all or nothing. The error is the full reply. `protected_allowed` is what
  // enable-protected-configs means for the asking client.
  base::Result<void> set(std::span<const NamedText> pairs, bool protected_allowed);

  // CONFIG REWRITE: the file with every value as it is now. Comments, order, includes and renames stay; the
  // line of an option is replaced where it stands; options that are not at their default and have no line are
  // added at the end, below a line that says so. `users` are the `user` lines as they are to be: they take
  // the places of those there are.
  [[nodiscard]] base::Bytes rewrite(base::ByteView file, std::span<const std::string> users = {}) const;

 private:
  struct Change {
    size_t index;
    base::Bytes name;  // As asked for, in lower case.
    Setting setting;
  };
  [[nodiscard]] const Setting& at(Option option) const { return settings_[static_cast<size_t>(option)]; }
  base::Result<std::vector<Change>> checked(std::span<const NamedText> pairs, bool protected_allowed) const;
  [[nodiscard]] std::vector<base::Bytes> lines(size_t index) const;

  std::vector<Setting> settings_;  // As rows().
  std::vector<bool> loaded_;       // Named by a directive.
  Apply apply_;
};

}  // namespace sluice::config
