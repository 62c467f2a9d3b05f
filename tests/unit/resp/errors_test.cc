#include "resp/errors.h"

#include <vector>

#include <doctest/doctest.h>

using namespace sluice;
using base::Bytes;
using base::ByteView;
namespace errors = resp::errors;

namespace {

std::string unknown(const std::vector<Bytes>& request) {
  const std::vector<ByteView> views(request.begin(), request.end());
  return errors::unknown_command(views);
}

}  // namespace

TEST_CASE("Errors: an unknown command echoes its name as typed and its arguments, a blank after each") {
  CHECK(unknown({"FOO"}) == "ERR unknown command 'FOO', with args beginning with: ");
  CHECK(unknown({"Foo", "a", "c d"}) == "ERR unknown command 'Foo', with args beginning with: 'a' 'c d' ");
}

TEST_CASE("Errors: the echo of an unknown command ends after 128 bytes of arguments") {
  const Bytes head = "ERR unknown command 'FOO', with args beginning with: ";
  CHECK(unknown({"FOO", Bytes(100, 'a'), Bytes(100, 'b'), "c"}) ==
        head + "'" + Bytes(100, 'a') + "' '" + Bytes(25, 'b') + "' ");
  CHECK(unknown({"FOO", Bytes(125, 'a'), "b"}) == head + "'" + Bytes(125, 'a') + "' ");
  CHECK(unknown({"FOO", Bytes(124, 'a'), "bc", "d"}) == head + "'" + Bytes(124, 'a') + "' 'b' ");
  CHECK(unknown({Bytes(200, 'F'), Bytes(130, 'b')}) == "ERR unknown command '" + Bytes(128, 'F') +
                                                           "', with args beginning with: '" +
                                                           Bytes(128, 'b') + "' ");
}

TEST_CASE("Errors: an echo stops at a NUL, as printf does") {
  CHECK(unknown({Bytes("\0x", 2), Bytes("a\0b", 3), "c"}) ==
        "ERR unknown command '', with args beginning with: 'a' 'c' ");
}

TEST_CASE("Errors: subcommands are echoed to 128 bytes, their command in upper case") {
  CHECK(errors::unknown_subcommand("client", "Foo") == "ERR unknown subcommand 'Foo'. Try CLIENT HELP.");
  CHECK(errors::unknown_subcommand("client", Bytes(130, 'b')) ==
        "ERR unknown subcommand '" + Bytes(128, 'b') + "'. Try CLIENT HELP.");
  CHECK(errors::unknown_subcommand_or_arity("debug", "FOO") ==
        "ERR unknown subcommand or wrong number of arguments for 'FOO'. Try DEBUG HELP.");
}

TEST_CASE("Errors: texts with a name in them") {
  CHECK(errors::wrong_arity("config|get") == "ERR wrong number of arguments for 'config|get' command");
  CHECK(errors::not_allowed_when_subscribed("get") ==
        "ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed "
        "in this "
        "context");
  CHECK(errors::misconf_log("Input/output error") ==
        "MISCONF Errors writing to the AOF file: Input/output error");
  CHECK(errors::expected_bulk('x') == "ERR Protocol error: expected '$', got 'x'");
}
