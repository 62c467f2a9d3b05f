#include "aof/load_plan.h"

#include <algorithm>
#include <utility>

#include "aof/file_io.h"
#include "aof/filler.h"

namespace sluice::aof {

namespace {

using base::Error;
using base::Result;

constexpr ByteView kRdbMagic = "REDIS";
// What has this suffix is a snapshot and nothing else, in Redis's directories and in ours.
constexpr ByteView kRdbSuffix = ".rdb";

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
    part.log_follows = part.origin == Origin::kRdbBase && !entry.name.ends_with(kRdbSuffix);
    return part;
  }
  part.header = check_header(*head);
  if (part.header.state == HeaderState::kOurs || part.header.state == HeaderState::kTorn)
    part.origin = Origin::kOurs;
  if (part.origin == Origin::kOurs) {
    auto end = filler_begin(**file, *size);
    if (!end) return Error{end.error().message};
    part.size = *end;
  }
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
      if (part->size == 0 && ByteView(part->entry.name).ends_with(kRdbSuffix)) {
        return bad_beginning(place, *part, "the file is empty, which an RDB file never is");
      }
      // One that was written as a base was synced before a manifest named it: never torn, so never `last`.
      part->last = next == nullptr && part->entry.name == place.file_name;
      continue;
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
  if (!fs.exists(place.manifest_path())) {
    const auto strays = find_orphans(fs, place, {});
    if (strays.empty()) return std::optional<Manifest>{};
    return Error{place.manifest_path() + ": the manifest is missing, although " + place.path(strays[0].name) +
                 " is there. Restore it from a copy, or move " + place.log_dir() + " away to start empty"};
  }
  auto manifest = read_manifest(fs, place);
  if (!manifest) return manifest.error();
  return std::optional<Manifest>(std::move(*manifest));
}

// Nothing is read but beginnings: a file has more bytes than it adds to the journal.
Result<StartPoint> start_beside(base::Fs& fs, const LogPlace& place, uint64_t at_least) {
  auto manifest = open_log(fs, place);
  if (!manifest) return manifest.error();
  StartPoint start;
  if (*manifest) start.manifest = std::move(**manifest);
  auto parts = plan_load(fs, place, start.manifest);
  if (!parts) return parts.error();
  for (const LogPart& part : *parts) {
    if (part.is_base()) continue;
    if (part.header.state == HeaderState::kOurs) {
      start.offset = std::max(start.offset, part.header.header.start);
    }
    start.offset += part.size;
  }
  start.offset = std::max(start.offset, at_least);
  return start;
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
