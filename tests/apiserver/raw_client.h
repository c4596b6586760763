#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "tests/apiserver/json.h"

namespace ferry::testing {

/// One answer, read whole, its chunks joined.
struct RawAnswer {
  int status = 0;
  /// By lower-case name.
  std::map<std::string, std::string> headers;
  std::string body;

  /// The body as JSON; null when it is none.
  [[nodiscard]] apiserver::Json json() const;
};

/// A client of HTTP/1.1 over a plain blocking socket, independent of the server's own code. Every read gives up after
/// ten seconds, by throwing.
class RawClient {
 public:
  using Headers = std::map<std::string, std::string>;

  explicit RawClient(const std::string& address);

  RawAnswer send(const std::string& method, const std::string& target, const std::string& body = {},
                 const Headers& headers = {});
  RawAnswer get(const std::string& target, const Headers& headers = {}) { return send("GET", target, {}, headers); }
  RawAnswer post(const std::string& target, const std::string& body) { return send("POST", target, body); }

  /// Sends a request and reads only the head of its answer; `next_line` reads on.
  RawAnswer open(const std::string& target, const Headers& headers = {});
  /// The next line of a chunked body; nullopt after its proper end. A connection that ends without it throws.
  std::optional<std::string> next_line();
  /// The next line as JSON; throws at the end of the body.
  apiserver::Json next_event();
  /// Every byte until the connection ends.
  std::string read_rest();

 private:
  void write(const std::string& method, const std::string& target, const std::string& body, const Headers& headers);
  RawAnswer read_head();
  std::string read_until(std::string_view mark);
  std::string read_exactly(std::size_t size);
  bool read_chunk();
  bool fill();

  boost::asio::io_context loop_;
  boost::asio::ip::tcp::socket socket_;
  std::string buffer_;
  /// What of a chunked body was read and not yet given out.
  std::string lines_;
  bool ended_ = false;
};

}  // namespace ferry::testing
