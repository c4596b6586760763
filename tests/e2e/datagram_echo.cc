#include "tests/e2e/datagram_echo.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace ferry::testing {

namespace {

constexpr std::size_t kLargest = 65536;
constexpr std::string_view kQuestion = "who?";

Call failure(const char* what) {
  return {.name = {},
          .error =
              std::string(what) + (errno == EAGAIN ? ": no answer in time" : std::string(": ") + std::strerror(errno))};
}

/// `fd` is connected.
Call ask_through(int fd) {
  if (::send(fd, kQuestion.data(), kQuestion.size(), 0) < 0) return failure("send");
  std::array<char, 1024> buffer;
  const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (size < 0) return failure("receive");
  const std::string_view answer(buffer.data(), static_cast<std::size_t>(size));
  const std::size_t blank = answer.find(' ');
  if (blank == std::string_view::npos || answer.substr(blank + 1) != kQuestion) return {.name = {}, .error = "garbled"};
  return {.name = std::string(answer.substr(0, blank)), .error = {}};
}

}  // namespace

DatagramEcho::DatagramEcho(std::string name, const boost::asio::ip::udp::endpoint& endpoint)
    : name_(std::move(name)), socket_(loop_, endpoint) {
  answer_next();
  thread_ = std::thread([this] { loop_.run(); });
}

DatagramEcho::~DatagramEcho() {
  loop_.stop();
  thread_.join();
}

void DatagramEcho::answer_next() {
  buffer_.resize(kLargest);
  socket_.async_receive_from(boost::asio::buffer(buffer_), client_,
                             [this](const boost::system::error_code& error, std::size_t size) {
                               if (!error.failed()) {
                                 boost::system::error_code ignored;
                                 const std::string answer = name_ + " " + buffer_.substr(0, size);
                                 socket_.send_to(boost::asio::buffer(answer), client_, 0, ignored);
                               }
                               answer_next();
                             });
}

Call ask(const boost::asio::ip::udp::endpoint& target) {
  const int fd = ::socket(target.data()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure("socket");
  const timeval patience{2, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  const bool connected = ::connect(fd, target.data(), static_cast<socklen_t>(target.size())) == 0;
  Call result = connected ? ask_through(fd) : failure("connect");
  ::close(fd);
  return result;
}

Tally ask_times(const boost::asio::ip::udp::endpoint& target, std::size_t count) {
  return repeat(count, [&target] { return ask(target); });
}

}  // namespace ferry::testing
