#include "ds/rank_item.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"

namespace sluice::ds {

RankItem* RankItem::create(double score, base::ByteView member) {
  SLUICE_CHECK(member.size() <= UINT32_MAX, "a sorted set member over 4 GiB");
  // Short members would fit into the padding of the struct, but the object itself must fit too.
  void* memory = std::malloc(std::max(sizeof(RankItem), allocation_bytes(member.size())));
  SLUICE_CHECK(memory != nullptr, "out of memory");
  auto* item = new (memory) RankItem(score, static_cast<uint32_t>(member.size()));
  if (!member.empty()) std::memcpy(static_cast<char*>(memory) + kHeaderBytes, member.data(), member.size());
  return item;
}

void RankItem::destroy(RankItem* item) {
  std::free(item);
}

}  // namespace sluice::ds
