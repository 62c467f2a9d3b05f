// From redis.conf, standard input and the command line to directives, and from directives to a Store.
//
//   sluice-server sluice.conf --port 6380 --save ""     ->   the directives of the file, then `port`, then
//   `save`
//
// Syntax is Redis's: one directive a line, words quoted as in base/words, `#` opens a comment line, `include`
// takes a path whose last part may be a pattern. Later directives win. The loader knows files and lines; what
// an option may hold is the table's business. Errors name the file, the line, its text and the reason.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/fs.h"
#include "base/result.h"
#include "config/store.h"

namespace sluice::config {

inline constexpr uint64_t kMaxConfigBytes = uint64_t{16} << 20;  // Of one file.
inline constexpr size_t kMaxIncludeDepth = 16;

// Where a directive stands, for errors found in it later.
struct Place {
  std::string source;  // A path, "standard input" or "command line".
  size_t line = 0;     // From 1; on the command line, the argument.
  std::string text;
};

struct Directive {
  base::Bytes name;  // In lower case.
  std::vector<base::Bytes> words;
  Place place;
};

// "*** FATAL CONFIG FILE ERROR ***", the place, its text and the reason, on four lines.
base::Error config_error(const Place& place, base::ByteView reason);

// Directives of a file, of the files it includes in their place.
base::Result<std::vector<Directive>> read_config_file(base::Fs& fs, const std::string& path);
base::Result<std::vector<Directive>> read_config_text(base::Fs& fs, const std::string& source,
                                                      base::ByteView text);

struct CommandLine {
  std::string file;  // Empty when none is named.
  bool standard_input = false;
  bool check_only = false;  // --check-config, anywhere among the options.
  std::vector<Directive> options;
};

// What follows the name of the program: [file] [-] [--name value ...]; a `-` stands first or last. The file
// may also follow --check-config.
base::Result<CommandLine> read_command_line(std::span<const std::string> arguments);

// What directives say beyond options; their owners check the rest and blame the place.
struct Rename {
  base::Bytes from;
  base::Bytes to;  // Empty takes the command away.
  Place place;
};
struct UserLine {
  std::vector<base::Bytes> words;  // Name and rules.
  Place place;
};
struct Beside {
  std::vector<Rename> renames;
  std::vector<UserLine> users;
  std::map<Option, Place>
      places;  // Where each live option was set last, for what turns out to be wrong with it.
};

// With the place when `option` was set by a directive, the bare reason otherwise.
base::Error option_error(const Beside& beside, Option option, base::ByteView reason);

// Puts directives into the store, in order; stops at the first that is refused.
base::Result<void> load_directives(std::span<const Directive> directives, Store& store, Beside& beside);

}  // namespace sluice::config
