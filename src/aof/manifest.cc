#include "aof/manifest.h"

#include <algorithm>
#include <charconv>

#include "aof/file_io.h"
#include "aof/frame.h"
#include "base/words.h"

namespace sluice::aof {

namespace {

using base::Error;
using base::Result;

bool needs_quotes(const std::string& name) {
  return name.empty() || std::any_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 127 || c == '"' ||
                  c == '\'' || c == '\\';
         });
}

void append_name(Bytes& out, const std::string& name) {
  if (!needs_quotes(name)) {
    out.append(name);
    return;
  }
  base::append_quoted(out, name);
}

void append_entry(Bytes& out, const ManifestFile& file, char type) {
  out.append("file ");
  append_name(out, file.name);
  out.append(" seq ").append(std::to_string(file.seq)).append(" type ").append({type, '\n'});
}

constexpr ByteView kIncrementSuffix = ".incr.aof";
constexpr ByteView kUnfinished = "#SLUICE-UNFINISHED:";

bool is_file_name(const std::string& name) {
  return !name.empty() && name.find('/') == std::string::npos;
}

// `words` is what stands behind kUnfinished.
Result<void> add_unfinished(Manifest& manifest, ByteView words) {
  auto name = base::split_words(words);
  if (!name || name->size() != 1 || !is_file_name(name->front())) return Error{"it names no file"};
  manifest.unfinished.push_back(std::move(name->front()));
  return {};
}

struct Entry {
  ManifestFile file;
  char type = 0;
};

// The reason instead, as text, when the line is not an entry.
Result<Entry> parse_entry(ByteView line) {
  const auto words = base::split_words(line);
  if (!words) return Error{"unbalanced quotes"};
  if (words->empty()) return Error{"an empty line"};
  if (words->size() % 2 != 0) return Error{"expected pairs of a name and a value"};
  Entry entry;
  for (size_t i = 0; i < words->size(); i += 2) {
    const std::string& name = (*words)[i];
    const std::string& value = (*words)[i + 1];
    if (name == "file") {
      if (!is_file_name(value)) return Error{"'" + value + "' is not a file name"};
      entry.file.name = value;
    } else if (name == "seq") {
      const auto end = std::from_chars(value.data(), value.data() + value.size(), entry.file.seq);
      if (end.ec != std::errc() || end.ptr != value.data() + value.size()) {
        return Error{"'" + value + "' is not a sequence number"};
      }
    } else if (name == "type") {
      if (value != "b" && value != "i" && value != "h") return Error{"'" + value + "' is not one of b, i, h"};
      entry.type = value[0];
    }
    // Redis ignores names it does not know, so that later versions may add some; so do we.
  }
  if (entry.file.name.empty()) return Error{"no file"};
  if (entry.file.seq == 0) return Error{"no sequence number above 0"};
  if (entry.type == 0) return Error{"no type"};
  return entry;
}

Result<void> add_entry(Manifest& manifest, Entry entry) {
  switch (entry.type) {
    case 'b':
      if (manifest.base) return Error{"a second base"};
      manifest.base = std::move(entry.file);
      break;
    case 'h':
      manifest.history.push_back(std::move(entry.file));
      break;
    default:
      if (entry.file.seq <= manifest.last_increment_seq()) return Error{"the sequence numbers do not rise"};
      manifest.increments.push_back(std::move(entry.file));
      break;
  }
  return {};
}

Result<void> check_annotation(ByteView line, ByteView above) {
  const auto annotation = parse_annotation(line);
  if (!annotation) return Error{"a '#' line that no server writes"};
  if (annotation->length != above.size() || annotation->hash != annotation_hash(*annotation, above, 0)) {
    return Error{
        "the lines above do not match this checksum: the file was damaged, or edited by hand (if so, and you "
        "are "
        "sure of it, delete this line)"};
  }
  return {};
}

// The number in "<file_name>.<number>.<suffix>".
std::optional<uint64_t> seq_of(const std::string& name, const std::string& file_name, ByteView suffix) {
  ByteView rest = name;
  if (!rest.starts_with(file_name + ".") || !rest.ends_with(suffix)) return std::nullopt;
  rest.remove_prefix(file_name.size() + 1);
  if (rest.size() <= suffix.size()) return std::nullopt;
  rest.remove_suffix(suffix.size());
  uint64_t seq = 0;
  const auto end = std::from_chars(rest.data(), rest.data() + rest.size(), seq);
  if (end.ec != std::errc() || end.ptr != rest.data() + rest.size()) return std::nullopt;
  return seq;
}

