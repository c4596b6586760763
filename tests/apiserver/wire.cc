#include "tests/apiserver/wire.h"

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "tests/apiserver/await.h"

namespace ferry::apiserver {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class PlainWire : public Wire {
 public:
  explicit PlainWire(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  asio::awaitable<std::pair<error_code, std::size_t>> read_some(asio::mutable_buffer into) override {
    const auto [error, size] = co_await socket_.async_read_some(into, kAwait);
    co_return std::make_pair(error, size);
  }

  asio::awaitable<error_code> write(asio::const_buffer from) override {
    const auto [error, size] = co_await asio::async_write(socket_, from, kAwait);
    co_return error;
  }

  asio::awaitable<void> finish() override { co_return; }

  asio::ip::tcp::socket& socket() override { return socket_; }

 private:
  asio::ip::tcp::socket socket_;
};

class TlsWire : public Wire {
 public:
  TlsWire(asio::ip::tcp::socket socket, asio::ssl::context& tls) : stream_(std::move(socket), tls) {}

  asio::awaitable<std::pair<error_code, std::size_t>> read_some(asio::mutable_buffer into) override {
    if (!open_) {
      const auto [failure] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kAwait);
      if (failure) co_return std::make_pair(failure, std::size_t{0});
      open_ = true;
    }
    const auto [error, size] = co_await stream_.async_read_some(into, kAwait);
    co_return std::make_pair(error, size);
  }

  asio::awaitable<error_code> write(asio::const_buffer from) override {
    const auto [error, size] = co_await asio::async_write(stream_, from, kAwait);
    co_return error;
  }

  asio::awaitable<void> finish() override {
    // The peer's own close_notify is not waited for: writing ours is what ends the stream cleanly.
    SSL_set_shutdown(stream_.native_handle(), SSL_RECEIVED_SHUTDOWN);
    co_await stream_.async_shutdown(kAwait);
  }

  asio::ip::tcp::socket& socket() override { return stream_.next_layer(); }

 private:
  asio::ssl::stream<asio::ip::tcp::socket> stream_;
  bool open_ = false;
};

}  // namespace

std::unique_ptr<Wire> make_wire(asio::ip::tcp::socket socket, asio::ssl::context* tls) {
  if (tls == nullptr) return std::make_unique<PlainWire>(std::move(socket));
  return std::make_unique<TlsWire>(std::move(socket), *tls);
}

}  // namespace ferry::apiserver
