// The header every bounded node of a big value starts with: list nodes, table segments, tree leaves, stream
// blocks. A snapshot is an epoch: the first change of a node that is older than the current epoch is
// announced to a hook, which may pin the node (one more reference) and so keep its bytes as they were. A
// pinned node is never changed in place: whoever wants to change it copies that one node first. Costs one
// compare when no snapshot runs. Reference counts are plain integers: only the reactor thread touches a
// header. This file knows no container.
#pragma once

#include <cstdint>

#include "base/check.h"

namespace sluice::ds {

// How the bytes of a node are stored. Only the owner's node cursor looks behind it.
enum class NodeForm : uint8_t {
  kPlain,    // the bytes follow the header in the same allocation
  kAdopted,  // one big value in a buffer of its own
  kLz4,      // reserved: compressed, for the cold middle of a long list
};

struct NodeHeader {
  uint16_t refs = 1;
  NodeForm form = NodeForm::kPlain;
  uint8_t size_code =
      0;               // allocation size, as ds/size_class.h numbers it; 0 where the owner knows it otherwise
  uint32_t epoch = 0;  // the epoch of the last change
};

class NodeHook {
 public:
  virtual ~NodeHook() = default;
  // Called once per node and epoch, before its first change or its removal; `node` is still as it was when
  // the epoch began. `container` is the address of the structure it belongs to, as an identity only. The hook
  // may pin the node, and must not touch the container.
  virtual void before_change(NodeHeader& node, const void* container) = 0;
};

// Which epoch it is. One per process, handed to every container by reference and outliving them all.
struct Epoch {
  uint32_t current = 0;
  NodeHook* hook = nullptr;  // null when no snapshot runs
};

// Call before changing or dropping `node`.
inline void announce_change(const Epoch& epoch, NodeHeader& node, const void* container) {
  if (node.epoch == epoch.current) [[likely]]
    return;
  if (epoch.hook != nullptr) epoch.hook->before_change(node, container);
  node.epoch = epoch.current;
}

inline void pin(NodeHeader& node) {
  SLUICE_CHECK(node.refs < UINT16_MAX, "a node is pinned by a few walkers at most");
  ++node.refs;
}

inline bool is_pinned(const NodeHeader& node) {
  return node.refs > 1;
}

}  // namespace sluice::ds
