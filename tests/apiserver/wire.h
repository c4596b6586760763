#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

namespace ferry::apiserver {

/// The bytes of one accepted connection, plain or TLS. One read and one write at a time.
class Wire {
 public:
  virtual ~Wire() = default;
  /// Reads what there is, at least one byte; over TLS, the first read shakes hands.
  virtual boost::asio::awaitable<std::pair<boost::system::error_code, std::size_t>> read_some(
      boost::asio::mutable_buffer into) = 0;
  virtual boost::asio::awaitable<boost::system::error_code> write(boost::asio::const_buffer from) = 0;
  /// Says goodbye: a close_notify over TLS, nothing otherwise.
  virtual boost::asio::awaitable<void> finish() = 0;
  virtual boost::asio::ip::tcp::socket& socket() = 0;
};

/// `tls` null: plain. It must outlive the wire.
std::unique_ptr<Wire> make_wire(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);

}  // namespace ferry::apiserver
