#include "config/loader.h"

#include <algorithm>
#include <utility>

#include "base/glob.h"
#include "base/letters.h"
#include "base/words.h"
#include "config/options.h"

namespace sluice::config {
namespace {

using base::Bytes;
using base::ByteView;
using base::Error;
using base::Result;

constexpr const char* kCommandLine = "command line";
constexpr ByteView kCheckConfig = "--check-config";

ByteView trimmed(ByteView line) {
  constexpr ByteView kBlanks = " \t\r\n";
  const size_t first = line.find_first_not_of(kBlanks);
  if (first == ByteView::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

bool is_pattern(ByteView path) {
  return path.find_first_of("*?[") != ByteView::npos;
}

class Reader {
 public:
  explicit Reader(base::Fs& fs) : fs_(fs) {}

  Result<void> file(const std::string& path, size_t depth) {
    auto text = base::read_whole(fs_, path, kMaxConfigBytes);
    if (!text) return Error{"can't read the configuration: " + text.error().message};
    return lines(path, *text, depth);
  }

  Result<void> lines(const std::string& source, ByteView text, size_t depth) {
    for (size_t number = 1; !text.empty(); ++number) {
      const size_t end = std::min(text.find('\n'), text.size());
      const ByteView line = trimmed(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.empty() || line.front() == '#') continue;
      auto taken = directive({source, number, std::string(line)}, depth);
      if (!taken) return taken;
    }
    return {};
  }

  std::vector<Directive> take() { return std::move(directives_); }

 private:
  Result<void> directive(Place place, size_t depth) {
    auto words = base::split_words(place.text);
    if (!words) return config_error(place, "Unbalanced quotes in configuration line");
    if (words->empty()) return {};
    Bytes name = base::to_lower(words->front());
    words->erase(words->begin());
    if (name == "include") return include(place, *words, depth);
    directives_.push_back({std::move(name), std::move(*words), std::move(place)});
    return {};
  }

  Result<void> include(const Place& place, Words words, size_t depth) {
    if (words.size() != 1) return config_error(place, "wrong number of arguments");
    if (depth >= kMaxIncludeDepth) return config_error(place, "files include each other too deeply");
    auto paths = expanded(words[0]);
    if (!paths) return config_error(place, paths.error().message);
    for (const std::string& path : *paths) {
      auto included = file(path, depth + 1);
      if (!included) {
        // An error within the file has its own place; one of opening it belongs to this line.
        return fs_.exists(path) ? included : config_error(place, included.error().message);
      }
    }
    return {};
  }

  // The files a path means, sorted. A pattern may mean none.
  Result<std::vector<std::string>> expanded(const std::string& path) {
    if (!is_pattern(path)) return std::vector<std::string>{path};
    const std::string folder = base::directory_of(path);
    if (is_pattern(folder)) return Error{"only the last part of an included path can be a pattern"};
    const std::string pattern = path.substr(path.find_last_of('/') + 1);
    auto names = fs_.list_dir(folder);
    if (!names) return Error{names.error().message};
    std::vector<std::string> paths;
    for (const std::string& name : *names) {
      const bool hidden = name.front() == '.' && pattern.front() != '.';
      if (!hidden && base::glob_match(pattern, name)) paths.push_back(folder + "/" + name);
    }
    return paths;
  }

  base::Fs& fs_;
  std::vector<Directive> directives_;
};

bool is_directive(ByteView name) {
  static constexpr ByteView kBesideOptions[] = {"rename-command", "user", "include", "loadmodule"};
  return find_row(name) || std::find(std::begin(kBesideOptions), std::end(kBesideOptions),
                                     base::to_lower(name)) != std::end(kBesideOptions);
}

// Whether an argument names an option. One that no table knows, right after an option that still lacks its
// value, is that value: titles and passwords may begin with dashes. `--save` alone is complete.
bool opens_option(const std::string& argument, const Directive* last) {
  if (!argument.starts_with("--")) return false;
  const bool awaits_value = last != nullptr && last->words.empty() && last->name != "save";
  const ByteView rest = ByteView(argument).substr(2);
  return !awaits_value || is_directive(rest.substr(0, rest.find(' ')));
}

// The line a file would hold in place of these arguments.
std::string as_line(const Directive& directive) {
  std::string line = directive.name;
  for (const Bytes& word : directive.words) {
    line += ' ';
    base::append_quoted(line, word);
  }
  return line;
}

}  // namespace

Error config_error(const Place& place, ByteView reason) {
  std::string message = "*** FATAL CONFIG FILE ERROR ***\nReading ";
  message += place.source;
  message += place.source == kCommandLine ? ", at argument " : ", at line ";
  message += std::to_string(place.line);
  message += "\n>>> '";
  message += place.text;
  message += "'\n";
  message += reason;
  return Error{std::move(message)};
}

Result<std::vector<Directive>> read_config_file(base::Fs& fs, const std::string& path) {
  Reader reader(fs);
  auto read = reader.file(path, 0);
  if (!read) return read.error();
  return reader.take();
}

Result<std::vector<Directive>> read_config_text(base::Fs& fs, const std::string& source, ByteView text) {
  Reader reader(fs);
  auto read = reader.lines(source, text, 0);
  if (!read) return read.error();
  return reader.take();
}

Result<CommandLine> read_command_line(std::span<const std::string> arguments) {
  CommandLine line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const Place place{kCommandLine, i + 1, argument};
    Directive* last = line.options.empty() ? nullptr : &line.options.back();
    if (argument == "-" && (i == 0 || i + 1 == arguments.size())) {
      line.standard_input = true;
      continue;
    }
    if (line.file.empty() && last == nullptr && !line.standard_input && !argument.starts_with('-')) {
      line.file = argument;
      continue;
    }
    if (argument == kCheckConfig) {
      line.check_only = true;
    } else if (opens_option(argument, last)) {
      auto words = base::split_words(ByteView(argument).substr(2));
      if (!words || words->empty()) return config_error(place, "an option without a name");
      Bytes name = base::to_lower(words->front());
      words->erase(words->begin());
      line.options.push_back({std::move(name), std::move(*words), place});
    } else if (last != nullptr) {
      last->words.push_back(argument);
    } else {
      return config_error(place, "a value without an option before it");
    }
  }
  for (Directive& option : line.options) {
    if (option.name == "include") return config_error(option.place, "include stands in files only");
    if (option.name == "save" && option.words.empty()) option.words.emplace_back();
    // A quoted list, `--save "60 1"`, means its words.
    const auto index = find_row(option.name);
    if (index && option.words.size() == 1) option.words = words_of(rows()[*index], option.words[0]);
    option.place.text = as_line(option);
  }
  return line;
}

Error option_error(const Beside& beside, Option option, ByteView reason) {
  const auto place = beside.places.find(option);
  if (place != beside.places.end()) return config_error(place->second, reason);
  return Error{std::string(row(option).name).append(": ").append(reason)};
}

Result<void> load_directives(std::span<const Directive> directives, Store& store, Beside& beside) {
  for (const Directive& directive : directives) {
    const Place& place = directive.place;
    if (directive.name == "rename-command") {
      if (directive.words.size() != 2) return config_error(place, "wrong number of arguments");
      beside.renames.push_back({directive.words[0], directive.words[1], place});
    } else if (directive.name == "user") {
      if (directive.words.empty()) return config_error(place, "Bad directive or wrong number of arguments");
      beside.users.push_back({directive.words, place});
    } else if (directive.name == "loadmodule") {
      return config_error(place, "this server has no modules");
    } else {
      auto loaded = store.load(directive.name, directive.words);
      if (!loaded) return config_error(place, loaded.error().message);
      const size_t index = *find_row(directive.name);
      if (index < kLiveOptions) beside.places.insert_or_assign(static_cast<Option>(index), place);
    }
  }
  return {};
}

}  // namespace sluice::config
