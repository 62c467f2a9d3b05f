#include "config/loader.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/memory_fs.h"

using namespace sluice;
using namespace sluice::config;
using base::Bytes;
using base::ByteView;
using testing::MemoryFs;

namespace {

void put(MemoryFs& fs, const std::string& path, ByteView text) {
  auto file = fs.open(path, base::kOpenWrite | base::kOpenCreate);
  REQUIRE(file.ok());
  REQUIRE(base::write_all(**file, text).ok());
  REQUIRE((*file)->close().ok());
}

// "name word word;" of every directive, or the error.
std::string shown(const base::Result<std::vector<Directive>>& directives) {
  if (!directives.ok()) return directives.error().message;
  std::string text;
  for (const Directive& directive : *directives) {
    text += directive.name;
    for (const Bytes& word : directive.words) text += " [" + word + "]";
    text += ";";
  }
  return text;
}

std::string read(ByteView text) {
  MemoryFs fs;
  return shown(read_config_text(fs, "test.conf", text));
}

std::string command_line(const std::vector<std::string>& arguments) {
  const auto line = read_command_line(arguments);
  if (!line.ok()) return line.error().message;
  return "file=" + line->file + (line->standard_input ? " stdin " : " ") + shown(line->options);
}

std::string load(ByteView text, Store& store, Beside& beside) {
  MemoryFs fs;
  const auto directives = read_config_text(fs, "test.conf", text);
  REQUIRE(directives.ok());
  const auto loaded = load_directives(*directives, store, beside);
  return loaded.ok() ? "OK" : loaded.error().message;
}

}  // namespace

TEST_CASE("Loader: comments and blank lines mean nothing, names lose their case, words their quotes") {
  CHECK(read("# comment\n\n  \t\n  PORT 6380  \r\nsave \"\"\nrequirepass 'a b'\nlogfile \"\\x41\"") ==
        "port [6380];save [];requirepass [a b];logfile [A];");
}

TEST_CASE("Loader: quotes that do not balance are refused with the place") {
  CHECK(read("port 1\n\nlogfile \"abc\n") ==
        "*** FATAL CONFIG FILE ERROR ***\nReading test.conf, at line 3\n>>> 'logfile \"abc'\n"
        "Unbalanced quotes in configuration line");
}

TEST_CASE("Loader: an included file stands in place of its line, and a pattern for all it fits") {
  MemoryFs fs;
  REQUIRE(fs.mkdir("/etc").ok());
  REQUIRE(fs.mkdir("/etc/d").ok());
  put(fs, "/etc/main.conf", "port 1\ninclude /etc/d/*.conf\ninclude /etc/none*\ntimeout 9\n");
  put(fs, "/etc/d/b.conf", "port 3\n");
  put(fs, "/etc/d/a.conf", "port 2\n");
  put(fs, "/etc/d/c.txt", "port 4\n");
  put(fs, "/etc/d/.hidden.conf", "port 5\n");
  CHECK(shown(read_config_file(fs, "/etc/main.conf")) == "port [1];port [2];port [3];timeout [9];");
}

TEST_CASE("Loader: an included file that is not there is blamed on the line that names it") {
  MemoryFs fs;
  REQUIRE(fs.mkdir("/etc").ok());
  put(fs, "/etc/main.conf", "port 1\ninclude /etc/none.conf\n");
  const std::string error = shown(read_config_file(fs, "/etc/main.conf"));
  CHECK(error.find("Reading /etc/main.conf, at line 2\n>>> 'include /etc/none.conf'\n") != std::string::npos);
  CHECK(error.find("No such file or directory") != std::string::npos);
}

TEST_CASE("Loader: an error in an included file is placed there") {
  MemoryFs fs;
  REQUIRE(fs.mkdir("/etc").ok());
  put(fs, "/etc/main.conf", "include /etc/other.conf\n");
  put(fs, "/etc/other.conf", "\nport \"1\n");
  CHECK(shown(read_config_file(fs, "/etc/main.conf")).find("Reading /etc/other.conf, at line 2") !=
        std::string::npos);
}

TEST_CASE("Loader: files that include each other end in an error") {
  MemoryFs fs;
  REQUIRE(fs.mkdir("/etc").ok());
  put(fs, "/etc/a.conf", "include /etc/b.conf\n");
  put(fs, "/etc/b.conf", "include /etc/a.conf\n");
  CHECK(shown(read_config_file(fs, "/etc/a.conf")).find("files include each other too deeply") !=
        std::string::npos);
}

TEST_CASE("Loader: a pattern in the folder of an included path is refused") {
  CHECK(read("include /e*/a.conf").find("only the last part of an included path can be a pattern") !=
        std::string::npos);
}

TEST_CASE("Loader: a missing file names itself and the reason") {
  MemoryFs fs;
  const std::string error = shown(read_config_file(fs, "/none.conf"));
  CHECK(error.find("/none.conf") != std::string::npos);
  CHECK(error.find("No such file or directory") != std::string::npos);
}

