// Every error text of the wire that more than one place says, once: full text with its code, without the
// leading '-' and the line end. They are protocol, identical to redis-server's to the byte: clients match on
// them. Texts that only one command knows stay beside that command.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice::resp::errors {

using Text = std::string_view;

// Arguments.
inline constexpr Text kSyntax = "ERR syntax error";
inline constexpr Text kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr Text kNotAFloat = "ERR value is not a valid float";
inline constexpr Text kNotAnInt32 =
    "ERR value is out of range, value must between -2147483648 and 2147483647";
inline constexpr Text kOutOfRange = "ERR value is out of range";
inline constexpr Text kMustBePositive = "ERR value is out of range, must be positive";
inline constexpr Text kMinOrMaxNotAFloat = "ERR min or max is not a float";
inline constexpr Text kMinOrMaxNotAString = "ERR min or max not valid string range item";
inline constexpr Text kIndexOutOfRange = "ERR index out of range";
inline constexpr Text kOffsetOutOfRange = "ERR offset is out of range";
inline constexpr Text kIncrementOverflow = "ERR increment or decrement would overflow";
inline constexpr Text kIncrementNanOrInfinity = "ERR increment would produce NaN or Infinity";
inline constexpr Text kStringTooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
inline constexpr Text kDbIndexOutOfRange = "ERR DB index is out of range";
inline constexpr Text kInvalidCursor = "ERR invalid cursor";
inline constexpr Text kNumkeysMustBePositive = "ERR numkeys should be greater than 0";
inline constexpr Text kCountMustBePositive = "ERR count should be greater than 0";
inline constexpr Text kMadeKeysTooLong = "ERR the names that TO makes are too long";
inline constexpr Text kLimitNotNegative = "ERR LIMIT can't be negative";
inline constexpr Text kTooManyKeys = "ERR Number of keys can't be greater than number of args";
inline constexpr Text kNegativeKeys = "ERR Number of keys can't be negative";

// Timeouts of blocking commands.
inline constexpr Text kTimeoutNotAFloat = "ERR timeout is not a float or out of range";
inline constexpr Text kTimeoutNotAnInteger = "ERR timeout is not an integer or out of range";
inline constexpr Text kTimeoutNegative = "ERR timeout is negative";
inline constexpr Text kTimeoutOutOfRange = "ERR timeout is out of range";

// Keys and values.
inline constexpr Text kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr Text kNoSuchKey = "ERR no such key";
inline constexpr Text kSameObject = "ERR source and destination objects are the same";
inline constexpr Text kHashValueNotAnInteger = "ERR hash value is not an integer";
inline constexpr Text kHashValueNotAFloat = "ERR hash value is not a float";
inline constexpr Text kBusyKey = "BUSYKEY Target key name already exists.";
inline constexpr Text kUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK";

// The client and its state.
inline constexpr Text kNoAuth = "NOAUTH Authentication required.";
inline constexpr Text kHelloNoAuth =
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
    "<user> "
    "<pass> option can be used to authenticate the client and select the RESP protocol version at the same "
    "time";
inline constexpr Text kWrongPass = "WRONGPASS invalid username-password pair or user is disabled.";
inline constexpr Text kAuthWithoutPassword =
    "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
    "configuration is correct?";
inline constexpr Text kNoProto = "NOPROTO unsupported protocol version";
inline constexpr Text kProtocolNotAnInteger = "ERR Protocol version is not an integer or out of range";
inline constexpr Text kMaxClients = "ERR max number of clients reached";
inline constexpr Text kProtectedMode =
    "DENIED Redis is running in protected mode because protected mode is enabled and no password is set for "
    "the "
    "default user. In this mode connections are only accepted from the loopback interface. If you want to "
    "connect "
    "from external computers to Redis you may adopt one of the following solutions: 1) Just disable "
    "protected mode "
    "sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis "
    "from the "
    "same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if "
    "you do "
    "so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the "
    "protected mode "
    "by editing the Redis configuration file, and setting the protected mode option to 'no', and then "
    "restarting "
    "the server. 3) If you started the server manually just for testing, restart it with the "
    "'--protected-mode no' "
    "option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of "
    "the above "
    "things in order for the server to start accepting connections from the outside.";

