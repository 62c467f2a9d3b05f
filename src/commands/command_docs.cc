#include "commands/command_docs.h"

#include <vector>

#include "commands/family.h"
#include "commands/notes.h"
#include "commands/syntax.h"

namespace sluice::commands {

namespace {

void reply_flags(resp::Reply& reply, const Argument& argument) {
  reply.set((argument.optional ? 1u : 0u) + (argument.multiple ? 1u : 0u) +
            (argument.multiple_token ? 1u : 0u));
  if (argument.optional) reply.status("optional");
  if (argument.multiple) reply.status("multiple");
  if (argument.multiple_token) reply.status("multiple_token");
}

void reply_arguments(resp::Reply& reply, const std::vector<Argument>& arguments) {
  reply.array(arguments.size());
  for (const Argument& argument : arguments) {
    const bool flagged = argument.optional || argument.multiple;
    reply.map(2u + (argument.key_spec >= 0 ? 1u : 0u) + (argument.token.empty() ? 0u : 1u) +
              (argument.since.empty() ? 0u : 1u) + (argument.deprecated_since.empty() ? 0u : 1u) +
              (flagged ? 1u : 0u) + (argument.arguments.empty() ? 0u : 1u));
    reply.bulk("name");
    reply.bulk(argument.name);
    reply.bulk("type");
    reply.bulk(argument.type);
    if (argument.key_spec >= 0) {
      reply.bulk("key_spec_index");
      reply.integer(argument.key_spec);
    }
    if (!argument.token.empty()) {
      reply.bulk("token");
      reply.bulk(argument.token);
    }
    if (!argument.since.empty()) {
      reply.bulk("since");
      reply.bulk(argument.since);
    }
    if (!argument.deprecated_since.empty()) {
      reply.bulk("deprecated_since");
      reply.bulk(argument.deprecated_since);
    }
    if (flagged) {
      reply.bulk("flags");
      reply_flags(reply, argument);
    }
    if (!argument.arguments.empty()) {
      reply.bulk("arguments");
      reply_arguments(reply, argument.arguments);
    }
  }
}

// The name the row gives, whatever rename-command made of it: notes are found by it.
std::string first_name(const Command& command) {
  const std::string own(command.spec->name);
  return command.container == nullptr ? own : std::string(command.container->spec->name) + "|" + own;
}

uint32_t note_fields(const Notes& notes) {
  const bool deprecated = !notes.deprecated_since.empty();
  return (notes.complexity.empty() ? 0u : 1u) + (deprecated || notes.is_internal ? 1u : 0u) +
         (deprecated ? 2u : 0u) + (notes.changes() == 0 ? 0u : 1u);
}

void reply_notes(resp::Reply& reply, const Notes& notes) {
  const bool deprecated = !notes.deprecated_since.empty();
  if (!notes.complexity.empty()) {
    reply.bulk("complexity");
    reply.bulk(notes.complexity);
  }
  if (deprecated || notes.is_internal) {
    reply.bulk("doc_flags");
    reply.set((deprecated ? 1u : 0u) + (notes.is_internal ? 1u : 0u));
    if (deprecated) reply.status("deprecated");
    if (notes.is_internal) reply.status("syscmd");
  }
  if (deprecated) {
    reply.bulk("deprecated_since");
    reply.bulk(notes.deprecated_since);
    reply.bulk("replaced_by");
    reply.bulk(notes.replaced_by);
  }
  if (notes.changes() == 0) return;
  reply.bulk("history");
  reply.set(notes.changes());
  for (const Change& change : std::span(notes.history).first(notes.changes())) {
    reply.array(2);
    reply.bulk(change.version);
    reply.bulk(change.what);
  }
}

// Name and documents: two elements of the map around them.
void reply_docs(resp::Reply& reply, const Command& command) {
  const CommandSpec& spec = *command.spec;
  const Notes& notes = notes_of(first_name(command));
  const std::vector<Argument> arguments = arguments_of(spec);
  reply.bulk(command.full_name);
  reply.map(3u + note_fields(notes) + (arguments.empty() ? 0u : 1u) +
            (command.subcommands.empty() ? 0u : 1u));
  reply.bulk("summary");
  reply.bulk(spec.summary);
  reply.bulk("since");
  reply.bulk(spec.since);
  reply.bulk("group");
  reply.bulk(group_name(spec.group));
  reply_notes(reply, notes);
  if (!arguments.empty()) {
    reply.bulk("arguments");
    reply_arguments(reply, arguments);
  }
  if (!command.subcommands.empty()) {
    reply.bulk("subcommands");
    reply.map(command.subcommands.size());
    for (const auto& sub : command.subcommands) reply_docs(reply, *sub);
  }
}

}  // namespace

Outcome cmd_command_docs(Call& call) {
  std::vector<const Command*> shown;
  if (!call.args.more()) {
    for (const auto& command : call.on.table.all()) shown.push_back(command.get());
  }
  while (call.args.more()) {
    const Command* command = call.on.table.find_full(call.args.next());
    if (command != nullptr) shown.push_back(command);
  }
  call.reply.map(shown.size());
  for (const Command* command : shown) reply_docs(call.reply, *command);
  return Outcome::kDone;
}

}  // namespace sluice::commands
