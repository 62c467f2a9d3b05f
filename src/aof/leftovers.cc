#include "aof/leftovers.h"

#include <utility>

namespace sluice::aof {

base::Result<std::vector<std::string>> clear_leftovers(base::Fs& fs, const LogPlace& place) {
  std::vector<std::string> cleared;
  const auto clear = [&](const std::string& name) -> base::IoResult<void> {
    const std::string path = place.path(name);
    if (!fs.exists(path)) return {};
    if (auto gone = fs.unlink(path); !gone) return gone;
    cleared.push_back(path);
    return {};
  };
  for (const char* name : {kRewriteFile, kFirstBaseFile}) {
    if (auto gone = clear(name); !gone) return base::Error{gone.error().message};
  }
  if (!fs.exists(place.manifest_path())) return cleared;
  auto manifest = read_manifest(fs, place);
  if (!manifest || !manifest->verified || manifest->unfinished.empty()) return cleared;
  // A power cut must not bring a manifest back that names them.
  if (auto synced = fs.fsync_dir(place.log_dir()); !synced) return base::Error{synced.error().message};
  for (const std::string& name : std::exchange(manifest->unfinished, {})) {
    if (manifest->names(name)) continue;
    if (auto gone = clear(name); !gone) return base::Error{gone.error().message};
  }
  base::IoResult<void> forgotten;
  if (manifest->empty() && manifest->history.empty()) {
    forgotten = fs.unlink(place.manifest_path());
    if (forgotten) forgotten = fs.fsync_dir(place.log_dir());
  } else {
    forgotten = write_manifest(fs, place, *manifest);
  }
  if (!forgotten) return base::Error{forgotten.error().message};
  return cleared;
}

}  // namespace sluice::aof
