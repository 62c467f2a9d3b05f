// What every family of commands includes: the Call and the row, and the few words handlers use all the time.
// A family is one file: functions, and at its end the rows that name them. Only for families to include:
// nobody below or beside may come to depend on it.
#pragma once

#include <span>

#include "exec/call.h"
#include "exec/executor.h"
#include "exec/spec.h"
#include "keyspace/edit.h"
#include "keyspace/event.h"
#include "resp/errors.h"

namespace sluice::commands {

namespace errors = resp::errors;
namespace events = keyspace::events;

using base::Bytes;
using base::ByteView;
using exec::Call;
using exec::CommandSpec;
using exec::Group;
using exec::NullShape;
using exec::Outcome;
using exec::Park;
using keyspace::Edit;
using keyspace::View;

// Rows speak of flags, key specs and categories without their namespace.
using namespace exec;  // NOLINT(google-build-using-namespace)

}  // namespace sluice::commands
