#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <spdlog/logger.h>

#include "proxy/dataplane/dataplane.h"
#include "proxy/handover/channel.h"
#include "proxy/handover/predecessor.h"

namespace ferry::proxy {

/// Takes another process's place: what a Dataplane and the pages need comes over the channel, in this order: sockets
/// while the other still serves; what UDP flows it had once it has stopped; connections, a few at a time, once this
/// process serves. Should the other process go away in the midst of it, this one serves with what it has got.
class Heir {
 public:
  struct Callbacks {
    /// The sockets at which pages were served.
    std::function<void(std::vector<UniqueFd>)> inherit_pages;
    /// Connections are taken here from now on.
    std::function<void()> serving;
    /// The other process has nothing more to give.
    std::function<void()> done;
  };

  /// `dataplane` outlives it, and was made with DataplaneOptions::heir.
  Heir(const boost::asio::any_io_executor& control, Predecessor predecessor, Dataplane& dataplane, Callbacks callbacks,
       std::shared_ptr<spdlog::logger> logger);

  /// To be started once the dataplane was told what there is to serve. Ends when everything was handed over. Throws
  /// std::runtime_error when the capture fails.
  boost::asio::awaitable<void> take_over();

  void stop() { channel_.close(); }

 private:
  boost::asio::awaitable<bool> say(const char* what);
  boost::asio::awaitable<std::optional<Message>> hear();
  boost::asio::awaitable<bool> receive_sockets();
  boost::asio::awaitable<bool> receive_state();
  boost::asio::awaitable<void> receive_connections();
  bool take(Message message);

  Channel channel_;
  Predecessor predecessor_;
  Dataplane& dataplane_;
  Callbacks callbacks_;
  std::shared_ptr<spdlog::logger> logger_;
  Inheritance inheritance_;
  std::vector<UniqueFd> pages_;
};

}  // namespace ferry::proxy