// The server and its state.
inline constexpr Text kOutOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";
inline constexpr Text kLoading = "LOADING Redis is loading the dataset in memory";
inline constexpr Text kBusyScript =
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
inline constexpr Text kBusyFunction =
    "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
inline constexpr Text kMisconfSnapshot =
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "
    "Commands that "
    "may modify the data set are disabled, because this instance is configured to report errors during "
    "writes if RDB "
    "snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about "
    "the RDB "
    "error.";

// MULTI, WATCH, EXEC.
inline constexpr Text kMultiNested = "ERR MULTI calls can not be nested";
inline constexpr Text kExecWithoutMulti = "ERR EXEC without MULTI";
inline constexpr Text kDiscardWithoutMulti = "ERR DISCARD without MULTI";
inline constexpr Text kWatchInMulti = "ERR WATCH inside MULTI is not allowed";
inline constexpr Text kExecAborted = "EXECABORT Transaction discarded because of previous errors.";
inline constexpr Text kNotAllowedInMulti = "ERR Command not allowed inside a transaction";

// Scripts.
inline constexpr Text kNoScript = "NOSCRIPT No matching script. Please use EVAL.";
inline constexpr Text kNotBusy = "NOTBUSY No scripts in execution right now.";
inline constexpr Text kUnkillable =
    "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait "
    "the "
    "script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.";
inline constexpr Text kNotAllowedFromScript = "ERR This Redis command is not allowed from script";
inline constexpr Text kUnknownFromScript = "ERR Unknown Redis command called from script";
inline constexpr Text kWrongArityFromScript = "ERR Wrong number of args calling Redis command from script";
inline constexpr Text kReadOnlyScript = "ERR Write commands are not allowed from read-only scripts.";

// Requests that break the protocol; the connection is closed after any of them.
inline constexpr Text kUnbalancedQuotes = "ERR Protocol error: unbalanced quotes in request";
inline constexpr Text kBigInline = "ERR Protocol error: too big inline request";
inline constexpr Text kBigCount = "ERR Protocol error: too big mbulk count string";
inline constexpr Text kBadCount = "ERR Protocol error: invalid multibulk length";
inline constexpr Text kUnauthenticatedCount = "ERR Protocol error: unauthenticated multibulk length";
inline constexpr Text kBigBulkCount = "ERR Protocol error: too big bulk count string";
inline constexpr Text kBadBulk = "ERR Protocol error: invalid bulk length";
inline constexpr Text kUnauthenticatedBulk = "ERR Protocol error: unauthenticated bulk length";
// "ERR Protocol error: expected '$', got 'x'".
std::string expected_bulk(char got);

// "ERR wrong number of arguments for 'lpush' command". `command` is the name in lower case, `config|get` for
// a subcommand.
std::string wrong_arity(base::ByteView command);

// "ERR unknown command 'x', with args beginning with: 'a' 'b' ": the name as typed and the arguments, each
// and all of them cut to kEchoedBytes. `request` begins with the name.
std::string unknown_command(std::span<const base::ByteView> request);
inline constexpr size_t kEchoedBytes = 128;

// "ERR unknown subcommand 'x'. Try CLIENT HELP.", the name cut to kEchoedBytes; `command` is put in upper
// case.
std::string unknown_subcommand(base::ByteView command, base::ByteView subcommand);
// "ERR unknown subcommand or wrong number of arguments for 'x'. Try DEBUG HELP."
std::string unknown_subcommand_or_arity(base::ByteView command, base::ByteView subcommand);

// "ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this
// context"; `command` in lower case.
std::string not_allowed_when_subscribed(base::ByteView command);

// "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command": for `error`
// with its code, of which only a plain ERR is left out.
std::string exec_refused(base::ByteView error);

// "MISCONF Errors writing to the AOF file: No space left on device".
std::string misconf_log(base::ByteView reason);

}  // namespace sluice::resp::errors
