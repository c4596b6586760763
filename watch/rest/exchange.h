#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include "watch/codec/inflater.h"
#include "watch/rest/api_error.h"
#include "watch/rest/connection.h"

namespace ferry::watch {

/// One request on one connection and its answer, read as it comes. The connection outlives it.
class Exchange {
 public:
  /// Takes the next bytes of a body. False: enough, the rest is not wanted.
  using OnBytes = std::function<bool(std::string_view)>;
  /// What may pass until the next part of a body; asked before each.
  using Silence = std::function<std::chrono::milliseconds()>;

  explicit Exchange(Connection& connection) : connection_(connection) {}

  /// Sends the request and reads the head of the answer; interim answers (1xx, RFC 9110, section 15.2) are passed over.
  boost::asio::awaitable<Result<void>> ask(const Connection::Request& request, std::chrono::milliseconds time);
  /// Something of an answer came. When not, the request may not have reached the server.
  bool answered() const { return answered_; }
  /// Valid once ask() succeeded.
  const Connection::Parser::value_type& head() const { return parser_->get(); }

  /// Hands over the body, decompressed, in bounded parts, and lets other work of the executor have its turn in between.
  /// Success: the body is complete.
  boost::asio::awaitable<Result<void>> read_body(const Silence& silence, const OnBytes& on_bytes);
  /// The answer was read to its end and the connection may carry another.
  bool is_reusable() const { return parser_ && parser_->is_done() && parser_->keep_alive(); }

 private:
  boost::asio::awaitable<boost::system::error_code> read_head();
  boost::asio::awaitable<Result<void>> hand_over(std::string_view bytes, const OnBytes& on_bytes);

  Connection& connection_;
  std::optional<Connection::Parser> parser_;
  std::optional<Inflater> inflater_;
  bool answered_ = false;
};

}  // namespace ferry::watch
