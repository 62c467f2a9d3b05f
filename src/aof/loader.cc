#include "aof/loader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "aof/file_io.h"
#include "aof/filler.h"
#include "aof/salvage.h"
#include "base/check.h"
#include "resp/extension.h"

namespace sluice::aof {

namespace {

using base::Error;
using base::Result;

// What one part costs of a step's budget, whatever is in it.
constexpr size_t kOpenCost = size_t{16} * 1024;

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
  return start_behind(std::move(manifest_), parts_, offset_.value_or(0));
}

Result<void> Loader::begin() {
  const LogPlace& place = options_.place;
  auto manifest =
      options_.manifest ? Result<std::optional<Manifest>>(options_.manifest) : open_log(fs_, place);
  if (!manifest) return manifest.error();
  if (!*manifest) {
    phase_ = Phase::kDone;
    return {};
  }
  manifest_ = std::move(**manifest);
  // After a failed sync of the directory the kernel shows a manifest that a power cut takes back.
  const auto held = options_.repair ? fs_.fsync_dir(place.log_dir()) : base::IoResult<void>();
  if (!held) return to_error(held.error());
  auto parts = plan_load(fs_, place, manifest_);
  if (!parts) return parts.error();
  parts_ = std::move(*parts);
  for (const LogPart& each : parts_) progress_.total_bytes += each.size;
  for (const Orphan& orphan : find_orphans(fs_, place, manifest_))
    findings_.push_back(finding_of(orphan, place));
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
    base_at_ = progress_.loaded_bytes;
    return {};
  }
  if (!next.is_base() && next.header.state == HeaderState::kEmpty) {
    if (manifest_.verified)
      add_finding(FindingKind::kEmptyIncrement, 0, 0, "empty, not even its header is there");
    ++part_index_;
    return {};
  }
  if (auto opened = open_file(); !opened) return opened;
  sink_.begin_file();
  if (ours()) return open_increment();
  if (!next.is_base() && !offset_) offset_ = 0;
  return {};
}

Result<void> Loader::open_file() {
  const bool writable = options_.repair && (!part().is_base() || part().last);
  auto file = fs_.open(path(), base::kOpenRead | (writable ? base::kOpenWrite : 0U));
  if (!file) return to_error(file.error());
  file_ = std::move(*file);
  phase_ = Phase::kRead;
  reading_.tail = reading_.tail_granted = !ours();  // no annotations are to come
  return {};
}

