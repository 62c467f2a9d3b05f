#include "ds/listpack_check.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace sluice::ds {

std::optional<ListpackFacts> inspect(base::ByteView block) {
  if (!validate(block, true)) return std::nullopt;
  ListpackFacts facts;
  const auto* at = reinterpret_cast<const uint8_t*>(block.data()) + ListpackView::kHeaderBytes;
  for (; *at != ListpackView::kEnd; at += entry_bytes(at)) {
    ++facts.elements;
    const Element element = decode_entry(at);
    if (!element.is_int && facts.canonical) facts.canonical = !Packable(element.text).is_int();
  }
  return facts;
}

std::optional<Listpack> checked_copy(base::ByteView block) {
  const auto facts = inspect(block);
  if (!facts) return std::nullopt;
  if (facts->canonical) return Listpack::copy_of(block);
  Listpack copy;
  copy.reserve(block.size());
  const ListpackView view(block);
  for (size_t at = view.first(); at != ListpackView::kNone; at = view.next(at)) {
    const Element element = view.get(at);
    copy.append(element.is_int ? Packable(element) : Packable(element.text));
  }
  return copy;
}

bool are_distinct(ListpackView view, size_t stride) {
  std::vector<Element> elements;
  size_t place = 0;
  for (size_t at = view.first(); at != ListpackView::kNone; at = view.next(at), ++place) {
    if (place % stride == 0) elements.push_back(view.get(at));
  }
  const auto order = [](const Element& e) { return std::tie(e.is_int, e.number, e.text); };
  std::sort(elements.begin(), elements.end(),
            [&](const Element& left, const Element& right) { return order(left) < order(right); });
  return std::adjacent_find(elements.begin(), elements.end(), [&](const Element& left, const Element& right) {
           return order(left) == order(right);
         }) == elements.end();
}

}  // namespace sluice::ds
