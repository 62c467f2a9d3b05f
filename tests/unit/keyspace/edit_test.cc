#include "keyspace/edit.h"

#include <doctest/doctest.h>

#include "unit/keyspace/fixture.h"

namespace sluice::keyspace {

using types::Hash;
using types::List;

TEST_CASE("view: an absent key is no error, another type is") {
  Fixture f;
  f.add_list("q", 3);
  const auto list = view<List>(f.keyspace, f.access, "q");
  REQUIRE(list.ok());
  REQUIRE(*list);
  CHECK((*list)->size() == 3);
  CHECK((*list).entry()->key() == "q");
  const auto absent = view<List>(f.keyspace, f.access, "none");
  REQUIRE(absent.ok());
  CHECK_FALSE(*absent);
  const auto wrong = view<Hash>(f.keyspace, f.access, "q");
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error() == Refusal::kWrongType);
}

TEST_CASE("Edit: a commit marks, counts and names the change") {
  Fixture f;
  {
    auto list = edit<List>(f.keyspace, f.access, "q");
    REQUIRE(list.ok());
    CHECK(list->created());
    (*list)->push_back("a");
    list->commit(events::rpush, 2);
    CHECK_FALSE(list->created());
  }
  REQUIRE(f.changes.size() == 1);
  CHECK(f.changes.changes()[0].kind == ChangeKind::kCreated);
  CHECK(f.changes.changes()[0].event == &events::rpush);
  CHECK(f.changes.dirty() == 2);
  f.changes.clear();
  {
    auto list = edit_existing<List>(f.keyspace, f.access, "q");
    (*list)->push_back("b");
    list->commit(events::rpush);
  }
  CHECK(f.changes.changes()[0].kind == ChangeKind::kTouched);
  CHECK(f.changes.dirty() == 1);
}

TEST_CASE("Edit: one that created its key and is left without commit leaves no trace") {
  Fixture f;
  {
    auto list = edit<List>(f.keyspace, f.access, "q");
    CHECK(f.db().find("q") != nullptr);
  }
  CHECK(f.db().find("q") == nullptr);
  CHECK(f.changes.empty());
}

TEST_CASE("Edit: looking needs no commit, and unchanged() takes a write back") {
  Fixture f;
  f.add_list("q", 2);
  {
    auto list = edit_existing<List>(f.keyspace, f.access, "q");
    CHECK(list->peek().size() == 2);
  }
  {
    auto list = edit_existing<List>(f.keyspace, f.access, "q");
    CHECK_FALSE((*list)->set(9, "x"));
    list->unchanged();
  }
  CHECK(f.changes.empty());
}

TEST_CASE("Edit: moved, the new one answers for the value") {
  Fixture f;
  auto opened = edit<List>(f.keyspace, f.access, "q");
  (*opened)->push_back("a");
  Edit<List> list = std::move(*opened);
  CHECK_FALSE(static_cast<bool>(*opened));
  list.commit(events::rpush);
  CHECK(f.db().find("q") != nullptr);
}

TEST_CASE("Edit: another type is refused, an absent key yields nothing to edit") {
  Fixture f;
  f.add_list("q");
  CHECK_FALSE(edit<Hash>(f.keyspace, f.access, "q").ok());
  CHECK_FALSE(edit_existing<Hash>(f.keyspace, f.access, "q").ok());
  const auto absent = edit_existing<Hash>(f.keyspace, f.access, "none");
  REQUIRE(absent.ok());
  CHECK_FALSE(*absent);
}

TEST_CASE("Edit: a key past its deadline makes way for a new one, hidden or not") {
  for (const Expiry expiry : {Expiry::kDelete, Expiry::kHide}) {
    Fixture f;
    Entry& old = f.add_list("q", 5);
    f.keyspace.deadlines().set_expiry(f.db(), old, kNowMs - 1);
    f.access.expiry = expiry;
    {
      auto list = edit<List>(f.keyspace, f.access, "q");
      CHECK(list->created());
      (*list)->push_back("a");
      list->commit(events::rpush);
    }
    REQUIRE(f.changes.size() == 2);
    CHECK(f.changes.changes()[0].kind == ChangeKind::kExpired);
    CHECK(f.changes.changes()[1].kind == ChangeKind::kCreated);
    CHECK(f.db().find("q")->deadline == kNoDeadline);
  }
}

TEST_CASE("Edit: two of one value may be open, as LMOVE on one key does") {
  Fixture f;
  f.add_list("q", 2);
  auto from = edit_existing<List>(f.keyspace, f.access, "q");
  auto to = edit<List>(f.keyspace, f.access, "q");
  CHECK(&from->entry() == &to->entry());
  CHECK_FALSE(to->created());
  (*from)->pop_front();
  (*to)->push_back("x");
  to->commit(events::rpush, 0);
  from->commit(events::lpop);
  CHECK(f.changes.dirty() == 1);
}

}  // namespace sluice::keyspace
