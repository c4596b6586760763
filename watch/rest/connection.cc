#include "watch/rest/connection.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "watch/rest/resolve.h"

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr int kUserTimeoutMilliseconds = 30000;
constexpr int kKeepAliveIdleSeconds = 15;
constexpr int kKeepAliveIntervalSeconds = 5;
constexpr int kKeepAliveProbes = 3;

ApiError transport_error(const char* doing, const error_code& code) {
  ApiError error;
  error.kind = code == beast::error::timeout ? ApiError::Kind::kTimeout : ApiError::Kind::kTransport;
  error.code = code;
  error.message = doing;
  return error;
}

void set_option(tcp::socket& socket, int level, int name, int value) {
  // A socket that refuses one of these works all the same.
  ::setsockopt(socket.native_handle(), level, name, &value, sizeof value);
}

void watch_over(tcp::socket& socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMilliseconds);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

/// What plain and TLS connections have in common, over the stream that speaks HTTP.
template <class Stream>
class BasicConnection : public Connection {
 public:
  template <class... Args>
  explicit BasicConnection(const ClientConfig& config, Args&&... args)
      : config_(config), stream_(std::forward<Args>(args)...) {}

  void expires_after(std::chrono::milliseconds time) override {
    if (time.count() == 0) {
      beast::get_lowest_layer(stream_).expires_never();
    } else {
      beast::get_lowest_layer(stream_).expires_after(time);
    }
  }

  asio::awaitable<error_code> write(const Request& request) override {
    const auto [code, bytes] = co_await http::async_write(stream_, request, kToken);
    co_return code;
  }

  asio::awaitable<error_code> read_head(Parser& parser) override {
    const auto [code, bytes] = co_await http::async_read_header(stream_, buffer_, parser, kToken);
    co_return code;
  }

  asio::awaitable<error_code> read_some(Parser& parser) override {
    const auto [code, bytes] = co_await http::async_read_some(stream_, buffer_, parser, kToken);
    co_return code;
  }

  void close() override {
    closed_ = true;
    beast::get_lowest_layer(stream_).close();
  }

 protected:
  asio::awaitable<Result<void>> connect() {
    const auto resolved = co_await resolve(config_.server.host, config_.server.port, config_.connect_timeout);
    if (!resolved.has_value()) co_return resolved.error();
    // Closed while the name was looked up: there was no socket yet that could have told.
    if (closed_) co_return transport_error("cannot connect", asio::error::operation_aborted);
    beast::tcp_stream& tcp_stream = beast::get_lowest_layer(stream_);
    expires_after(config_.connect_timeout);
    const auto [code, endpoint] = co_await tcp_stream.async_connect(resolved.value(), kToken);
    if (code.failed()) co_return transport_error("cannot connect", code);
    watch_over(tcp_stream.socket());
    co_return Result<void>();
  }

  const ClientConfig& config_;
  Stream stream_;

 private:
  // Bounds the head of an answer; a body passes through in parts of this size.
  beast::flat_buffer buffer_{std::size_t{64} * 1024};
  bool closed_ = false;
};

class PlainConnection final : public BasicConnection<beast::tcp_stream> {
 public:
  using BasicConnection::BasicConnection;

  asio::awaitable<Result<void>> open() override { co_return co_await connect(); }
};

/// Names the server in the handshake and says whose certificate it must show.
error_code expect_name(SSL* ssl, const std::string& name) {
  error_code not_an_address;
  asio::ip::make_address(name, not_an_address);
  // SNI carries names only (RFC 6066, section 3).
  if (!not_an_address.failed()) return {};
  if (SSL_set_tlsext_host_name(ssl, name.c_str()) == 1) return {};
  return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
}

/// Holds the context, which must be there longer than the stream.
struct TlsHolder {
  std::shared_ptr<asio::ssl::context> tls;
};

using TlsStream = beast::ssl_stream<beast::tcp_stream>;

class TlsConnection final : private TlsHolder, public BasicConnection<TlsStream> {
 public:
  TlsConnection(const asio::any_io_executor& executor, const ClientConfig& config,
                std::shared_ptr<asio::ssl::context> context)
      : TlsHolder{std::move(context)}, BasicConnection(config, executor, *tls) {}

  asio::awaitable<Result<void>> open() override {
    auto connected = co_await connect();
    if (!connected.has_value()) co_return connected;
    const std::string& name = config_.tls_server_name.empty() ? config_.server.host : config_.tls_server_name;
    if (const error_code named = expect_name(stream_.native_handle(), name); named.failed()) {
      co_return transport_error("cannot use the TLS server name", named);
    }
    if (!config_.insecure_skip_tls_verify) {
      error_code ignored;
      stream_.set_verify_callback(asio::ssl::host_name_verification(name), ignored);
    }
    const auto [code] = co_await stream_.async_handshake(asio::ssl::stream_base::client, kToken);
    if (code.failed()) co_return transport_error("TLS handshake failed", code);
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<Connection> make_connection(const asio::any_io_executor& executor, const ClientConfig& config,
                                            std::shared_ptr<asio::ssl::context> tls) {
  if (tls == nullptr) return std::make_unique<PlainConnection>(config, executor);
  return std::make_unique<TlsConnection>(executor, config, std::move(tls));
}

}  // namespace ferry::watch
