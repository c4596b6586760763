#include "proxy/admin/admin_server.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <pthread.h>

namespace ferry::proxy {

struct AdminServer::Attempt {
  boost::asio::ip::tcp::endpoint address;
  Routes routes;
  std::function<void(const boost::asio::ip::tcp::endpoint&)> on_listening;
  std::chrono::milliseconds pause;
  boost::asio::steady_timer timer;
};

AdminServer::~AdminServer() { stop(); }

boost::asio::ip::tcp::endpoint AdminServer::listen(const boost::asio::ip::tcp::endpoint& address, Routes routes,
                                                   HttpLimits limits) {
  auto server = std::make_unique<HttpServer>(loop_, std::move(routes), limits);
  server->listen(address, inherited_ ? inherited_->take(address) : UniqueFd());
  servers_.push_back(std::move(server));
  return servers_.back()->address();
}

void AdminServer::listen(const std::string& path, Routes routes, HttpLimits limits) {
  auto server = std::make_unique<HttpServer>(loop_, std::move(routes), limits);
  server->listen(path, inherited_ ? inherited_->take(path) : UniqueFd());
  servers_.push_back(std::move(server));
}

void AdminServer::listen_when_free(const boost::asio::ip::tcp::endpoint& address, Routes routes,
                                   std::function<void(const boost::asio::ip::tcp::endpoint&)> on_listening,
                                   std::chrono::milliseconds pause) {
  attempts_.push_back(std::make_shared<Attempt>(
      Attempt{address, std::move(routes), std::move(on_listening), pause, boost::asio::steady_timer(loop_)}));
  try_again(attempts_.back());
}

void AdminServer::try_again(const std::shared_ptr<Attempt>& attempt) {
  attempt->timer.expires_after(attempt->pause);
  attempt->timer.async_wait([this, attempt](const boost::system::error_code& cancelled) {
    if (cancelled.failed() || stopping_) return;
    try {
      attempt->on_listening(listen(attempt->address, attempt->routes));
    } catch (const boost::system::system_error&) {
      try_again(attempt);
    }
  });
}

void AdminServer::copy_listeners(std::function<void(std::vector<UniqueFd>)> tell) {
  boost::asio::post(loop_, [this, tell = std::move(tell)] {
    std::vector<UniqueFd> copies;
    for (const auto& server : servers_) copies.push_back(server->copy_listener());
    std::erase_if(copies, [](const UniqueFd& copy) { return !copy; });
    tell(std::move(copies));
  });
}

void AdminServer::leave() {
  boost::asio::post(loop_, [this] {
    stopping_ = true;
    for (auto& attempt : attempts_) attempt->timer.cancel();
    for (auto& server : servers_) server->leave();
  });
}

void AdminServer::start() {
  thread_ = std::thread([this] { loop_.run(); });
  pthread_setname_np(thread_.native_handle(), "admin");
}

void AdminServer::stop() {
  boost::asio::post(loop_, [this] {
    stopping_ = true;
    for (auto& attempt : attempts_) attempt->timer.cancel();
    for (auto& server : servers_) server->stop();
  });
  work_.reset();
  if (thread_.joinable()) thread_.join();
  // Whatever was closed while no thread ran ends here.
  loop_.restart();
  loop_.run();
  attempts_.clear();
  servers_.clear();
}

}  // namespace ferry::proxy
