#include "types/form.h"

#include <memory>

#include <doctest/doctest.h>

#include "ds/listpack.h"

namespace sluice::types {

namespace {

struct Fixture {
  ds::HashSeed seed{1};
  ds::Epoch epoch;
  ValueContext context{seed, epoch};
};

// How many of it there are.
struct Counted {
  explicit Counted(int& held) : alive(held) { ++alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }
  int& alive;
};

using Forms = FormOf<ds::Listpack, std::unique_ptr<Counted>, std::unique_ptr<int>>;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "FormOf: begins as the first form and keeps its context") {
  static_assert(sizeof(Forms) == 16);
  const Forms form(context);
  CHECK(form.index() == 0);
  CHECK(&form.context() == &context);
  CHECK(form.get<0>().size() == 0);
  CHECK(form.get_if<1>() == nullptr);
  CHECK(form.get_if<0>() == &form.get<0>());
}

TEST_CASE_FIXTURE(Fixture, "FormOf: another form takes the place of the one before, which is destroyed") {
  int alive = 0;
  {
    Forms form(context);
    form.become<1>(std::make_unique<Counted>(alive));
    CHECK(form.index() == 1);
    CHECK(alive == 1);
    form.become<1>(std::make_unique<Counted>(alive));
    CHECK(alive == 1);
    form.become<2>(std::make_unique<int>(5));
    CHECK(alive == 0);
    CHECK(*form.get<2>() == 5);
    CHECK(&form.context() == &context);
    form.become<1>(std::make_unique<Counted>(alive));
  }
  CHECK(alive == 0);
}

TEST_CASE_FIXTURE(Fixture, "FormOf: moves take form and context along and leave nothing behind") {
  int alive = 0;
  {
    ValueContext other_context{seed, epoch};
    Forms from(other_context);
    from.become<1>(std::make_unique<Counted>(alive));
    Forms to(std::move(from));
    CHECK(to.index() == 1);
    CHECK(&to.context() == &other_context);
    CHECK(from.get<1>() == nullptr);  // NOLINT: moved from on purpose
    Forms assigned(context);
    assigned.get<0>().append(ds::Packable("x"));
    assigned = std::move(to);
    CHECK(alive == 1);
    CHECK(&assigned.context() == &other_context);
    Forms& same = assigned;
    assigned = std::move(same);
    CHECK(alive == 1);
    to = Forms(context);  // NOLINT: assigned to after being moved from
    CHECK(to.index() == 0);
  }
  CHECK(alive == 0);
}

}  // namespace sluice::types
