#include "tests/apiserver/raw_client.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>
#include <sys/time.h>

namespace ferry::testing {
namespace {

using boost::asio::ip::tcp;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

apiserver::Json RawAnswer::json() const {
  auto parsed = apiserver::Json::parse(body, nullptr, false);
  return parsed.is_discarded() ? apiserver::Json() : parsed;
}

RawClient::RawClient(const std::string& address) : socket_(loop_) {
  const auto colon = address.rfind(':');
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)));
  socket_.connect(tcp::endpoint(boost::asio::ip::make_address(address.substr(0, colon)), port));
  const timeval patience{10, 0};
  setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

RawAnswer RawClient::send(const std::string& method, const std::string& target, const std::string& body,
                          const Headers& headers) {
  write(method, target, body, headers);
  auto answer = read_head();
  if (answer.headers.contains("content-length")) {
    answer.body = read_exactly(std::stoul(answer.headers["content-length"]));
  } else if (answer.headers.contains("transfer-encoding")) {
    while (read_chunk()) {
    }
    answer.body = std::exchange(lines_, {});
  }
  return answer;
}

RawAnswer RawClient::open(const std::string& target, const Headers& headers) {
  write("GET", target, {}, headers);
  ended_ = false;
  return read_head();
}

std::optional<std::string> RawClient::next_line() {
  for (;;) {
    if (const auto end = lines_.find('\n'); end != std::string::npos) {
      auto line = lines_.substr(0, end);
      lines_.erase(0, end + 1);
      return line;
    }
    if (ended_) return std::nullopt;
    ended_ = !read_chunk();
  }
}

apiserver::Json RawClient::next_event() {
  const auto line = next_line();
  if (!line) throw std::runtime_error("the watch has ended");
  return apiserver::Json::parse(*line);
}

std::string RawClient::read_rest() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

void RawClient::write(const std::string& method, const std::string& target, const std::string& body,
                      const Headers& headers) {
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: test\r\n";
  for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty()) {
    if (!headers.contains("Content-Type")) text += "Content-Type: application/json\r\n";
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  text += "\r\n" + body;
  boost::asio::write(socket_, boost::asio::buffer(text));
}

RawAnswer RawClient::read_head() {
  const auto head = read_until("\r\n\r\n");
  RawAnswer answer;
  answer.status = std::stoi(head.substr(head.find(' ')));
  for (auto at = head.find("\r\n") + 2; at < head.size() - 2;) {
    const auto end = head.find("\r\n", at);
    const auto colon = head.find(": ", at);
    answer.headers[lower(head.substr(at, colon - at))] = head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  return answer;
}

bool RawClient::read_chunk() {
  const auto size = std::stoul(read_until("\r\n"), nullptr, 16);
  lines_ += read_exactly(size);
  read_exactly(2);
  return size > 0;
}

std::string RawClient::read_until(std::string_view mark) {
  for (;;) {
    if (const auto at = buffer_.find(mark); at != std::string::npos) {
      auto text = buffer_.substr(0, at + mark.size());
      buffer_.erase(0, at + mark.size());
      return text;
    }
    if (!fill()) throw std::runtime_error("the connection ended");
  }
}

std::string RawClient::read_exactly(std::size_t size) {
  while (buffer_.size() < size) {
    if (!fill()) throw std::runtime_error("the connection ended");
  }
  auto text = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return text;
}

bool RawClient::fill() {
  char bytes[16384];
  // A plain recv: Asio would wait for ever where the socket's own timeout is to end the wait.
  const auto size = ::recv(socket_.native_handle(), bytes, sizeof bytes, 0);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("nothing came for ten seconds");
  if (size <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(size));
  return true;
}

}  // namespace ferry::testing
