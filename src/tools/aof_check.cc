// sluice-check-aof: looks at a log on disk as a start would, without serving it: the manifest, the base,
// every batch. Says where it stops being sound and what is before that; asked to, cuts it there and keeps
// what it cut. It reads redis-server's files too, whose increments have no annotations: of those only the
// structure is checked, as in the one file of Redis 6. Applies nothing: whether the commands mean something
// is for a server to say.
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "aof/file_io.h"
#include "aof/frame.h"
#include "aof/loader.h"
#include "aof/manifest.h"
#include "aof/tail_cut.h"
#include "base/fs.h"
#include "base/random.h"
#include "keyspace/keyspace.h"
#include "snapshot/reader.h"

namespace sluice::tools {

namespace {

constexpr const char* kUsage =
    "Usage: sluice-check-aof [--fix [--yes]] <manifest, the directory it is in, or a log in one file>\n"
    "\n"
    "Reads the log as a start of the server would and says whether it is sound. It changes nothing unless\n"
    "--fix is given: then a log that is not sound is cut at the first bad offset, after asking (--yes: "
    "without).\n"
    "What is cut is kept beside the file it was in, and so is the manifest if it has to change.\n"
    "\n"
    "Exit status: 0 the log is sound, or is now; 1 it is not; 2 it could not be looked at.\n";

constexpr const char* kManifestEnd = ".manifest";
constexpr std::array kPartEnds = {".rdb", ".base.aof", ".incr.aof"};
constexpr const char* kRdbMagic = "REDIS";
constexpr size_t kSliceBytes = size_t{1} << 20;
constexpr int kDatabases = 1;  // only to make values of an RDB base in

enum Exit { kSound = 0, kUnsound = 1, kCannotTell = 2 };

// What is looked at.
struct Target {
  aof::LogPlace place;
  std::string lock_path;                  // of the server that would write there
  std::optional<aof::Manifest> manifest;  // of the one file of Redis 6, which has none on disk
};

struct Options {
  std::string path;
  bool fix = false;
  bool yes = false;
};

class FileSource final : public snapshot::ByteSource {
 public:
  explicit FileSource(base::File& file) : file_(file) {}
  base::Result<size_t> read(char* into, size_t size) override {
    const auto got = file_.read(into, size);
    if (!got.ok()) return base::Error{got.error().message};
    return *got;
  }

 private:
  base::File& file_;
};

// Takes what is read and drops it.
class Reading final : public aof::LoadSink, public snapshot::EntrySink {
 public:
  explicit Reading(base::Fs& fs) : fs_(fs), keyspace_(kDatabases, base::Random::entropy()) {}

  void begin_file() override {}
  base::Result<void> apply(std::span<const base::ByteView>) override { return {}; }
  base::Result<void> extension(base::ByteView) override { return {}; }
  base::Result<aof::RdbProgress> rdb_base(const aof::RdbBase& rdb, size_t budget_bytes) override {
    if (!reader_) {
      auto file = fs_.open(rdb.path, base::kOpenRead);
      if (!file.ok()) return base::Error{file.error().message};
      const auto size = (*file)->size();
      if (!size.ok()) return base::Error{size.error().message};
      base_file_ = std::move(*file);
      source_.emplace(*base_file_);
      reader_.emplace(*source_, *size, keyspace_, *this);
      if (rdb.log_follows) reader_->allow_more();
    }
    const base::Result<bool> done = reader_->load_on(budget_bytes);
    if (!done.ok()) return done.error();
    if (*done) base_keys = reader_->entries();
    return aof::RdbProgress{reader_->offset(), *done};
  }
  base::Result<void> entry(snapshot::LoadedEntry) override { return {}; }
  base::Result<void> aux(base::ByteView, base::ByteView) override { return {}; }

  std::optional<uint64_t> base_keys;

