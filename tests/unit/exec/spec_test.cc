#include "exec/spec.h"

#include <doctest/doctest.h>

namespace sluice::exec {

namespace {

constexpr CommandSpec good() {
  CommandSpec row;
  row.name = "x";
  row.handler = [](Call&) { return Outcome::kDone; };
  row.arity = 2;
  row.keys = one_key(1, kKeyRo);
  row.flags = kReadonly;
  row.group = Group::kList;
  row.since = "1.0.0";
  row.summary = "Does x.";
  return row;
}

// Each defect alone makes a row unsound.
template <class Change>
constexpr bool sound_after(Change change) {
  CommandSpec row = good();
  change(row);
  return row_is_sound(row);
}

}  // namespace

TEST_CASE("row_is_sound: finds each defect while compiling") {
  static_assert(row_is_sound(good()));
  static_assert(!sound_after([](CommandSpec& row) { row.name = ""; }));
  static_assert(!sound_after([](CommandSpec& row) { row.name = "X"; }));
  static_assert(!sound_after([](CommandSpec& row) { row.arity = 0; }));
  static_assert(!sound_after([](CommandSpec& row) { row.summary = ""; }));
  static_assert(!sound_after([](CommandSpec& row) { row.since = ""; }));
#ifndef SLUICE_SANITIZED  // the row itself cannot be asked there, see spec.h
  static_assert(!sound_after([](CommandSpec& row) { row.handler = nullptr; }));
#endif
  static_assert(!sound_after([](CommandSpec& row) { row.flags |= kWrite; }));
  static_assert(!sound_after([](CommandSpec& row) { row.keys = one_key(2, kKeyRo); }));
  static_assert(!sound_after([](CommandSpec& row) { row.keys = one_key(1, 0); }));
  static_assert(sound_after([](CommandSpec& row) {
    row.arity = at_least(2);
    row.keys = one_key(2, kKeyRo);
  }));
  CHECK(row_is_sound(good()));
}

TEST_CASE("arity: exact and least numbers count the command's own name") {
  CommandSpec row = good();
  CHECK(row.arity_ok(2));
  CHECK_FALSE(row.arity_ok(1));
  CHECK_FALSE(row.arity_ok(3));
  row.arity = at_least(2);
  CHECK_FALSE(row.arity_ok(1));
  CHECK(row.arity_ok(2));
  CHECK(row.arity_ok(1000));
}

TEST_CASE("categories_of: group and flags imply categories") {
  CommandSpec row = good();
  CHECK(categories_of(row) == (kCatList | kCatRead | kCatSlow));
  row.flags = kWrite | kFast | kBlocking;
  CHECK(categories_of(row) == (kCatList | kCatWrite | kCatFast | kCatBlocking));
  row.flags = kAdmin;
  row.group = Group::kServer;
  CHECK(categories_of(row) == (kCatAdmin | kCatDangerous | kCatSlow));
  row.flags = kPubsub;
  row.group = Group::kPubsub;
  CHECK(categories_of(row) == (kCatPubsub | kCatSlow));
}

TEST_CASE("categories_of: a row may add some, or decline its group's") {
  CommandSpec row = good();
  row.categories = kCatDangerous;
  CHECK(categories_of(row) == (kCatList | kCatRead | kCatSlow | kCatDangerous));
  row.categories = kCatNotOfGroup | kCatSet;
  CHECK(categories_of(row) == (kCatSet | kCatRead | kCatSlow));
}

TEST_CASE("group_name: as COMMAND DOCS spells them") {
  CHECK(group_name(Group::kSortedSet) == "sorted-set");
  CHECK(group_name(Group::kGeneric) == "generic");
  CHECK(group_name(Group::kBitmap) == "bitmap");
}

}  // namespace sluice::exec
