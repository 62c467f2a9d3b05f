#include "ds/node.h"

#include <vector>

#include <doctest/doctest.h>

namespace sluice::ds {
namespace {

class RecordingHook final : public NodeHook {
 public:
  void before_change(NodeHeader& node, const void* container) override {
    stamps.push_back(node.epoch);
    containers.push_back(container);
  }
  std::vector<uint32_t> stamps;
  std::vector<const void*> containers;
};

TEST_CASE("announce_change: the hook hears of an old node once per epoch, before it is stamped") {
  RecordingHook hook;
  Epoch epoch{3, &hook};
  NodeHeader node;
  node.epoch = 1;
  const int container = 0;
  announce_change(epoch, node, &container);
  announce_change(epoch, node, &container);
  CHECK(hook.stamps == std::vector<uint32_t>{1});
  CHECK(hook.containers == std::vector<const void*>{&container});
  epoch.current = 4;
  announce_change(epoch, node, &container);
  CHECK(hook.stamps == std::vector<uint32_t>{1, 3});
  CHECK(node.epoch == 4);
}

TEST_CASE("announce_change: without a hook the stamp moves on all the same") {
  const Epoch epoch{9, nullptr};
  NodeHeader node;
  announce_change(epoch, node, nullptr);
  CHECK(node.epoch == 9);
}

TEST_CASE("pin: a second reference makes a node pinned") {
  NodeHeader node;
  CHECK_FALSE(is_pinned(node));
  pin(node);
  CHECK(is_pinned(node));
}

}  // namespace
}  // namespace sluice::ds
