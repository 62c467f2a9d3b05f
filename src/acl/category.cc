#include "acl/category.h"

#include "base/letters.h"

namespace sluice::acl {

std::optional<uint32_t> category_by_name(base::ByteView name) {
  for (size_t i = 0; i < kCategoryNames.size(); ++i) {
    if (base::same_word(kCategoryNames[i], name)) return 1u << i;
  }
  return std::nullopt;
}

}  // namespace sluice::acl
