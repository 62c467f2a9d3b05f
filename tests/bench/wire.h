// The bytes the load driver sends and how it finds its way through the answers. As little of the protocol as
// a load needs: requests are built once and patched in place, replies are measured and skipped, not decoded.
// Knows nothing of sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

// In an argument, these stand for 12 digits that differ from request to request.
inline constexpr std::string_view kCounter = "@@@@@@@@@@@@";  // one number a request, counting up
inline constexpr std::string_view kRandom = "############";   // a random number below the range of the batch
inline constexpr size_t kDigits = 12;

// Ends the program with a message: a load that went wrong has no figure worth printing.
[[noreturn]] void fail(std::string_view why);

std::string encode(const std::vector<std::string>& arguments);

// A small generator of our own: the sequence must be the same for every server.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t below(uint64_t bound);

 private:
  uint64_t state_;
};

// `copies` requests of one shape in one buffer. `next` fills the digits in and returns the bytes, good until
// the following call.
class Batch {
 public:
  Batch(const std::vector<std::string>& arguments, size_t copies, uint64_t random_range = 1);

  std::string_view next(uint64_t& counter, Dice& dice);
  [[nodiscard]] size_t copies() const { return copies_; }

 private:
  struct Patch {
    size_t offset;
    size_t copy;
    bool counts;
  };

  std::string bytes_;
  std::vector<Patch> patches_;
  size_t copies_;
  uint64_t random_range_;
};

void write_digits(char* at, uint64_t number);

// Length of the first reply in `data`, or 0 when it is not all there yet.
size_t reply_length(std::string_view data);

// Walks the parts of one whole reply.
class ReplyWalker {
 public:
  explicit ReplyWalker(std::string_view reply) : rest_(reply) {}

  // Elements of the array that comes next; -1 for a null, of either kind.
  int64_t array();
  std::string_view bulk();

 private:
  int64_t header(std::string_view kinds);

  std::string_view rest_;
};

}  // namespace sluice::bench
