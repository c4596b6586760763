#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/logger.h>

#include "proxy/dataplane/dataplane.h"
#include "proxy/handover/channel.h"

namespace ferry::proxy {

/// Listens for a process that is to take this one's place, and hands everything over to it. One at a time; one that
/// fails before it serves changes nothing.
///
/// The socket may be opened by its owner alone (mode 0600), and who connects must be of the same user, or root.
class TakeoverServer {
 public:
  struct Callbacks {
    /// Copies of the sockets at which pages are served, told by and by.
    std::function<void(std::function<void(std::vector<UniqueFd>)>)> pages;
    /// The other process serves now, and has the sockets. From here on nothing but give_connections() is left to do.
    std::function<void()> replaced;
  };

  /// `dataplane` outlives it.
  TakeoverServer(boost::asio::any_io_executor control, Dataplane& dataplane, std::string version, Callbacks callbacks,
                 std::shared_ptr<spdlog::logger> logger);
  ~TakeoverServer();
  TakeoverServer(const TakeoverServer&) = delete;
  TakeoverServer& operator=(const TakeoverServer&) = delete;

  /// Throws std::system_error when it cannot be had.
  void listen(const std::string& path);

  /// Another process is about to take this one's place.
  bool has_heir() const { return state_->heir != nullptr; }

  /// The process of the last one; 0: there was none.
  int heirs_pid() const { return state_->heirs_pid; }

  /// After Callbacks::replaced: hands over one connection after the other, until none is left, or at the deadline.
  /// `done` is told how many are left, through the executor.
  void give_connections(std::chrono::steady_clock::time_point deadline, std::function<void(std::size_t left)> done);

  /// Nobody may take this process's place any more.
  void stop();

 private:
  struct State {
    explicit State(boost::asio::any_io_executor executor, Dataplane& what)
        : control(std::move(executor)), dataplane(what), listener(control) {}

    boost::asio::any_io_executor control;
    Dataplane& dataplane;
    std::string version;
    Callbacks callbacks;
    std::shared_ptr<spdlog::logger> logger;
    boost::asio::posix::stream_descriptor listener;
    /// Who takes this one's place.
    std::shared_ptr<Channel> heir;
    int heirs_pid = 0;
    bool replaced = false;
    bool stopped = false;
  };
  using Shared = std::shared_ptr<State>;

  static boost::asio::awaitable<void> accept_all(Shared state);
  static boost::asio::awaitable<void> serve(Shared state, std::shared_ptr<Channel> channel, int pid);
  static boost::asio::awaitable<bool> greet(Shared state, std::shared_ptr<Channel> channel);
  static boost::asio::awaitable<bool> hand_over(Shared state, std::shared_ptr<Channel> channel);
  static boost::asio::awaitable<bool> send_sockets(Shared state, std::shared_ptr<Channel> channel);
  static boost::asio::awaitable<bool> send_state(Shared state, std::shared_ptr<Channel> channel, Dataplane::Held& held);
  static boost::asio::awaitable<void> send_connections(Shared state, std::chrono::steady_clock::time_point deadline,
                                                       std::function<void(std::size_t)> done);

  Shared state_;
  std::string path_;
};

}  // namespace ferry::proxy
