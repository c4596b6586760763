#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "proxy/admin/routes.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

struct HttpLimits {
  /// At the bound the connection that was opened first gives way, so that slow clients never lock a probe out.
  std::size_t max_connections = 64;
  std::uint32_t max_header_bytes = 8192;
  std::uint64_t max_body_bytes = 4096;
  /// For a request, from its first byte to its last; and for the answer.
  std::chrono::milliseconds transfer_time = std::chrono::seconds{10};
  /// For the next request to begin.
  std::chrono::milliseconds idle_time = std::chrono::minutes{2};
  /// For a page that answers later; then 503.
  std::chrono::milliseconds answer_time = std::chrono::seconds{10};
  /// Streams of events that may be open; one more is a 503.
  std::size_t max_streams = 16;
};

/// A small HTTP/1.1 server for one address, or a socket in the file system: GET and HEAD, PUT where a route takes it,
/// keep-alive, bounded in every direction. Lives on one loop, which must outlive it and be run by one thread; every
/// function is called on that thread or while it does not run. After stop() (or the destructor) the loop must run once
/// more, or be destroyed, for its coroutines to end.
class HttpServer {
 public:
  HttpServer(boost::asio::io_context& loop, Routes routes, HttpLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds and listens, unless it has inherited a socket that listens there; connections are served once the loop runs.
  /// Throws boost::system::system_error.
  void listen(const boost::asio::ip::tcp::endpoint& address, UniqueFd inherited = {});

  /// Listens at a path, which only the owner of the process may open (mode 0600). What a process left there that is
  /// gone is replaced. Throws boost::system::system_error: address_in_use while somebody listens there. The file mode
  /// mask of the process is another for a moment, so no other thread may make files meanwhile.
  void listen(const std::string& path, UniqueFd inherited = {});

  /// Where it listens, with the port the kernel chose when 0 was asked for.
  boost::asio::ip::tcp::endpoint address() const;

  /// Closes the listener and every connection.
  void stop();

  /// A copy of the listening socket for the process that takes this one's place; none while it does not listen.
  UniqueFd copy_listener() const;
  /// Stops, but leaves the socket in the file system to that process.
  void leave();

  /// Connections that are open now.
  std::size_t connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
  /// Of the socket in the file system; empty: none.
  std::string path_;
};

}  // namespace ferry::proxy
