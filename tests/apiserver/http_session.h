#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "tests/apiserver/api.h"
#include "tests/apiserver/watch.h"
#include "tests/apiserver/wire.h"

namespace ferry::apiserver {

/// One connection: reads requests, answers them one after the other, carries watches, and misbehaves where a fault
/// asks for it.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  /// Called with every request once its status is known.
  using OnAnswer = std::function<void(const RequestRecord&)>;

  /// `context` and `auth` must outlive the session.
  HttpSession(Context& context, const Auth& auth, std::unique_ptr<Wire> wire, OnAnswer on_answer);

  /// Serves the connection until it ends.
  boost::asio::awaitable<void> run();
  /// Closes it at once; with a reset when asked for.
  void close(bool reset);
  /// Ends an open watch as its timeout does, and the connection after the answer it is at.
  void drain();
  /// Ends (kDrop) or resets (kReset) the watch it carries when the fault is meant for it.
  void strike(const Fault& fault);
  [[nodiscard]] bool watching() const { return watch_ != nullptr; }
  /// What the watch it carries was asked for with; null without one, and where a fault keeps something from its client.
  [[nodiscard]] const std::string* watch_target() const {
    return watch_ && !silent_ && !withholds_ ? &watch_target_ : nullptr;
  }

 private:
  boost::asio::awaitable<std::optional<Request>> read_request();
  /// These tell whether the connection may go on.
  boost::asio::awaitable<bool> serve(Request request);
  boost::asio::awaitable<bool> send_struck(Fault fault, std::string text);
  boost::asio::awaitable<bool> stream(const Request& request, std::shared_ptr<Watch> watch);
  boost::asio::awaitable<bool> send_line(const Request& request, const Watch::Line& line);
  boost::asio::awaitable<bool> send(std::string text);
  boost::asio::awaitable<void> send_slowly(std::string text, Fault fault);
  boost::asio::awaitable<void> pause(std::chrono::milliseconds time);
  /// Waits until the peer or somebody here closes the connection.
  boost::asio::awaitable<void> keep_silent();
  void notice_when_peer_leaves();
  void on_readable(const boost::system::error_code& error);

  Context& context_;
  const Auth& auth_;
  std::unique_ptr<Wire> wire_;
  OnAnswer on_answer_;
  boost::beast::flat_buffer buffer_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<Watch> watch_;
  std::string watch_target_;
  /// A fault keeps it from saying anything more.
  bool silent_ = false;
  /// A fault has swallowed a bookmark of the watch: the one that ends the initial events, maybe.
  bool withholds_ = false;
  bool keep_alive_ = true;
  bool closed_ = false;
};

}  // namespace ferry::apiserver
