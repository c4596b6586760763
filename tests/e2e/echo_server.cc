#include "tests/e2e/echo_server.h"

#include <array>
#include <memory>

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
    std::make_shared<EchoSession>(std::move(socket))->greet(name_);
    accept();
  });
}

void EchoServer::stop() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
  acceptor_.reset();
  loop_.reset();
}

}  // namespace ferry::testing
