#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "tests/support/test_certificates.h"

namespace ferry::testing {

/// What a server does on one connection, step by step. After the last step it closes.
class Script {
 public:
  /// Reads the head of one request and remembers it.
  Script& request();
  /// Sends bytes as they are, `piece` at a time (0: at once); between pieces the other side gets the time to take them.
  Script& send(std::string bytes, std::size_t piece = 0);
  /// Calls `action`, for what a test wants to happen at this point.
  Script& then(std::function<void()> action);
  /// Keeps silent until the other side closes.
  Script& hang();
  /// Ends with an RST instead of a FIN.
  Script& reset();
  /// Ends the TCP stream without TLS's close_notify, as a server that was killed does.
  Script& cut();

 private:
  friend class ScriptedServer;
  enum class Kind : std::uint8_t { kRequest, kSend, kThen, kHang, kReset, kCut };
  struct Step {
    Kind kind = Kind::kRequest;
    std::string bytes;
    std::size_t piece = 0;
    std::function<void()> action;
  };
  Script& add(Step step);

  std::vector<Step> steps_;
};

struct ServerTls {
  CertificateAndKey identity;
  /// Non-empty: the client must show a certificate that this authority signed.
  std::string client_authority;
};

/// An HTTP server on 127.0.0.1 that plays scripts, one a connection, in the order given, on the loop of the test
/// itself. It records what it was asked.
class ScriptedServer {
 public:
  explicit ScriptedServer(const boost::asio::any_io_executor& executor);
  ScriptedServer(const boost::asio::any_io_executor& executor, const ServerTls& tls);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const;
  /// "http://127.0.0.1:PORT" or "https://…"
  std::string url() const;
  /// The script of the next connection. Connections beyond the last script are closed at once.
  Script& on_connection();

  /// The heads of the requests read, each up to and with its empty line.
  const std::vector<std::string>& requests() const;
  /// The name the client asked for in each TLS handshake (SNI), "" where it named none.
  const std::vector<std::string>& server_names() const;
  /// The common names of the certificates that clients showed.
  const std::vector<std::string>& client_names() const;
  std::size_t connections() const;
  /// Every script was played to its end, and nothing more was wanted.
  bool finished() const;

  /// Accepts nothing any more and drops every connection.
  void stop();

 private:
  struct State;

  template <class Stream>
  static boost::asio::awaitable<void> play(std::shared_ptr<State> state, Stream& stream, Script script);
  static boost::asio::awaitable<void> accept(std::shared_ptr<State> state);
  static boost::asio::awaitable<void> serve(std::shared_ptr<State> state, boost::asio::ip::tcp::socket socket,
                                            Script script);

  std::shared_ptr<State> state_;
};

/// An HTTP answer of one piece, with its Content-Length.
std::string http_answer(const std::string& body, const std::string& status = "200 OK", const std::string& headers = "");

/// The head of an answer that comes in chunks, as a watch does.
std::string chunked_head(const std::string& headers = "");
/// One chunk; an empty one ends the answer.
std::string chunk(const std::string& bytes);

/// The bytes compressed as gzip.
std::string gzip(const std::string& bytes);

}  // namespace ferry::testing
