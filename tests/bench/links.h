// The connections of a load: non-blocking sockets on one epoll. A Links owns its sockets; a Link is addressed
// by its index, and what it waits for is the business of the case that drives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

class Links {
 public:
  // Connects `count` sockets to 127.0.0.1:`port`.
  Links(int port, size_t count);
  ~Links();
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  [[nodiscard]] size_t count() const { return links_.size(); }

  // Writes now what the socket takes and keeps the rest for `wait`.
  void send(size_t index, std::string_view bytes);

  // Takes in what has arrived, everywhere, waiting at most `timeout_ms` for the first of it (0: not at all,
  // -1: for ever); returns the links that have received something. Valid until the next call.
  const std::vector<size_t>& wait(int timeout_ms);

  // The next whole reply that `index` has received, or an empty view. Good until the next `wait`. Ends the
  // program on an error reply.
  std::string_view take_reply(size_t index);

  // One request, one reply, on the first link; only while nothing else is under way on it.
  std::string ask(const std::vector<std::string>& arguments);

 private:
  struct Link {
    int socket = -1;
    bool wants_to_write = false;
    std::string unsent;
    std::string received;
    size_t taken = 0;  // bytes at the front of `received` that take_reply has passed
  };

  void watch(size_t index, bool add);
  void flush(size_t index);
  bool receive(size_t index);

  int epoll_;
  std::vector<Link> links_;
  std::vector<size_t> ready_;
  std::string buffer_;
};

}  // namespace sluice::bench
