#include "proxy/admin/admin_server.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <pthread.h>

namespace ferry::proxy {

AdminServer::~AdminServer() { stop(); }

boost::asio::ip::tcp::endpoint AdminServer::listen(const boost::asio::ip::tcp::endpoint& address, Routes routes,
                                                   HttpLimits limits) {
  auto server = std::make_unique<HttpServer>(loop_, std::move(routes), limits);
  server->listen(address);
  servers_.push_back(std::move(server));
  return servers_.back()->address();
}

void AdminServer::start() {
  thread_ = std::thread([this] { loop_.run(); });
  pthread_setname_np(thread_.native_handle(), "admin");
}

void AdminServer::stop() {
  boost::asio::post(loop_, [this] {
    for (auto& server : servers_) server->stop();
  });
  work_.reset();
  if (thread_.joinable()) thread_.join();
  // Whatever was closed while no thread ran ends here.
  loop_.restart();
  loop_.run();
  servers_.clear();
}

}  // namespace ferry::proxy
