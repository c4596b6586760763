#pragma once

#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// Listening sockets of a process whose place this one takes, each waiting for a server that wants its address.
class InheritedListeners {
 public:
  void add(std::vector<UniqueFd> sockets);

  /// The first that listens there, where port 0 stands for any; none: there is no such. It is taken once.
  UniqueFd take(const boost::asio::ip::tcp::endpoint& address);
  /// The same for a socket in the file system. One that is not there where this process looks, as between containers,
  /// is of no use: it is closed.
  UniqueFd take(const std::string& path);

 private:
  std::vector<UniqueFd> sockets_;
};

}  // namespace ferry::proxy
