// The sections of INFO, one function each, by file: info_server (the process, its clients, its disk),
// info_memory, info_stats (counters). info.cc decides which are shown. Each reads its figures where they are
// kept and owns nothing; a section must not change what it shows.
#pragma once

#include "commands/info_text.h"
#include "exec/call.h"

namespace sluice::commands {

// What the server as a whole says of itself, asked once per INFO.
struct InfoSource {
  exec::Call& call;
  const exec::ProcessFacts& process;
  const exec::LogFacts& log;
  const exec::SavingFacts& saving;
};

using InfoSection = void (*)(const InfoSource& source, InfoText& text);

void info_server(const InfoSource& source, InfoText& text);
void info_clients(const InfoSource& source, InfoText& text);
void info_persistence(const InfoSource& source, InfoText& text);
void info_replication(const InfoSource& source, InfoText& text);
void info_cpu(const InfoSource& source, InfoText& text);
void info_modules(const InfoSource& source, InfoText& text);
void info_cluster(const InfoSource& source, InfoText& text);
void info_keyspace(const InfoSource& source, InfoText& text);

void info_memory(const InfoSource& source, InfoText& text);

void info_stats(const InfoSource& source, InfoText& text);
void info_commandstats(const InfoSource& source, InfoText& text);
void info_errorstats(const InfoSource& source, InfoText& text);
void info_latencystats(const InfoSource& source, InfoText& text);

}  // namespace sluice::commands
