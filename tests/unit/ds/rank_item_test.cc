#include "ds/rank_item.h"

#include <string>

#include <doctest/doctest.h>

namespace sluice::ds {

TEST_CASE("RankItem: keeps any bytes, none and many among them") {
  for (const std::string& member : {std::string(), std::string("a\0b", 3), std::string(100000, 'x')}) {
    RankItem* item = RankItem::create(-1.5, member);
    CHECK(item->member() == member);
    CHECK(item->score() == -1.5);
    item->set_score(2);
    CHECK(item->score() == 2);
    CHECK(item->member() == member);
    RankItem::destroy(item);
  }
}

}  // namespace sluice::ds
