#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "watch/rest/api_error.h"
#include "watch/rest/client_config.h"

namespace ferry::watch {

/// One connection to an API server, plain or TLS. One operation at a time.
class Connection {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  virtual ~Connection() = default;

  /// Resolves, connects and, for TLS, shakes hands, within the configuration's connect_timeout. TCP keep-alive and
  /// TCP_USER_TIMEOUT watch over the connection from then on: a server that vanished is noticed within half a minute.
  virtual boost::asio::awaitable<Result<void>> open() = 0;
  /// Each operation ends with boost::beast::error::timeout when it is not done in time; 0: no limit.
  virtual void expires_after(std::chrono::milliseconds time) = 0;
  virtual boost::asio::awaitable<boost::system::error_code> write(const Request& request) = 0;
  virtual boost::asio::awaitable<boost::system::error_code> read_head(Parser& parser) = 0;
  /// Some of the body, into the buffer that the parser's body names.
  virtual boost::asio::awaitable<boost::system::error_code> read_some(Parser& parser) = 0;
  /// Ends what is under way; nothing may be asked of it afterwards.
  virtual void close() = 0;
};

/// A connection yet to be opened. `tls` is null for plain HTTP. `config` outlives it.
std::unique_ptr<Connection> make_connection(const boost::asio::any_io_executor& executor, const ClientConfig& config,
                                            std::shared_ptr<boost::asio::ssl::context> tls);

}  // namespace ferry::watch
