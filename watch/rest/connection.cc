#include "watch/rest/connection.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
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

ApiError transport_error(std::string doing, const error_code& code) {
  ApiError error;
  if (code == beast::error::timeout) error.kind = ApiError::Kind::kTimeout;
  if (code == asio::error::operation_aborted) error.kind = ApiError::Kind::kCancelled;
  error.code = code;
  error.message = std::move(doing);
  return error;
}

config::IpAddress plain(const asio::ip::address& address) {
  if (address.is_v4()) return config::IpAddress::from_v4_bytes(address.to_v4().to_bytes());
  return config::IpAddress::from_v6_bytes(address.to_v6().to_bytes());
}

/// Whether one of the addresses may not be connected to.
std::optional<ApiError> refused(const ClientConfig& config, const std::vector<tcp::endpoint>& endpoints) {
  for (const tcp::endpoint& endpoint : endpoints) {
    const config::IpAddress address = plain(endpoint.address());
    for (const config::IpPrefix& range : config.refused_ranges) {
      if (!range.contains(address)) continue;
      return transport_error("the API server " + config.server.to_string() + " is at " + address.to_string() +
                                 ", inside the service range " + range.to_string() +
                                 ", so the proxy would wait for itself",
                             boost::system::errc::make_error_code(boost::system::errc::address_not_available));
    }
  }
  return std::nullopt;
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
    const auto deadline = std::chrono::steady_clock::now() + config_.connect_timeout;
    const auto resolved = co_await resolve(config_.server.host, config_.server.port, config_.connect_timeout);
    if (!resolved.has_value()) co_return resolved.error();
    const std::vector<tcp::endpoint>& endpoints = resolved.value();
    if (const auto error = refused(config_, endpoints)) co_return *error;
    beast::tcp_stream& stream = beast::get_lowest_layer(stream_);
    error_code code = asio::error::host_not_found;
    for (std::size_t at = 0; at < endpoints.size(); ++at) {
      // Closed while the name was looked up: there was no socket yet that could have told.
      if (closed_) co_return transport_error("cannot connect", asio::error::operation_aborted);
      // One address that does not answer must not use up the time of the others.
      const auto share = (deadline - std::chrono::steady_clock::now()) / static_cast<long>(endpoints.size() - at);
      stream.expires_after(share);
      const auto [failed] = co_await stream.async_connect(endpoints[at], kToken);
      code = failed;
      if (!code.failed() || code == asio::error::operation_aborted) break;
      stream.close();
    }
    if (code.failed()) co_return transport_error("cannot connect to " + config_.server.authority(), code);
    watch_over(stream.socket());
    stream.expires_at(deadline);
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
bool expect_name(SSL* ssl, const std::string& name) {
  error_code not_an_address;
  asio::ip::make_address(name, not_an_address);
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
  // SNI carries names only (RFC 6066, section 3).
  if (!not_an_address.failed()) return X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1;
  // Kubernetes' clients have not looked at common names since Go 1.15 either.
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(ssl, name.c_str()) == 1 && SSL_set1_host(ssl, name.c_str()) == 1;
}

ApiError handshake_error(SSL* ssl, const std::string& name, const error_code& code) {
  ApiError error = transport_error("TLS handshake with " + name + " failed", code);
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) error.message += std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
  return error;
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
    if (!expect_name(stream_.native_handle(), name)) {
      co_return transport_error("the TLS server name '" + name + "' is not usable",
                                boost::system::errc::make_error_code(boost::system::errc::invalid_argument));
    }
    const auto [code] = co_await stream_.async_handshake(asio::ssl::stream_base::client, kToken);
    if (code.failed()) co_return handshake_error(stream_.native_handle(), name, code);
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
