#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "proxy/admin/http_server.h"
#include "proxy/admin/inherited_listeners.h"

namespace ferry::proxy {

/// The admin pages on a thread of their own, so that neither a large page nor a slow client delays the control thread
/// or a connection.
class AdminServer {
 public:
  AdminServer() = default;
  /// Stops.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// listen() looks there first for a socket that another process had. Before start(); null: nowhere.
  void inherit(std::shared_ptr<InheritedListeners> listeners) { inherited_ = std::move(listeners); }

  /// Binds an address for these pages, before start(); a client that connects earlier waits until then. Returns the
  /// address with the port the kernel chose when 0 was asked for. Throws boost::system::system_error.
  boost::asio::ip::tcp::endpoint listen(const boost::asio::ip::tcp::endpoint& address, Routes routes,
                                        HttpLimits limits = {});

  /// The same for a socket in the file system (HttpServer::listen).
  void listen(const std::string& path, Routes routes, HttpLimits limits = {});

  /// The same, but while the address is not to be had it is tried again every few seconds. `on_listening` is called
  /// with the address then, on the thread.
  void listen_when_free(const boost::asio::ip::tcp::endpoint& address, Routes routes,
                        std::function<void(const boost::asio::ip::tcp::endpoint&)> on_listening,
                        std::chrono::milliseconds pause = std::chrono::seconds{5});

  /// The loop that the thread runs, for others that answer there.
  boost::asio::io_context& loop() { return loop_; }

  /// Copies of its listening sockets, told on the thread.
  void copy_listeners(std::function<void(std::vector<UniqueFd>)> tell);
  /// Another process has those sockets and answers from now on.
  void leave();

  /// Starts answering. Throws std::system_error when the system refuses a thread.
  void start();

  /// Closes everything and joins the thread. May be called twice, and without start().
  void stop();

 private:
  struct Attempt;
  void try_again(const std::shared_ptr<Attempt>& attempt);

  boost::asio::io_context loop_{1};
  /// Keeps the thread while nothing is listened at yet.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  std::shared_ptr<InheritedListeners> inherited_;
  std::vector<std::unique_ptr<HttpServer>> servers_;
  std::vector<std::shared_ptr<Attempt>> attempts_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ferry::proxy
