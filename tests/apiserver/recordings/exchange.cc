#include "tests/apiserver/recordings/exchange.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/write.hpp>

namespace ferry::testing {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

std::string wire_text(const std::string& address, const Request& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + address +
                     "\r\nUser-Agent: curl/7.88.1\r\nConnection: close\r\n";
  const auto has = [&request](const std::string& name) {
    return std::any_of(request.headers.begin(), request.headers.end(),
                       [&name](const std::string& line) { return line.rfind(name + ":", 0) == 0; });
  };
  if (!has("Accept")) text += "Accept: */*\r\n";
  if (!request.body.empty()) text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  if (!request.body.empty() && !has("Content-Type")) text += "Content-Type: application/json\r\n";
  for (const std::string& line : request.headers) text += line + "\r\n";
  return text + "\r\n" + request.body;
}

tcp::endpoint endpoint_of(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto port = static_cast<std::uint16_t>(std::strtoul(address.c_str() + colon + 1, nullptr, 10));
  return {boost::asio::ip::make_address(address.substr(0, colon)), port};
}

}  // namespace

struct Exchange::State : std::enable_shared_from_this<Exchange::State> {
  State(boost::asio::io_context& loop, std::string text_in) : socket(loop), text(std::move(text_in)) {
    parser.body_limit(boost::none);
    parser.eager(true);
  }

  void connect(const tcp::endpoint& server) {
    socket.async_connect(server, [self = shared_from_this()](error_code error) { self->send(error); });
  }

  void send(error_code error) {
    if (error) return finish();
    boost::asio::async_write(socket, boost::asio::buffer(text),
                             [self = shared_from_this()](error_code failed, std::size_t) {
                               if (failed) return self->finish();
                               self->receive();
                             });
  }

  void receive() {
    socket.async_read_some(
        boost::asio::buffer(buffer),
        [self = shared_from_this()](error_code error, std::size_t size) { self->take(error, size); });
  }

  void take(error_code error, std::size_t size) {
    if (error) {
      error_code ignored;
      parser.put_eof(ignored);
      return finish();
    }
    pending.append(buffer.data(), size);
    while (!pending.empty()) {
      error_code failed;
      const std::size_t used = parser.put(boost::asio::buffer(pending), failed);
      pending.erase(0, used);
      if (failed == http::error::need_more || (!failed && used == 0)) break;
      if (failed) return finish();
      if (parser.is_done()) return finish();
    }
    receive();
  }

  void finish() {
    over = true;
    error_code ignored;
    socket.close(ignored);
  }

  tcp::socket socket;
  std::string text;
  std::array<char, 16384> buffer{};
  std::string pending;
  http::response_parser<http::string_body> parser;
  bool over = false;
};

Exchange::Exchange(boost::asio::io_context& loop, const std::string& address, const Request& request)
    : state_(std::make_shared<State>(loop, wire_text(address, request))) {
  state_->connect(endpoint_of(address));
}

Exchange::~Exchange() { state_->finish(); }

bool Exchange::has_header() const { return state_->parser.is_header_done(); }

bool Exchange::is_over() const { return state_->over; }

std::size_t Exchange::lines() const {
  const std::string& body = state_->parser.get().body();
  return static_cast<std::size_t>(std::count(body.begin(), body.end(), '\n'));
}

Answer Exchange::answer() const {
  const auto& message = state_->parser.get();
  return {static_cast<int>(message.result_int()), message.base(), message.body(), state_->parser.is_done()};
}

bool run_until(boost::asio::io_context& loop, const std::function<bool()>& condition, std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    loop.restart();
    if (loop.run_one_until(deadline) == 0) return condition();
  }
  return true;
}

}  // namespace ferry::testing
