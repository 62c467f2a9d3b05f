// Connection: one client's socket, the half request it has sent so far, and its Client. Bytes in go through
// the parser to the executor; bytes out come from the client's outbox when the turn ends. Reading never
// stops, so that the death of a peer is noticed while its command waits; what arrives meanwhile is kept, up
// to the query limit.
//
// Owned by the server, which alone decides when it dies. Holds memory only while it holds half a request or
// waits.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "client/client.h"
#include "net/socket.h"
#include "resp/parser.h"

namespace sluice::server {

// The most that leaves one connection in one turn: a peer that reads fast must not hold up the others.
inline constexpr size_t kWriteBytesPerTurn = size_t{1} << 20;

class Connection;

// What a connection needs of the server: the executor behind a narrow door, and to be told when something
// happened.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  // Parses with this unless the connection is in the middle of a request.
  virtual resp::Parser& shared_parser() = 0;
  [[nodiscard]] virtual resp::ParserLimits parser_limits(const client::Client& client) const = 0;
  // Bytes of requests a connection may have waiting, half ones and MULTI's queue included.
  [[nodiscard]] virtual size_t query_limit_bytes(const client::Client& client) const = 0;
  // Held replies (waiting for the disk) beyond which a connection's requests are no longer executed.
  [[nodiscard]] virtual size_t held_limit_bytes() const = 0;
  // Executes one request; false: no further one may be executed now.
  virtual bool execute(Connection& connection, resp::Parser& parser) = 0;
  // A new reading of bytes begins: the clock is read.
  virtual void begin_burst() = 0;
  // It has something to send, or must be closed.
  virtual void has_output(Connection& connection) = 0;
  // The peer is gone or has broken the rules: close it when the turn ends.
  virtual void lost(Connection& connection) = 0;
  virtual void count_input(size_t bytes) = 0;
  virtual void count_query_overflow() = 0;
};

class Connection final : public net::SocketHandler {
 public:
  Connection(ConnectionOwner& owner, std::unique_ptr<net::Socket> socket, client::ClientId id);

  [[nodiscard]] client::Client& client() { return client_; }
  [[nodiscard]] net::Socket& socket() { return *socket_; }

  // Goes on with kept input, if the client may execute now.
  void resume();
  // Sends what the watermark lets go. False: the rest must wait for it, or for the socket.
  bool flush(uint64_t watermark);

  // In which of the server's lists it stands: of those with something new to send, and of those that wait for
  // the watermark.
  bool has_new_output = false;
  bool is_held = false;
  [[nodiscard]] bool lost() const { return lost_; }
  void set_lost() { lost_ = true; }
  // Executing is allowed: not parked, not closing, not too much held.
  [[nodiscard]] bool may_execute() const;
  [[nodiscard]] bool has_input() const { return !kept_.empty(); }

  std::span<char> read_buffer(std::span<char> shared) override;
  void on_read(size_t size) override;
  void on_writable() override;
  void on_eof() override;
  void on_error(int code) override;

 private:
  void take(base::ByteView input, bool input_is_kept);
  void keep(base::ByteView rest);
  void check_query_limit();
  void break_off(base::ByteView error);

  ConnectionOwner& owner_;
  std::unique_ptr<net::Socket> socket_;
  client::Client client_;
  base::Bytes kept_;                      // half a request, or what came while waiting
  std::unique_ptr<resp::Parser> parser_;  // only in the middle of a request
  std::span<char> read_into_;             // where the read under way goes
  bool reading_big_ = false;
  bool lost_ = false;
  bool watching_writable_ = false;
};

}  // namespace sluice::server