 private:
  base::Fs& fs_;
  keyspace::Keyspace keyspace_;
  std::unique_ptr<base::File> base_file_;
  std::optional<FileSource> source_;
  std::optional<snapshot::Reader> reader_;
};

struct Verdict {
  std::string error;  // empty: all of it can be read, if need be after a cut
  std::optional<aof::Damage> damage;
  std::vector<aof::Finding> findings;
  aof::LoadProgress progress;
  std::optional<uint64_t> base_keys;

  [[nodiscard]] bool torn() const {
    for (const aof::Finding& finding : findings) {
      if (finding.kind == aof::FindingKind::kCut) return true;
    }
    return false;
  }
  [[nodiscard]] bool sound() const { return error.empty() && !torn(); }
};

enum class Repair { kNo, kYes };

Verdict read_log(base::Fs& fs, const Target& target, Repair repair) {
  Reading reading(fs);
  aof::LoaderOptions options;
  options.place = target.place;
  options.manifest = target.manifest;
  options.repair = repair == Repair::kYes;
  aof::Loader loader(fs, options, reading);
  Verdict verdict;
  for (;;) {
    const base::Result<bool> done = loader.step(kSliceBytes);
    if (!done.ok()) verdict.error = done.error().message;
    if (!done.ok() || *done) break;
  }
  verdict.damage = loader.damaged();
  verdict.findings = loader.findings();
  verdict.progress = loader.progress();
  verdict.base_keys = reading.base_keys;
  return verdict;
}

std::string counted(uint64_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

void report(const Verdict& verdict) {
  for (const aof::Finding& finding : verdict.findings) std::printf("%s\n", finding.text.c_str());
  if (!verdict.error.empty()) std::printf("%s\n", verdict.error.c_str());
  std::string read = counted(verdict.progress.records, "command");
  if (verdict.progress.extensions > 0) read += ", " + counted(verdict.progress.extensions, "extension");
  if (verdict.base_keys) read += ", " + counted(*verdict.base_keys, "key") + " of the base";
  std::printf("%s: %s, %llu of %llu bytes\n", verdict.sound() ? "Sound" : "Salvageable", read.c_str(),
              static_cast<unsigned long long>(verdict.progress.loaded_bytes),
              static_cast<unsigned long long>(verdict.progress.total_bytes));
}

bool confirmed(const Options& options, const std::string& what) {
  if (options.yes) return true;
  std::printf("%s Continue? [y/N] ", what.c_str());
  std::fflush(stdout);
  const int answer = std::getchar();
  return answer == 'y' || answer == 'Y';
}

base::Result<void> cut_file(base::Fs& fs, const std::string& path, uint64_t at) {
  auto file = fs.open(path, base::kOpenRead | base::kOpenWrite);
  if (!file.ok()) return base::Error{file.error().message};
  aof::TailCut cut(fs, **file, path, at);
  for (;;) {
    const auto done = cut.step(kSliceBytes);
    if (!done.ok()) return base::Error{done.error().message};
    if (*done) break;
  }
  std::printf("%s: cut at offset %llu; what was cut is in %s\n", path.c_str(),
              static_cast<unsigned long long>(at), cut.copy_path().c_str());
  return {};
}

// The manifest without the increments from `first` on, which stay where they are; its old text is kept.
base::Result<void> shorten_manifest(base::Fs& fs, const aof::LogPlace& place, aof::Manifest manifest,
                                    size_t first) {
  const auto text = base::read_whole(fs, place.manifest_path(), aof::kMaxManifestBytes);
  if (!text.ok()) return base::Error{text.error().message};
  std::string copy = place.manifest_path() + ".cut";
  constexpr int kMostCopies = 10'000;  // on a disk that fails every name may seem to be taken
  for (int i = 2; i < kMostCopies && fs.exists(copy); ++i) {
    copy = place.manifest_path() + "." + std::to_string(i) + ".cut";
  }
  if (auto kept = base::replace_file(fs, copy, *text); !kept) return base::Error{kept.error().message};
  std::printf("%s: kept in %s\n", place.manifest_path().c_str(), copy.c_str());
  for (size_t i = first; i < manifest.increments.size(); ++i) {
    std::printf("%s: no longer part of the log; the file stays\n",
                place.path(manifest.increments[i].name).c_str());
  }
  manifest.increments.resize(first);
  if (auto written = aof::write_manifest(fs, place, manifest); !written) {
    return base::Error{written.error().message};
  }
  return {};
}

// Gives up everything from the damage on: the end of its file, and the increments after it.
base::Result<void> cut_damage(base::Fs& fs, const Target& target, const aof::Damage& damage) {
  const aof::LogPlace& place = target.place;
  if (target.manifest) {
    if (damage.at > 0) return cut_file(fs, place.path(damage.file), damage.at);
    return base::Error{place.path(damage.file) + ": nothing would be left of it"};
  }
  auto manifest = aof::read_manifest(fs, place);
  if (!manifest.ok()) return manifest.error();
  size_t first = 0;
  while (first < manifest->increments.size() && manifest->increments[first].name != damage.file) ++first;
  if (first == manifest->increments.size()) {
    return base::Error{place.path(damage.file) +
                       ": a base is whole or of no use: restore it, or the whole directory, from a copy"};
  }
  // The manifest first: the end of the log may not seem to be sound while increments after it are listed.
  if (damage.at > 0) ++first;
  if (first < manifest->increments.size()) {
    if (auto done = shorten_manifest(fs, place, std::move(*manifest), first); !done) return done;
  }
  return damage.at > 0 ? cut_file(fs, place.path(damage.file), damage.at) : base::Result<void>{};
}

// REQUIRES: the log was locked before the verdict was made: what a server appended since would be cut.
int fix(base::Fs& fs, const Target& target, const Options& options, Verdict verdict) {
  if (!verdict.error.empty()) {
    if (!verdict.damage) {
      std::printf("This cannot be mended by cutting.\n");
      return kUnsound;
    }
    const std::string what = target.place.path(verdict.damage->file) + " will be cut at offset " +
                             std::to_string(verdict.damage->at) + ", and what comes later given up.";
    if (!confirmed(options, what)) return kUnsound;
    if (auto done = cut_damage(fs, target, *verdict.damage); !done) {
      std::printf("%s\n", done.error().message.c_str());
      return kUnsound;
    }
    verdict = read_log(fs, target, Repair::kNo);
  } else if (!confirmed(options, "The end of the log will be cut.")) {
    return kUnsound;
  }
  if (verdict.error.empty() && verdict.torn()) {
    report(read_log(fs, target, Repair::kYes));
    verdict = read_log(fs, target, Repair::kNo);
  }
  report(verdict);
  return verdict.sound() ? kSound : kUnsound;
}

// That of a log whose `file_name` is this, with `path` in its directory.
aof::LogPlace place_around(const std::string& path, const std::string& file_name) {
  aof::LogPlace place;
  // The parts are named by directory, so that one that is given by its bare name needs its full one.
  const std::string log_dir = base::directory_of(path);
  const size_t last = log_dir.rfind('/');
  place.dir = last == std::string::npos ? "." : last == 0 ? "/" : log_dir.substr(0, last);
  place.log_dir_name = last == std::string::npos ? log_dir : log_dir.substr(last + 1);
  place.file_name = file_name;
  return place;
}

std::string name_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::optional<Target> target_of_manifest(const std::string& path) {
  const std::string end = kManifestEnd;
  const std::string name = name_of(path);
  if (name.size() <= end.size() || !name.ends_with(end)) return std::nullopt;
  Target target;
  target.place = place_around(path, name.substr(0, name.size() - end.size()));
  target.lock_path = target.place.lock_path();
  return target;
}

// Whether it may be all of a log. A part of one cannot be judged without what comes before and after it.
bool begins_a_log(base::Fs& fs, const std::string& path) {
  for (const char* end : kPartEnds) {
    if (path.ends_with(end)) return false;
  }
  auto file = fs.open(path, base::kOpenRead);
  if (!file.ok()) return false;
  const auto size = (*file)->size();
  if (!size.ok()) return false;
  const auto head = aof::read_exactly(**file, 0, std::min<size_t>(*size, aof::kMaxHeader));
  if (!head.ok()) return false;
  return aof::check_header(*head).state == aof::HeaderState::kForeign || head->starts_with(kRdbMagic);
}

std::optional<Target> target_of_single_file(base::Fs& fs, const std::string& path) {
  if (!begins_a_log(fs, path)) return std::nullopt;
  Target target;
  target.place = place_around(path, name_of(path));
  if (fs.exists(target.place.manifest_path())) return std::nullopt;  // a start moved it there: a part by now
  aof::LogPlace server;
  server.dir = base::directory_of(path);
  target.lock_path = server.lock_path();
  target.manifest.emplace().base = aof::ManifestFile{name_of(path), 1};
  return target;
}

// From a manifest, from the directory with one, or from the server's directory with that in it; or one file.
base::Result<Target> find_target(base::Fs& fs, std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (auto target = target_of_manifest(path); target && fs.exists(path)) return *target;
  for (const std::string& dir : {path, path + "/" + aof::LogPlace{}.log_dir_name}) {
    const auto names = fs.list_dir(dir);
    if (!names.ok()) continue;
    std::vector<std::string> manifests;
    for (const std::string& name : *names) {
      if (target_of_manifest(dir + "/" + name)) manifests.push_back(dir + "/" + name);
    }
    if (manifests.size() > 1) return base::Error{dir + ": several manifests; name one of them"};
    if (manifests.size() == 1) return *target_of_manifest(manifests[0]);
  }
  if (auto target = target_of_single_file(fs, path)) return *target;
  return base::Error{path + ": neither a manifest nor a directory with one, nor a whole log in one file"};
}

std::optional<Options> read_arguments(std::span<const std::string> arguments) {
  Options options;
  for (const std::string& argument : arguments) {
    if (argument == "--fix") {
      options.fix = true;
    } else if (argument == "--yes") {
      options.yes = true;
    } else if (argument.starts_with("--") || !options.path.empty()) {
      return std::nullopt;
    } else {
      options.path = argument;
    }
  }
  if (options.path.empty() || (options.yes && !options.fix)) return std::nullopt;
  return options;
}

int run(std::span<const std::string> arguments) {
  if (arguments.size() == 1 && arguments[0] == "--help") {
    std::printf("%s", kUsage);
    return kSound;
  }
  const std::optional<Options> options = read_arguments(arguments);
  if (!options) {
    std::fprintf(stderr, "%s", kUsage);
    return kCannotTell;
  }
  base::PosixFs fs;
  const base::Result<Target> target = find_target(fs, options->path);
  if (!target.ok()) {
    std::fprintf(stderr, "%s\n", target.error().message.c_str());
    return kCannotTell;
  }
  std::unique_ptr<base::FileLock> lock;
  if (options->fix) {
    auto locked = fs.try_lock(target->lock_path);
    if (!locked.ok()) {
      std::printf("A server uses this log, or it cannot be locked: %s\n", locked.error().message.c_str());
      return kCannotTell;
    }
    lock = std::move(*locked);
  }
  Verdict verdict = read_log(fs, *target, Repair::kNo);
  report(verdict);
  if (verdict.sound()) return kSound;
  if (options->fix) return fix(fs, *target, *options, std::move(verdict));
  if (verdict.damage || verdict.torn()) std::printf("With --fix it is cut there.\n");
  return kUnsound;
}

}  // namespace

}  // namespace sluice::tools

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return sluice::tools::run(arguments);
}
