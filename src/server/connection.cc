#include "server/connection.h"

#include <utility>

#include "resp/reply.h"

namespace sluice::server {

Connection::Connection(ConnectionOwner& owner, std::unique_ptr<net::Socket> socket, client::ClientId id)
    : owner_(owner), socket_(std::move(socket)), client_(id) {
  client_.address = socket_->peer();
  client_.local_address = socket_->local();
  client_.fd = socket_->fd();
  if (socket_->is_unix()) client_.set(client::kUnixSocket);
}

bool Connection::may_execute() const {
  constexpr uint32_t kStops = client::kBlocked | client::kCloseAfterReply | client::kCloseNow;
  return !lost_ && !client_.has(kStops) && client_.outbox.held_bytes() <= owner_.held_limit_bytes();
}

std::span<char> Connection::read_buffer(std::span<char> shared) {
  reading_big_ = false;
  read_into_ = shared;
  if (parser_ != nullptr) {
    if (const std::span<char> room = parser_->big_room(); !room.empty()) {
      reading_big_ = true;
      read_into_ = room;
    }
  }
  return read_into_;
}

void Connection::on_read(size_t size) {
  client_.input_bytes += size;
  owner_.count_input(size);
  if (reading_big_) {
    parser_->big_filled(size);
    if (!parser_->big_room().empty()) return;
    owner_.begin_burst();
    take(kept_, true);
    return;
  }
  const base::ByteView fresh(read_into_.data(), size);
  if (client_.has(client::kCloseAfterReply | client::kCloseNow)) return;  // what a leaving client still says
  if (!may_execute() || !kept_.empty()) {
    kept_.append(fresh);
    check_query_limit();
    if (!may_execute()) return;
    owner_.begin_burst();
    take(kept_, true);
    return;
  }
  owner_.begin_burst();
  take(fresh, false);
}

void Connection::resume() {
  if (!may_execute() || kept_.empty()) return;
  if (parser_ != nullptr && !parser_->big_room().empty()) return;
  owner_.begin_burst();
  take(kept_, true);
}

// Executes what is whole in `input` and keeps the rest.
void Connection::take(base::ByteView input, bool input_is_kept) {
  resp::Parser& parser = parser_ != nullptr ? *parser_ : owner_.shared_parser();
  bool go_on = may_execute();
  while (go_on) {
    switch (parser.next(input, owner_.parser_limits(client_))) {
      case resp::Parser::Status::kRequest: {
        const bool more = owner_.execute(*this, parser);
        input.remove_prefix(parser.consumed());
        go_on = more && may_execute() && !input.empty();
        break;
      }
      case resp::Parser::Status::kNeedMore:
        input = parser.carry();
        // A parser that holds half a request stays with this connection.
        if (!parser.idle() && parser_ == nullptr) {
          parser_ = std::make_unique<resp::Parser>(std::exchange(parser, resp::Parser()));
        }
        go_on = false;
        break;
      case resp::Parser::Status::kError:
        break_off(parser.error());
        parser.reset();
        go_on = false;
        break;
    }
  }
  if (parser_ != nullptr && parser_->idle()) parser_.reset();
  if (client_.has(client::kCloseAfterReply | client::kCloseNow)) input = {};
  if (input_is_kept && input.size() == kept_.size()) {
    check_query_limit();
  } else {
    keep(input);
  }
}

void Connection::keep(base::ByteView rest) {
  base::Bytes left(rest);
  kept_.swap(left);
  check_query_limit();
}

void Connection::check_query_limit() {
  client_.query_bytes = kept_.size() + (parser_ != nullptr ? parser_->big_bytes() : 0);
  if (client_.query_bytes == 0 && client_.multi_memory_bytes == 0) return;
  if (client_.query_bytes + client_.multi_memory_bytes <= owner_.query_limit_bytes(client_)) return;
  owner_.count_query_overflow();
  owner_.lost(*this);
}

void Connection::break_off(base::ByteView error) {
  resp::Reply(client_.outbox.bytes(), client_.protocol).error(error);
  client_.outbox.tag(client_.outbox.last_tag());
  client_.set(client::kCloseAfterReply);
  owner_.has_output(*this);
}

bool Connection::flush(uint64_t watermark) {
  if (client_.has(client::kCloseNow)) {
    owner_.lost(*this);
    return true;
  }
  const base::ByteView ready = client_.outbox.sendable(watermark).substr(0, kWriteBytesPerTurn);
  if (!ready.empty()) {
    const size_t sent = socket_->try_write(ready);
    client_.output_bytes += sent;
    client_.outbox.sent(sent);
  }
  const bool wants_socket = !client_.outbox.sendable(watermark).empty();
  if (wants_socket != watching_writable_) {
    watching_writable_ = wants_socket;
    socket_->watch_writable(wants_socket);
  }
  if (client_.outbox.empty()) {
    if (client_.has(client::kCloseAfterReply)) owner_.lost(*this);
    return true;
  }
  return wants_socket;  // the socket will call; otherwise the watermark must
}

void Connection::on_writable() {
  owner_.has_output(*this);
}

void Connection::on_eof() {
  // Whoever waits for a job and has gone must not get it. Others get the answers to what they asked.
  if (client_.has(client::kBlocked) || client_.outbox.empty()) {
    owner_.lost(*this);
    return;
  }
  client_.set(client::kCloseAfterReply);
  owner_.has_output(*this);
}

void Connection::on_error(int) {
  owner_.lost(*this);
}

}  // namespace sluice::server
