// Any text as a script, run in both protocols against a host that answers by a few fixed shapes, under small
// limits. What may come out is one well-formed reply; what may not is a crash, a leak or a script that cannot
// be stopped.
//
// The first byte chooses: 0 a script as it stands; 1, 2, 3 the rest as data for cmsgpack, struct and cjson.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "resp/reply.h"
#include "script/engine.h"

namespace {

using namespace sluice;

class AnyHost final : public script::Host {
 public:
  void call(std::span<const base::ByteView> args, resp::Reply& reply) override {
    switch (args[0].size() % 6) {
      case 0:
        return reply.error("ERR no");
      case 1:
        return reply.integer(static_cast<int64_t>(args.size()));
      case 2:
        return reply.null();
      case 3:
        reply.map(1);
        reply.bulk(args.back());
        return reply.real(1.5);
      case 4:
        reply.set(2);
        reply.bulk("a");
        return reply.boolean(true);
      default:
        return reply.bulk(args.back());
    }
  }
  void own_error(base::ByteView) override {}
  void log(script::LogLevel, base::ByteView) override {}
  script::AclVerdict check_acl(std::span<const base::ByteView>) override {
    return script::AclVerdict::kDenied;
  }
  void set_propagation(bool, bool) override {}
};

// Every look at the hour costs a millisecond, so that a run of many instructions is suspended without any
// waiting.
class TickingClock final : public base::Clock {
 public:
  [[nodiscard]] int64_t unix_us() const override { return 1; }
  [[nodiscard]] int64_t monotonic_us() const override { return now_us_ += 1000; }
  void sleep_us(int64_t for_us) const override { now_us_ += for_us; }

 private:
  mutable int64_t now_us_ = 0;
};

constexpr int kSlices = 20;

void check_reply(const std::string& out) {
  resp::DecodeLimits limits;
  limits.max_depth = 2000;
  resp::Decoder decoder(limits);
  decoder.feed(out);
  if (decoder.next() != resp::Decoder::Status::kValue || decoder.buffered_bytes() != 0) std::abort();
}

void run(script::Engine& engine, base::ByteView text, base::ByteView argument, resp::Protocol protocol) {
  AnyHost host;
  std::string out;
  resp::Reply reply(out, protocol);
  auto prepared = engine.prepare(text);
  if (!prepared.ok()) return;
  engine.interrupt();
  script::Outcome outcome = engine.run(**prepared, {{&argument, 1}, {&argument, 1}}, host, reply);
  for (int slice = 0; outcome == script::Outcome::kSuspended && slice < kSlices; ++slice) {
    outcome = engine.resume(host, reply);
  }
  if (outcome == script::Outcome::kSuspended) reply.error(engine.kill());
  check_reply(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static constexpr base::ByteView kLibraries[] = {
      "local r = {pcall(cmsgpack.unpack, ARGV[1])} pcall(cmsgpack.unpack_one, ARGV[1], 1) "
      "local ok, text = pcall(cmsgpack.pack, unpack(r)) return r",
      "local s = ARGV[1] local f, d = string.match(s, '^(.-)\\n(.*)$') if not f then return end "
      "pcall(struct.size, f) pcall(struct.pack, f, 1, 'two', 3, -4) return {pcall(struct.unpack, f, d)}",
      "local ok, v = pcall(cjson.decode, ARGV[1]) if not ok then return v end return {v, "
      "(pcall(cjson.encode, v))}",
  };
  TickingClock clock;
  script::Limits limits;
  limits.busy_after_us = 0;  // An alarm before the deadline would be taken for one of an earlier run.
  limits.hard_after_us = 20000;
  limits.memory_bytes = size_t{16} << 20;
  script::Engine engine(clock, limits);
  base::ByteView text(reinterpret_cast<const char*>(data + 1), size - 1);
  int which = data[0] & 3;
  for (resp::Protocol protocol : {resp::Protocol::kResp2, resp::Protocol::kResp3}) {
    run(engine, which == 0 ? text : kLibraries[which - 1], text, protocol);
  }
  return 0;
}