// Whether nothing of a log is in this increment: it was opened, and its header may be torn, or lost to a
// power cut and read as zeros.
bool is_bare(base::Fs& fs, const std::string& path, uint64_t size) {
  if (size > kMaxHeader) return false;
  auto file = fs.open(path, base::kOpenRead);
  if (!file) return false;
  const auto head = read_exactly(**file, 0, static_cast<size_t>(size));
  if (!head) return false;
  const HeaderCheck checked = check_header(*head);
  if (checked.state == HeaderState::kOurs) return checked.size == size;
  return checked.state == HeaderState::kTorn || head->find_first_not_of('\0') == Bytes::npos;
}

}  // namespace

bool Manifest::names(const std::string& name) const {
  const auto is_it = [&name](const ManifestFile& file) { return file.name == name; };
  return (base && is_it(*base)) || std::any_of(history.begin(), history.end(), is_it) ||
         std::any_of(increments.begin(), increments.end(), is_it);
}

std::string LogPlace::increment_name(uint64_t seq) const {
  return file_name + "." + std::to_string(seq) + ".incr.aof";
}

std::string LogPlace::base_name(uint64_t seq, bool rdb) const {
  return file_name + "." + std::to_string(seq) + (rdb ? ".base.rdb" : ".base.aof");
}

Bytes encode_manifest(const Manifest& manifest) {
  Bytes out;
  if (manifest.base) append_entry(out, *manifest.base, 'b');
  for (const ManifestFile& file : manifest.history) append_entry(out, file, 'h');
  for (const ManifestFile& file : manifest.increments) append_entry(out, file, 'i');
  for (const std::string& name : manifest.unfinished) {
    out.append(kUnfinished);
    append_name(out, name);
    out.push_back('\n');
  }
  Annotation annotation;
  annotation.length = out.size();
  annotation.offset = out.size();
  Bytes line;
  append_annotation(line, annotation, out, 0);
  line.erase(line.size() - 2, 1);  // manifests end their lines with '\n' alone
  return out + line;
}

Result<Manifest> parse_manifest(ByteView text, const std::string& path) {
  Manifest manifest;
  if (text.empty()) return Error{path + ": the manifest is empty"};
  size_t line_number = 0;
  for (size_t at = 0; at < text.size();) {
    ++line_number;
    const auto fail = [&](const std::string& reason) {
      return Error{path + ": line " + std::to_string(line_number) + ": " + reason};
    };
    const size_t end = text.find('\n', at);
    if (end == ByteView::npos) return fail("it does not end in a line feed");
    const ByteView line = text.substr(at, end - at);
    if (line.size() > kMaxLine) return fail("it is longer than any server writes");
    if (manifest.verified) return fail("nothing may follow the checksum");
    if (line.starts_with(kUnfinished)) {
      const auto added = add_unfinished(manifest, line.substr(kUnfinished.size()));
      if (!added) return fail(added.error().message);
    } else if (line.starts_with('#')) {
      if (auto held = check_annotation(line, text.substr(0, at)); !held) return fail(held.error().message);
      manifest.verified = true;
    } else {
      auto entry = parse_entry(line);
      if (!entry) return fail(entry.error().message);
      if (auto added = add_entry(manifest, std::move(*entry)); !added) return fail(added.error().message);
    }
    at = end + 1;
  }
  return manifest;
}

Result<Manifest> read_manifest(base::Fs& fs, const LogPlace& place) {
  auto text = base::read_whole(fs, place.manifest_path(), kMaxManifestBytes);
  if (!text) return Error{text.error().message};
  return parse_manifest(*text, place.manifest_path());
}

base::IoResult<void> write_manifest(base::Fs& fs, const LogPlace& place, const Manifest& manifest) {
  return base::replace_file(fs, place.manifest_path(), encode_manifest(manifest));
}

std::vector<Orphan> find_orphans(base::Fs& fs, const LogPlace& place, const Manifest& manifest) {
  std::vector<Orphan> orphans;
  auto listed = fs.list_dir(place.log_dir());
  if (!listed) return orphans;  // no directory, no orphans
  for (const std::string& name : *listed) {
    const std::optional<uint64_t> increment = seq_of(name, place.file_name, kIncrementSuffix);
    std::optional<uint64_t> seq = increment;
    for (const ByteView suffix : {".base.aof", ".base.rdb"}) {
      if (!seq) seq = seq_of(name, place.file_name, suffix);
    }
    if (!seq || manifest.names(name)) continue;
    const auto size = fs.size(place.path(name));
    if (!size || *size == 0) continue;
    if (!increment || !is_bare(fs, place.path(name), *size)) orphans.push_back({name, *seq, *size});
  }
  return orphans;
}

}  // namespace sluice::aof
