#include "tests/e2e/echo_server.h"

#include <array>
#include <memory>
#include <mutex>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace ferry::testing {

namespace {

using boost::asio::ip::tcp;

/// One connection; its pending operation keeps it.
class EchoSession : public std::enable_shared_from_this<EchoSession> {
 public:
  explicit EchoSession(tcp::socket socket) : socket_(std::move(socket)) {}

  void greet(const std::string& name) {
    greeting_ = name + "\n";
    write(boost::asio::buffer(greeting_));
  }

 private:
  void write(boost::asio::const_buffer data) {
    boost::asio::async_write(socket_, data,
                             [self = shared_from_this()](boost::system::error_code error, std::size_t /*count*/) {
                               if (!error) self->read();
                             });
  }

  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_),
                            [self = shared_from_this()](boost::system::error_code error, std::size_t count) {
                              if (!error) self->write(boost::asio::buffer(self->buffer_, count));
                            });
  }

  tcp::socket socket_;
  std::string greeting_;
  std::array<char, 4096> buffer_{};
};

/// IPv4 that came to a socket of IPv6 as IPv4.
boost::asio::ip::address plain(const boost::asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
}

}  // namespace

EchoServer::EchoServer(std::string name, const tcp::endpoint& endpoint) : name_(std::move(name)) {
  loop_.emplace(1);
  acceptor_.emplace(*loop_, endpoint);
  endpoint_ = acceptor_->local_endpoint();
  accept();
  thread_ = std::thread([this] { loop_->run(); });
}

EchoServer::~EchoServer() { stop(); }

void EchoServer::accept() {
  acceptor_->async_accept([this](boost::system::error_code error, tcp::socket socket) {
    if (error) return;
    boost::system::error_code gone;
    const tcp::endpoint client = socket.remote_endpoint(gone);
    if (!gone) {
      const std::lock_guard lock(mutex_);
      last_client_ = plain(client.address()).to_string();
    }
    std::make_shared<EchoSession>(std::move(socket))->greet(name_);
    accept();
  });
}

std::string EchoServer::last_client() const {
  const std::lock_guard lock(mutex_);
  return last_client_;
}

void EchoServer::stop() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
  acceptor_.reset();
  loop_.reset();
}

}  // namespace ferry::testing
