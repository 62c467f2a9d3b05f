#include "aof/loader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "aof/file_io.h"
#include "base/check.h"

namespace sluice::aof {

namespace {

using base::Error;
using base::Result;

// What one part costs of a step's budget, whatever is in it.
constexpr size_t kOpenCost = size_t{16} * 1024;
// The smallest piece that a disk writes or loses as one.
constexpr uint64_t kSector = 512;

// Whether a whole sector of the file inside `bytes` is zero: what a power cut leaves of a page it lost.
// Records appended by another server do not look like this.
bool has_blank_sector(ByteView bytes, uint64_t file_at) {
  constexpr std::array<char, kSector> kBlank{};
  for (uint64_t at = (kSector - file_at % kSector) % kSector; at + kSector <= bytes.size(); at += kSector) {
    if (bytes.substr(at, kSector) == ByteView(kBlank.data(), kSector)) return true;
  }
  return false;
}

}  // namespace

Loader::Loader(base::Fs& fs, LoaderOptions options, LoadSink& sink)
    : fs_(fs), options_(std::move(options)), sink_(sink) {}

Result<bool> Loader::step(size_t budget_bytes) {
  size_t budget = std::max<size_t>(budget_bytes, 1);
  while (budget > 0 && phase_ != Phase::kDone) {
    Result<void> done;
    switch (phase_) {
      case Phase::kBegin:
        done = begin();
        break;
      case Phase::kOpenPart:
        done = open_part();
        spend(budget, kOpenCost);
        break;
      case Phase::kRdbBase:
        done = load_rdb_base(budget);
        break;
      case Phase::kRead:
        done = read_on(budget);
        break;
      case Phase::kProbe:
        done = probe_on(budget);
        break;
      case Phase::kCut:
        done = cut_on(budget);
        break;
      case Phase::kRewrite:
        done = rewrite_on(budget);
        break;
      case Phase::kDone:
        break;
    }
    if (!done) return done.error();
  }
  return phase_ == Phase::kDone;
}

StartPoint Loader::take_start() {
  SLUICE_CHECK(phase_ == Phase::kDone, "the log is not loaded yet");
  StartPoint start;
  start.offset = offset_.value_or(0);
  start.manifest = std::move(manifest_);
  // Increments without a record would pile up over restarts.
  start.manifest.increments.clear();
  for (const LogPart& part : parts_) {
    if (part.is_base()) continue;
    if (part.loaded_something) {
      start.manifest.increments.push_back(part.entry);
    } else {
      start.obsolete.push_back(part.entry);
    }
  }
  return start;
}

Result<void> Loader::begin() {
  const LogPlace& place = options_.place;
  switch (find_log(fs_, place)) {
    case LogFound::kSingleFile:
      return Error{
          place.single_file_path() +
          ": a log in one file, as Redis 6 and older write it. Start redis-server 7 on it once: it makes " +
          place.log_dir() + " of it, which can be loaded"};
    case LogFound::kNothing: {
      const auto strays = find_orphans(fs_, place, manifest_);
      if (!strays.empty()) {
        return Error{place.manifest_path() + ": the manifest is missing, although " +
                     place.path(strays[0].name) + " is there. Restore it from a copy, or move " +
                     place.log_dir() + " away to start empty"};
      }
      phase_ = Phase::kDone;
      return {};
    }
    case LogFound::kManifest:
      break;
  }
  auto manifest = read_manifest(fs_, place);
  if (!manifest) return manifest.error();
  manifest_ = std::move(*manifest);
  auto parts = plan_load(fs_, place, manifest_);
  if (!parts) return parts.error();
  parts_ = std::move(*parts);
  for (const LogPart& each : parts_) progress_.total_bytes += each.size;
  for (const Orphan& orphan : find_orphans(fs_, place, manifest_)) {
    findings_.push_back({FindingKind::kOrphan, orphan.name, 0, orphan.size_bytes,
                         place.path(orphan.name) + ": " + std::to_string(orphan.size_bytes) + " bytes" +
                             " that the manifest does not name; not loaded, and kept"});
  }
  phase_ = Phase::kOpenPart;
  return {};
}

Result<void> Loader::open_part() {
  if (part_index_ == parts_.size()) {
    phase_ = Phase::kDone;
    return {};
  }
  reading_ = Reading{};
  file_.reset();
  const LogPart& next = part();
  if (next.origin == Origin::kRdbBase) {
    sink_.begin_file();
    phase_ = Phase::kRdbBase;
    return {};
  }
  if (!next.is_base() && next.header.state == HeaderState::kEmpty) {
    if (manifest_.verified)
      add_finding(FindingKind::kEmptyIncrement, 0, 0, "empty, not even its header is there");
    ++part_index_;
    return {};
  }
  const bool writable = options_.repair && !next.is_base();
  auto file = fs_.open(path(), base::kOpenRead | (writable ? base::kOpenWrite : 0U));
  if (!file) return to_error(file.error());
  file_ = std::move(*file);
  phase_ = Phase::kRead;
  sink_.begin_file();
  if (ours()) return open_increment();
  reading_.tail = true;
  reading_.tail_granted = true;
  if (!next.is_base() && !offset_) offset_ = 0;
  return {};
}

Result<void> Loader::load_rdb_base(size_t& budget) {
  auto done = sink_.rdb_base(path(), budget);
  if (!done) return Error{path() + ": " + done.error().message};
  // What was really read is the sink's secret: what it may have read is near enough for a progress.
  const uint64_t counted = std::min<uint64_t>(base_counted_ + budget, part().size);
  progress_.loaded_bytes += (*done ? part().size : counted) - base_counted_;
  base_counted_ = counted;
  budget = 0;
  if (!*done) return {};
  phase_ = Phase::kOpenPart;
  ++part_index_;
  return {};
}

Result<void> Loader::open_increment() {
  const LogPart& next = part();
  if (next.header.state == HeaderState::kTorn) return cut_at(0, "the header is incomplete");
  const Header& header = next.header.header;
  // A base stands for everything before the increments that follow it.
  if (!offset_) offset_ = manifest_.base ? header.start : 0;
  if (header.start != *offset_) {
    return damage(0, "it goes on at journal offset " + std::to_string(header.start) +
                         ", but what comes before ends at " + std::to_string(*offset_));
  }
  reading_.buffer_at = reading_.tail_at = next.header.size;
  reading_.unsynced_at = reading_.checkpoint_at = next.header.size;
  reading_.checkpoint = header.start;
  progress_.loaded_bytes += next.header.size;
  if (header.db == 0) return {};
  const std::string db = std::to_string(header.db);
  const std::array<ByteView, 2> select = {"SELECT", db};
  if (auto selected = sink_.apply(select); !selected)
    return Error{path() + ": offset 0: " + selected.error().message};
  return {};
}

Result<void> Loader::read_on(size_t& budget) {
  if (reading_.apply < reading_.ready) return apply_next(budget);
  if (reading_.ended) return finish_part();
  const uint64_t left = part().size - file_offset(reading_.buffer.size());
  if (reading_.buffer.size() < reading_.wanted && left > 0) return fill(budget);
  return scan();
}

Result<void> Loader::fill(size_t& budget) {
  Reading& r = reading_;
  if (r.apply >= kReadChunk) {
    const size_t gone = r.apply;
    r.buffer.erase(0, gone);
    r.buffer_at += gone;
    // A batch that has begun is never applied in part; a tail that is handed over piece by piece needs no
    // start.
    r.batch -= std::min(r.batch, gone);
    for (size_t* position : {&r.apply, &r.ready, &r.whole, &r.scan, &r.wanted}) *position -= gone;
  }
  const uint64_t left = part().size - file_offset(r.buffer.size());
  auto bytes = read_exactly(*file_, file_offset(r.buffer.size()),
                            static_cast<size_t>(std::min<uint64_t>(left, kReadChunk)));
  if (!bytes) return to_error(bytes.error());
  r.buffer.append(*bytes);
  spend(budget, bytes->size());
  return {};
}

Result<void> Loader::scan() {
  Reading& r = reading_;
  if (r.scan == r.buffer.size()) {
    if (file_offset(r.scan) == part().size) return end_of_file();
    r.wanted = r.scan + 1;
    return {};
  }
  const Item item = next_item(ByteView(r.buffer).substr(r.scan), args_);
  switch (item.kind) {
    case ItemKind::kIncomplete:
      r.wanted = r.scan + item.size;
      if (file_offset(r.wanted) > part().size) return broken("the file ends inside a record", Torn::kYes);
      return {};
    case ItemKind::kMalformed:
      return broken("this is not a record", Torn::kNo);
    case ItemKind::kLine:
      return scan_line(item);
    case ItemKind::kRecord:
      return scan_record(item);
  }
  return {};
}

Result<void> Loader::scan_line(const Item& item) {
  Reading& r = reading_;
  if (ours() && looks_like_annotation(item.line)) {
    if (!r.tail) return scan_annotation(item);
    if (!r.tail_granted) r.whole = r.batch;  // the end of a broken batch: nothing of it counts
    return broken("this annotation does not hold", Torn::kNo);
  }
  if (looks_like_extension(item.line)) {
    const auto extension = parse_extension(item.line);
    if (!extension) return broken("this #SLUICE: line is not as one is written", Torn::kNo);
    r.continued = extension->continues;
  } else if (r.continued) {
    return broken("the #SLUICE: line before does not go on", Torn::kNo);
  }
  return advance(item.size);
}

Result<void> Loader::scan_record(const Item& item) {
  Reading& r = reading_;
  if (r.continued) return broken("the #SLUICE: line before does not go on", Torn::kNo);
  const GroupMark mark = group_mark(args_);
  if (mark == GroupMark::kMulti && r.in_group) return broken("MULTI inside MULTI", Torn::kNo);
  if (mark == GroupMark::kExec && !r.in_group) return broken("EXEC without MULTI", Torn::kNo);
  if (mark != GroupMark::kNone) r.in_group = mark == GroupMark::kMulti;
  return advance(item.size);
}

Result<void> Loader::advance(size_t size) {
  Reading& r = reading_;
  const size_t unit = r.whole;
  r.scan += size;
  if (r.in_group || r.continued) return {};
  if (r.tail && ours() &&
      has_blank_sector(ByteView(r.buffer).substr(unit, r.scan - unit), file_offset(unit))) {
    return broken("a lost page, read as zeros", Torn::kNo);
  }
  r.whole = r.scan;
  if (r.tail) {
    // Before it is sure that no annotation follows, nothing is handed over; a long tail cannot be one batch.
    if (r.whole - std::min(r.batch, r.whole) > kBatchLimit) r.tail_granted = true;
    if (r.tail_granted) r.ready = r.whole;
    return {};
  }
  if (unit - r.batch > kBatchLimit) return broken_batch("no annotation where a batch must have ended", false);
  return {};
}

Result<void> Loader::scan_annotation(const Item& item) {
  Reading& r = reading_;
  const LogPart& from = part();
  const auto annotation = parse_annotation(item.line);
  const ByteView batch = ByteView(r.buffer).substr(r.batch, r.scan - r.batch);
  const bool holds = annotation && annotation->length == batch.size() && annotation->start() == *offset_ &&
                     r.whole == r.scan &&
                     annotation->hash == annotation_hash(*annotation, batch, from.header.header.seed);
  if (!holds) return broken_batch("the batch that begins here does not match its annotation", true);
  if (from.limit && annotation->offset > *from.limit) {
    if (*offset_ == *from.limit) return end_at_limit();
    return damage(file_offset(r.batch), "the batch that begins here goes on into the next increment");
  }
  offset_ = annotation->offset;
  r.scan += item.size;
  r.batch = r.whole = r.ready = r.scan;
  if (annotation->synced == annotation->offset) {
    r.unsynced_at = file_offset(r.batch);
  } else if (annotation->synced >= r.checkpoint) {
    r.unsynced_at = r.checkpoint_at;
    r.checkpoint = annotation->offset;
    r.checkpoint_at = file_offset(r.batch);
  }
  return {};
}

Result<void> Loader::end_of_file() {
  Reading& r = reading_;
  if (r.in_group || r.continued) return broken("the file ends inside a unit", Torn::kYes);
  if (!r.tail && r.scan > r.batch) return broken_batch("the file ends without an annotation", false);
  r.ready = r.whole;
  r.ended = true;
  return {};
}

// A sync of this increment failed: what was not known to be on disk was written again to the next one.
Result<void> Loader::end_at_limit() {
  const uint64_t at = file_offset(reading_.batch);
  add_finding(FindingKind::kSuperseded, at, part().size - at, "not needed: the next increment goes on here");
  if (options_.repair) {
    // Redis knows no offsets and would apply it twice.
    if (auto cut = file_->truncate(at); !cut) return to_error(cut.error());
  }
  reading_.ended = true;
  return {};
}

Result<void> Loader::apply_next(size_t& budget) {
  Reading& r = reading_;
  const Item item = next_item(ByteView(r.buffer).substr(r.apply), args_);
  Result<void> applied;
  if (item.kind == ItemKind::kRecord && group_mark(args_) == GroupMark::kNone) {
    applied = sink_.apply(args_);
    ++progress_.records;
  } else if (item.kind == ItemKind::kLine && looks_like_extension(item.line)) {
    const auto extension = parse_extension(item.line);
    r.extension.append(extension->bytes);
    if (!extension->continues) {
      applied = sink_.extension(r.extension);
      r.extension.clear();
      ++progress_.extensions;
    }
  }
  if (!applied) return refused(file_offset(r.apply), applied.error().message);
  r.apply += item.size;
  progress_.loaded_bytes += item.size;
  spend(budget, item.size);
  return {};
}

Result<void> Loader::finish_part() {
  if (reading_.cut && options_.repair && !tail_cut_) {
    tail_cut_.emplace(fs_, *file_, path(), *reading_.cut);
    phase_ = Phase::kCut;
    return {};
  }
  LogPart& done = part();
  if (options_.repair && done.last && reading_.unsynced_at < end_of_part()) {
    phase_ = Phase::kRewrite;
    return {};
  }
  if (reading_.cut) {
    const std::string kept = tail_cut_ ? "; they are kept in " + tail_cut_->copy_path() : std::string();
    const uint64_t bytes = done.size - *reading_.cut;
    add_finding(FindingKind::kCut, *reading_.cut, bytes,
                reading_.why + ": " + std::to_string(bytes) + " bytes" + " from here on " +
                    (options_.repair ? "were cut" : "would be cut") + kept);
  }
  tail_cut_.reset();
  if (!done.is_base()) {
    const uint64_t begin =
        done.header.state == HeaderState::kOurs ? done.header.header.start : offset_.value_or(0);
    if (auto finished = finish_tail(); !finished) return finished;
    done.loaded_something = offset_.value_or(0) > begin;
    // The next increment's header will say that all of this is on disk.
    if (options_.repair) {
      if (auto synced = file_->fdatasync(); !synced) return to_error(synced.error());
    }
  }
  ++part_index_;
  phase_ = Phase::kOpenPart;
  return {};
}

Error Loader::damage(uint64_t file_at, const std::string& what) {
  damaged_ = Damage{part().entry.name, file_at};
  const std::string at = std::to_string(file_at);
  return Error{path() + ": offset " + at + ": " + what +
               ". The file was left as it is. Restore the file from a copy; " + how_to_give_up(file_at)};
}

// A whole record that means nothing here: nobody damaged it, another server could do more.
Error Loader::refused(uint64_t file_at, const std::string& what) {
  return Error{path() + ": offset " + std::to_string(file_at) + ": " + what +
               ". The file was left as it is. Start the server that wrote it on it, remove there what this "
               "server does not know, have the log rewritten (BGREWRITEAOF) and try again; " +
               how_to_give_up(file_at)};
}

std::string Loader::how_to_give_up(uint64_t file_at) const {
  return "to give up what follows instead, keep a copy of " + options_.place.log_dir() +
         ", cut the file to " + std::to_string(file_at) +
         " bytes and delete the increments after it from the manifest together with its last line";
}

void Loader::add_finding(FindingKind kind, uint64_t at, uint64_t bytes, const std::string& what) {
  findings_.push_back(
      {kind, part().entry.name, at, bytes, path() + ": offset " + std::to_string(at) + ": " + what});
}

}  // namespace sluice::aof