TEST_CASE("Command line: a file, options with any number of values, and standard input") {
  CHECK(command_line({}) == "file= ");
  CHECK(command_line({"x.conf"}) == "file=x.conf ");
  CHECK(command_line({"x.conf", "--port", "6380", "--bind", "127.0.0.1", "::1"}) ==
        "file=x.conf port [6380];bind [127.0.0.1] [::1];");
  CHECK(command_line({"-"}) == "file= stdin ");
  CHECK(command_line({"x.conf", "--PORT", "1", "-"}) == "file=x.conf stdin port [1];");
}

TEST_CASE("Command line: a quoted list means its words, and an option may be one argument with its value") {
  CHECK(command_line({"--save", "60 1 30 2"}) == "file= save [60] [1] [30] [2];");
  CHECK(command_line({"--save", ""}) == "file= save [];");
  CHECK(command_line({"--save", "--port", "1"}) == "file= save [];port [1];");
  CHECK(command_line({"--port 6380", "--requirepass", "a b"}) == "file= port [6380];requirepass [a b];");
}

TEST_CASE("Command line: a value may begin with dashes when no option is called so") {
  CHECK(command_line({"--requirepass", "--secret", "--port", "1"}) ==
        "file= requirepass [--secret];port [1];");
}

TEST_CASE("Command line: --check-config stands anywhere, and the file may follow it") {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--check-config", "x.conf", "--port", "1"},
                                             {"x.conf", "--check-config", "--port", "1"},
                                             {"x.conf", "--port", "1", "--check-config"}}) {
    const auto line = read_command_line(arguments);
    REQUIRE(line.ok());
    CHECK(line->check_only);
    CHECK(line->file == "x.conf");
    CHECK(shown(line->options) == "port [1];");
  }
  const auto without = read_command_line(std::vector<std::string>{"x.conf"});
  REQUIRE(without.ok());
  CHECK_FALSE(without->check_only);
}

TEST_CASE("Command line: values need an option") {
  CHECK(command_line({"x.conf", "y.conf"}).find("a value without an option before it") != std::string::npos);
  CHECK(command_line({"--"}).find("an option without a name") != std::string::npos);
}

TEST_CASE("Command line: --port=1 is an unknown directive, blamed on its argument") {
  const auto line = read_command_line(std::vector<std::string>{"x.conf", "--port=1"});
  REQUIRE(line.ok());
  Store store;
  Beside beside;
  const auto loaded = load_directives(line->options, store, beside);
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().message ==
        "*** FATAL CONFIG FILE ERROR ***\nReading command line, at argument 2\n>>> 'port=1'\n"
        "Bad directive or wrong number of arguments");
}

TEST_CASE("Loader: directives reach the store in order, the last one wins") {
  Store store;
  Beside beside;
  CHECK(load("port 1\nport 2\nclient-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit pubsub 4 5 "
             "6\n",
             store, beside) == "OK");
  CHECK(store.number(Option::kPort) == 2);
  CHECK(store.output_limit(OutputClass::kNormal).soft_seconds == 3);
  CHECK(store.output_limit(OutputClass::kPubsub).hard_bytes == 4);
}

TEST_CASE("Loader: renames and users are handed on with their places") {
  Store store;
  Beside beside;
  CHECK(load("rename-command CONFIG \"\"\nuser bob on >p ~*\n", store, beside) == "OK");
  REQUIRE(beside.renames.size() == 1);
  CHECK(beside.renames[0].from == "CONFIG");
  CHECK(beside.renames[0].to.empty());
  REQUIRE(beside.users.size() == 1);
  CHECK(beside.users[0].words == std::vector<Bytes>{"bob", "on", ">p", "~*"});
  CHECK(beside.users[0].place.line == 2);
}

TEST_CASE("Loader: what turns out wrong with an option later is blamed on its last line") {
  Store store;
  Beside beside;
  CHECK(load("dir /a\n\ndir /b\nhz 50\n", store, beside) == "OK");
  CHECK(option_error(beside, Option::kDir, "No such file or directory").message ==
        "*** FATAL CONFIG FILE ERROR ***\nReading test.conf, at line 3\n>>> 'dir /b'\nNo such file or "
        "directory");
  CHECK(option_error(beside, Option::kLogFile, "a reason").message == "logfile: a reason");
}

TEST_CASE("Loader: what cannot be is refused with file, line, text and reason") {
  Store store;
  Beside beside;
  CHECK(load("port 1\nfoo 1\n", store, beside) ==
        "*** FATAL CONFIG FILE ERROR ***\nReading test.conf, at line 2\n>>> 'foo 1'\n"
        "Bad directive or wrong number of arguments");
  CHECK(load("maxmemory 1zb\n", store, beside).find("argument must be a memory value") != std::string::npos);
  CHECK(load("loadmodule x.so\n", store, beside).find("this server has no modules") != std::string::npos);
  CHECK(load("replicaof host 1\n", store, beside).find("neither is nor has a replica") != std::string::npos);
  CHECK(load("activedefrag yes\n", store, beside) ==
        "*** FATAL CONFIG FILE ERROR ***\nReading test.conf, at line 1\n>>> 'activedefrag yes'\n"
        "this server does not defragment memory in the background; only 'no' is accepted");
  CHECK(load("rename-command a\n", store, beside).find("wrong number of arguments") != std::string::npos);
  CHECK(load("user\n", store, beside).find("Bad directive or wrong number of arguments") !=
        std::string::npos);
}
