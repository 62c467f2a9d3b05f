#include "aof/load_plan.h"

#include <algorithm>
#include <utility>

#include "aof/file_io.h"

namespace sluice::aof {

namespace {

using base::Error;
using base::Result;

constexpr ByteView kRdbMagic = "REDIS";
constexpr ByteView kRdbEnding = ".rdb";

Result<LogPart> look_at(base::Fs& fs, const LogPlace& place, const ManifestFile& entry, bool is_base) {
  const std::string path = place.path(entry.name);
  auto file = fs.open(path, base::kOpenRead);
  if (!file)
    return Error{file.error().message + "; " + place.manifest_path() +
                 " lists this file, so it must be there"};
  auto size = (*file)->size();
  if (!size) return Error{size.error().message};
  auto head = read_exactly(**file, 0, static_cast<size_t>(std::min<uint64_t>(*size, kMaxHeader)));
  if (!head) return Error{head.error().message};

  LogPart part;
  part.entry = entry;
  part.size = *size;
  if (is_base) {
    part.origin = ByteView(*head).starts_with(kRdbMagic) ? Origin::kRdbBase : Origin::kPlainBase;
    return part;
  }
  part.header = check_header(*head);
  if (part.header.state == HeaderState::kOurs || part.header.state == HeaderState::kTorn)
    part.origin = Origin::kOurs;
  return part;
}

Error bad_beginning(const LogPlace& place, const LogPart& part, const std::string& what) {
  return Error{place.path(part.entry.name) + ": offset 0: " + what +
               "; the file was damaged. Restore it, or the whole " + place.log_dir() + ", from a copy"};
}

}  // namespace

Result<std::vector<LogPart>> plan_load(base::Fs& fs, const LogPlace& place, const Manifest& manifest) {
  std::vector<LogPart> parts;
  if (manifest.base) {
    auto part = look_at(fs, place, *manifest.base, true);
    if (!part) return part.error();
    parts.push_back(std::move(*part));
  }
  for (const ManifestFile& entry : manifest.increments) {
    auto part = look_at(fs, place, entry, false);
    if (!part) return part.error();
    parts.push_back(std::move(*part));
  }
  // From the back, so that each part knows what follows it.
  const LogPart* next = nullptr;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (part->is_base()) {
      // Nothing is what a plain base may hold, and what an RDB file holds that lost all its bytes.
      if (part->size == 0 && ByteView(part->entry.name).ends_with(kRdbEnding)) {
        return bad_beginning(place, *part, "the file is empty, which an RDB file never is");
      }
      continue;  // a base is synced before a manifest names it: never torn, so never `last`
    }
    part->last = next == nullptr;
    if (part->header.state == HeaderState::kBroken) {
      return bad_beginning(place, *part, "neither the header of an increment nor a record");
    }
    if (part->header.state == HeaderState::kTorn && !part->last) {
      return bad_beginning(place, *part, "the header is incomplete, although increments follow");
    }
    if (part->header.state == HeaderState::kEmpty) {
      // We name an increment only when its header is on disk, and drop empty ones of redis-server from the
      // manifest.
      if (manifest.verified && !part->last) {
        return bad_beginning(place, *part, "the file is empty, although increments follow");
      }
      continue;
    }
    if (part->header.state == HeaderState::kOurs && next != nullptr &&
        next->header.state == HeaderState::kOurs) {
      part->limit = next->header.header.start;
    }
    next = &*part;
  }
  return parts;
}

base::Result<std::optional<Manifest>> open_log(base::Fs& fs, const LogPlace& place) {
  switch (find_log(fs, place)) {
    case LogFound::kSingleFile:
      return Error{
          place.single_file_path() +
          ": a log in one file, as Redis 6 and older write it. Start redis-server 7 on it once: it makes " +
          place.log_dir() + " of it, which can be loaded"};
    case LogFound::kNothing: {
      const auto strays = find_orphans(fs, place, {});
      if (!strays.empty()) {
        return Error{place.manifest_path() + ": the manifest is missing, although " +
                     place.path(strays[0].name) + " is there. Restore it from a copy, or move " +
                     place.log_dir() + " away to start empty"};
      }
      return std::optional<Manifest>{};
    }
    case LogFound::kManifest:
      break;
  }
  auto manifest = read_manifest(fs, place);
  if (!manifest) return manifest.error();
  return std::optional<Manifest>(std::move(*manifest));
}

Finding finding_of(const Orphan& orphan, const LogPlace& place) {
  return {FindingKind::kOrphan, orphan.name, 0, orphan.size_bytes,
          place.path(orphan.name) + ": " + std::to_string(orphan.size_bytes) + " bytes" +
              " that the manifest does not name; not loaded, and kept"};
}

StartPoint start_behind(Manifest manifest, const std::vector<LogPart>& parts, uint64_t offset) {
  StartPoint start;
  start.offset = offset;
  start.manifest = std::move(manifest);
  start.manifest.increments.clear();
  for (const LogPart& part : parts) {
    if (part.is_base()) continue;
    if (part.loaded_something) {
      start.manifest.increments.push_back(part.entry);
    } else {
      start.obsolete.push_back(part.entry);
    }
  }
  return start;
}

}  // namespace sluice::aof