Result<void> Loader::load_rdb_base(size_t& budget) {
  auto loaded = sink_.rdb_base({path(), part().log_follows}, budget);
  if (!loaded) return Error{path() + ": " + loaded.error().message};
  progress_.loaded_bytes = base_at_ + loaded->read_bytes;
  budget = 0;
  if (!loaded->done) return {};
  reading_.buffer_at = loaded->read_bytes;
  if (part().log_follows) return open_file();
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
  if (r.apply >= kReadChunk) r.drop_applied();
  const uint64_t left = part().size - file_offset(r.buffer.size());
  const auto size = static_cast<size_t>(std::min<uint64_t>(left, kReadChunk));
  if (auto read = read_more(*file_, file_offset(r.buffer.size()), size, r.buffer); !read) {
    return to_error(read.error());
  }
  spend(budget, size);
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
  if (resp::looks_like_extension(item.line)) {
    const auto extension = resp::parse_extension(item.line);
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
  if (r.in_group || r.continued || (r.tail && size == kFillerLine)) return {};
  if (r.tail && ours() && r.lost_page(unit)) return broken("a lost page", Torn::kNo);
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
  } else if (item.kind == ItemKind::kLine && resp::looks_like_extension(item.line)) {
    const auto extension = resp::parse_extension(item.line);
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
  if (options_.repair && done.last && !done.is_base() && reading_.unsynced_at < end_of_part()) {
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
  }
  // The next increment's header will say that all of this is on disk, what was the one file of Redis 6 too.
  if (options_.repair) {
    if (auto ended = end_file(*file_); !ended) return ended;
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

Result<void> Loader::cut_on(size_t& budget) {
  auto done = tail_cut_->step(std::min(budget, kReadChunk));
  if (!done) return to_error(done.error());
  spend(budget, kReadChunk);
  if (*done) phase_ = Phase::kRead;
  return {};
}

Result<void> Loader::rewrite_on(size_t& budget) {
  uint64_t& at = reading_.unsynced_at;
  const uint64_t from = at;
  if (auto written = write_again(*file_, at, end_of_part(), kReadChunk); !written) return written;
  spend(budget, static_cast<size_t>(at - from));
  if (at == end_of_part()) phase_ = Phase::kRead;
  return {};
}

// Counts the tail into the journal, and seals one that stands behind batches of ours, so that from now on
// damage to it is found.
Result<void> Loader::finish_tail() {
  const Reading& r = reading_;
  const uint64_t end = file_offset(r.whole);
  if (!r.tail || end == r.tail_at) return {};
  Annotation numbers;
  numbers.length = end - r.tail_at;
  numbers.synced = *offset_;
  *offset_ += numbers.length;
  numbers.offset = *offset_;
  if (!ours()) return {};
  add_finding(FindingKind::kUnannotated, r.tail_at, numbers.length,
              std::to_string(numbers.length) +
                  " bytes of records without an annotation were loaded: another " +
                  "server appended them, or this one was stopped while it wrote");
  if (r.tail_granted || !part().last || !options_.repair) return {};
  return seal_tail(*file_, numbers, ByteView(r.buffer).substr(r.batch, numbers.length),
                   part().header.header.seed, end);
}

Result<void> Loader::broken(const std::string& why, Torn torn) {
  if (ours() && !reading_.tail) return broken_batch(why, false);
  const uint64_t at = file_offset(reading_.whole);
  const bool cuttable = part().last && (ours() || torn == Torn::kYes);
  if (cuttable) return cut_at(at, why);
  return damage(at, why);
}

Result<void> Loader::broken_batch(const std::string& why, bool annotated) {
  const LogPart& from = part();
  if (from.limit && *offset_ == *from.limit) return end_at_limit();
  const BreakPoint point{file_offset(reading_.batch), *offset_, from.header.header.seed};
  reading_.why = why;
  reading_.annotated = annotated;
  probe_.emplace(*file_, from.size, point);
  phase_ = Phase::kProbe;
  return {};
}

Result<void> Loader::probe_on(size_t& budget) {
  auto done = probe_->step(std::min(budget, kReadChunk));
  if (!done) return to_error(done.error());
  spend(budget, kReadChunk);
  return *done ? probed() : Result<void>{};
}

Result<void> Loader::probed() {
  Reading& r = reading_;
  const auto synced = probe_->synced();
  const bool gave_up = probe_->gave_up();
  const bool annotated = r.annotated || probe_->own_annotation();
  probe_.reset();
  phase_ = Phase::kRead;
  const uint64_t at = file_offset(r.batch);
  // Synced offsets are ends of batches: one above this batch's beginning covers all of it.
  if (gave_up || (synced && *synced > *offset_)) {
    return damage(at, r.why + ", and it was on disk before: later batches say so");
  }
  if (synced || annotated) {
    if (part().last) return cut_at(at, r.why);
    return damage(at, r.why + ", although increments follow");
  }
  r.tail = true;
  r.tail_at = at;
  r.scan = r.whole = r.batch;
  r.in_group = r.continued = false;
  r.wanted = 0;
  return {};
}

Result<void> Loader::cut_at(uint64_t file_at, const std::string& why) {
  if (!options_.load_truncated) {
    return Error{path() + ": offset " + std::to_string(file_at) + ": " + why +
                 ". With 'aof-load-truncated yes' the file is cut there and the rest kept beside it"};
  }
  reading_.cut = file_at;
  reading_.why = why;
  reading_.ready = static_cast<size_t>(file_at - reading_.buffer_at);
  reading_.ended = true;
  return {};
}

}  // namespace sluice::aof
