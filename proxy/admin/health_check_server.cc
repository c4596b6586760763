#include "proxy/admin/health_check_server.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/fmt/fmt.h>

#include "proxy/admin/http_server.h"

namespace ferry::proxy {

namespace asio = boost::asio;

namespace {

asio::ip::tcp::endpoint endpoint_of(const config::IpAddress& address, std::uint16_t port) {
  return {asio::ip::make_address(address.to_string()), port};
}

/// Byte by byte what kube-proxy answers.
Response answer(const LocalEndpoints& local, bool well) {
  return {.status = local.count > 0 && well ? 200U : 503U,
          .content_type = "application/json",
          .body = fmt::format("{{\n\t\"service\": {{\n\t\t\"namespace\": \"{}\",\n\t\t\"name\": \"{}\"\n\t}},\n"
                              "\t\"localEndpoints\": {},\n\t\"serviceProxyHealthy\": {}\n}}",
                              local.service.ns, local.service.name, local.count, well),
          .headers = {{"X-Load-Balancing-Endpoint-Weight", std::to_string(local.count)}}};
}

}  // namespace

struct HealthCheckServer::State {
  /// Read by the pages of its servers.
  struct Served {
    LocalEndpoints local;
    std::map<config::IpAddress, std::unique_ptr<HttpServer>> servers;
  };

  State(asio::io_context& io, const Health& proxy, std::shared_ptr<spdlog::logger> log)
      : loop(io), health(proxy), logger(std::move(log)) {}

  void set(const LocalEndpoints& news);
  void serve(const std::shared_ptr<Served>& served);

  asio::io_context& loop;
  const Health& health;
  std::shared_ptr<spdlog::logger> logger;
  std::shared_ptr<InheritedListeners> inherited;
  std::vector<config::IpAddress> addresses;
  std::unordered_map<config::NamespacedName, std::shared_ptr<Served>> services;
};

void HealthCheckServer::State::set(const LocalEndpoints& news) {
  if (news.port == 0) {
    services.erase(news.service);
    return;
  }
  std::shared_ptr<Served>& served = services[news.service];
  if (!served) served = std::make_shared<Served>();
  if (served->local.port != news.port) served->servers.clear();
  served->local = news;
  serve(served);
}

void HealthCheckServer::State::serve(const std::shared_ptr<Served>& served) {
  std::erase_if(served->servers, [this](const auto& entry) {
    return std::find(addresses.begin(), addresses.end(), entry.first) == addresses.end();
  });
  for (const config::IpAddress& address : addresses) {
    if (served->servers.contains(address)) continue;
    Routes routes;
    // A request that was read in the same moment outlives its server.
    routes.set_default([this, weak = std::weak_ptr(served)] {
      const std::shared_ptr<Served> asked = weak.lock();
      if (!asked) return Response{.status = 503, .body = {}};
      return answer(asked->local, health.serving(std::chrono::steady_clock::now()));
    });
    auto server = std::make_unique<HttpServer>(loop, std::move(routes));
    try {
      const asio::ip::tcp::endpoint at = endpoint_of(address, served->local.port);
      server->listen(at, inherited ? inherited->take(at) : UniqueFd());
      served->servers.emplace(address, std::move(server));
    } catch (const boost::system::system_error& error) {
      logger->warn("{}: its health-check node port {} is not served at {}: {}", served->local.service.to_string(),
                   served->local.port, address.to_string(), error.code().message());
    }
  }
}

HealthCheckServer::HealthCheckServer(asio::io_context& loop, const Health& health,
                                     std::shared_ptr<spdlog::logger> logger)
    : state_(std::make_shared<State>(loop, health, std::move(logger))) {}

void HealthCheckServer::set(std::vector<LocalEndpoints> news) {
  if (news.empty()) return;
  asio::post(state_->loop, [state = state_, news = std::move(news)] {
    for (const LocalEndpoints& each : news) state->set(each);
  });
}

void HealthCheckServer::move_to(std::vector<config::IpAddress> addresses) {
  asio::post(state_->loop, [state = state_, addresses = std::move(addresses)]() mutable {
    state->addresses = std::move(addresses);
    for (const auto& [service, served] : state->services) state->serve(served);
  });
}

void HealthCheckServer::inherit(std::shared_ptr<InheritedListeners> listeners) {
  state_->inherited = std::move(listeners);
}

void HealthCheckServer::copy_listeners(std::function<void(std::vector<UniqueFd>)> tell) {
  asio::post(state_->loop, [state = state_, tell = std::move(tell)] {
    std::vector<UniqueFd> copies;
    for (const auto& [service, served] : state->services) {
      for (const auto& [address, server] : served->servers) copies.push_back(server->copy_listener());
    }
    std::erase_if(copies, [](const UniqueFd& copy) { return !copy; });
    tell(std::move(copies));
  });
}

void HealthCheckServer::stop() {
  asio::post(state_->loop, [state = state_] {
    state->addresses.clear();
    state->services.clear();
  });
}

}  // namespace ferry::proxy
