#include "acl/denial_log.h"

#include <doctest/doctest.h>

namespace sluice::acl {

namespace {

Denial denied(const std::string& object, const std::string& user = "u") {
  return {Reason::kKey, Context::kTopLevel, object, user, "id=1"};
}

std::string shown(const DenialLog& log) {
  std::string text;
  for (const DenialLog::Entry& entry : log.entries()) {
    text += std::to_string(entry.id) + ":" + entry.denial.object + "*" + std::to_string(entry.count) + " ";
  }
  return text;
}

}  // namespace

TEST_CASE("DenialLog: newest first, each with its number, and no more than there is room for") {
  DenialLog log;
  for (const char* object : {"a", "b", "c"}) log.add(denied(object), 1000, 2);
  CHECK(shown(log) == "2:c*1 1:b*1 ");
  log.clear();
  log.add(denied("d"), 1000, 2);
  CHECK(shown(log) == "3:d*1 ");
  log.add(denied("e"), 1000, 0);
  CHECK(log.entries().empty());
}

TEST_CASE("DenialLog: the same within a minute is counted, and comes first again") {
  DenialLog log;
  log.add(denied("a"), 1000, 10);
  log.add(denied("b"), 2000, 10);
  Denial again = denied("a");
  again.client = "id=2";
  log.add(again, 61'000, 10);
  CHECK(shown(log) == "0:a*2 1:b*1 ");
  CHECK(log.entries().front().created_ms == 1000);
  CHECK(log.entries().front().updated_ms == 61'000);
  CHECK(log.entries().front().denial.client == "id=2");
  log.add(denied("a"), 121'001, 10);
  CHECK(shown(log) == "2:a*1 0:a*2 1:b*1 ");
}

TEST_CASE("DenialLog: another user, reason or context is another matter") {
  DenialLog log;
  log.add(denied("a"), 1000, 10);
  log.add(denied("a", "v"), 1000, 10);
  Denial other = denied("a");
  other.reason = Reason::kChannel;
  log.add(other, 1000, 10);
  other.context = Context::kScript;
  log.add(other, 1000, 10);
  CHECK(log.entries().size() == 4);
}

TEST_CASE("DenialLog: only the newest are compared, so that a full log costs no more than an empty one") {
  DenialLog log;
  log.add(denied("old"), 1000, 100);
  for (size_t i = 0; i < kDenialsCompared; ++i) log.add(denied(std::to_string(i)), 1000, 100);
  log.add(denied("old"), 1000, 100);
  CHECK(log.entries().front().count == 1);
}

TEST_CASE("DenialLog: a huge key is cut") {
  DenialLog log;
  log.add(denied(std::string(1 << 20, 'x')), 1000, 10);
  CHECK(log.entries().front().denial.object.size() == kMaxLoggedBytes);
}

}  // namespace sluice::acl
