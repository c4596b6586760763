#include "tests/apiserver/server.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <list>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include "tests/apiserver/await.h"
#include "tests/apiserver/http_session.h"
#include "tests/apiserver/seed.h"

namespace ferry::apiserver {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kRecords = 10000;
constexpr auto kAcceptPause = std::chrono::milliseconds(50);

tcp::endpoint parse_listen(const std::string& text) {
  const auto colon = text.rfind(':');
  auto host = colon == std::string::npos ? std::string() : text.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto address = parse_address(host);
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto* first = text.data() + std::min(colon + 1, text.size());
  const auto read = std::from_chars(first, end, port);
  if (!address || read.ec != std::errc() || read.ptr != end) {
    throw std::runtime_error(fmt::format("--listen \"{}\": wants ADDRESS:PORT, such as 127.0.0.1:8080", text));
  }
  return {*address, port};
}

std::string host_and_port(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

std::unique_ptr<asio::ssl::context> make_tls(const Options& options) {
  const auto& cert = options.tls_cert_file;
  const auto& key = options.tls_private_key_file;
  if (cert.empty() && key.empty()) return nullptr;
  if (cert.empty()) throw std::runtime_error("--tls-private-key-file: wants --tls-cert-file too");
  if (key.empty()) throw std::runtime_error("--tls-cert-file: wants --tls-private-key-file too");
  auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  error_code error;
  tls->use_certificate_chain_file(cert, error);
  if (error) throw std::runtime_error(fmt::format("--tls-cert-file {}: {}", cert, error.message()));
  tls->use_private_key_file(key, asio::ssl::context::pem, error);
  if (error) throw std::runtime_error(fmt::format("--tls-private-key-file {}: {}", key, error.message()));
  return tls;
}

Auth make_auth(const Options& options) {
  Auth auth = options.token_file.empty() ? Auth() : Auth::from_file(options.token_file);
  auth.deny(options.denied);
  return auth;
}

std::shared_ptr<Storage> make_storage(const Options& options) {
  if (options.storage) return options.storage;
  Storage::Options fresh;
  fresh.history = options.history;
  return std::make_shared<Storage>(fresh);
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::io_context& on_loop, Options with)
      : loop(on_loop),
        options(std::move(with)),
        endpoint(parse_listen(options.listen)),
        tls(make_tls(options)),
        auth(make_auth(options)),
        storage(make_storage(options)),
        allocator(*storage, options.service_cluster_ip_range),
        context{loop.get_executor(), options, *storage, faults, allocator, {}, [this] { return open_watches(); }},
        acceptor(loop),
        pause(loop) {
    create_standard_namespaces(context);
    if (!options.seed_file.empty()) seed_from_file(context, options.seed_file);
    faults.on_open_watches([this](const Fault& fault) {
      for (const auto& session : std::list(sessions)) session->strike(fault);
    });
  }

  void listen() {
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) throw std::runtime_error(fmt::format("--listen {}: {}", options.listen, error.message()));
    context.address = host_and_port(acceptor.local_endpoint());
    if (options.controllers) controllers = options.controllers(loop, *storage);
    asio::co_spawn(loop, accept(shared_from_this()), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }

  static asio::awaitable<void> accept(std::shared_ptr<Impl> self) {
    while (self->acceptor.is_open()) {
      auto [error, socket] = co_await self->acceptor.async_accept(kAwait);
      if (!self->acceptor.is_open()) break;
      if (error) {
        // Out of descriptors, most likely: some connection has to end first.
        spdlog::warn("cannot accept: {}", error.message());
        self->pause.expires_after(kAcceptPause);
        co_await self->pause.async_wait(kAwait);
        continue;
      }
      self->serve(std::move(socket));
    }
  }

  void serve(tcp::socket socket) {
    auto wire = make_wire(std::move(socket), tls.get());
    auto session = std::make_shared<HttpSession>(context, auth, std::move(wire),
                                                 [this](const RequestRecord& record) { remember(record); });
    sessions.push_back(session);
    // The completion handler keeps this alive for as long as the session runs.
    asio::co_spawn(loop, session->run(), [self = shared_from_this(), session](const std::exception_ptr& failure) {
      self->sessions.remove(session);
      if (failure) std::rethrow_exception(failure);
    });
  }

  std::vector<std::string> open_watches() const {
    std::vector<std::string> targets;
    for (const auto& session : sessions) {
      if (const std::string* target = session->watch_target()) targets.push_back(*target);
    }
    return targets;
  }

  void remember(const RequestRecord& record) {
    records.push_back(record);
    if (records.size() > kRecords) records.pop_front();
  }

  void stop_listening() {
    controllers.reset();
    error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
  }

  asio::io_context& loop;
  Options options;
  tcp::endpoint endpoint;
  std::unique_ptr<asio::ssl::context> tls;
  Auth auth;
  std::shared_ptr<Storage> storage;
  Faults faults;
  ServiceAllocator allocator;
  Context context;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::shared_ptr<void> controllers;
  std::list<std::shared_ptr<HttpSession>> sessions;
  std::deque<RequestRecord> records;
};

Server::Server(asio::io_context& loop, Options options) : impl_(std::make_shared<Impl>(loop, std::move(options))) {}

Server::~Server() { stop(); }

void Server::start() { impl_->listen(); }

void Server::stop() {
  impl_->stop_listening();
  for (const auto& session : std::list(impl_->sessions)) session->close(false);
}

void Server::drain() {
  impl_->stop_listening();
  for (const auto& session : std::list(impl_->sessions)) session->drain();
}

bool Server::listening() const { return impl_->acceptor.is_open(); }

std::string Server::url() const { return (impl_->tls ? "https://" : "http://") + impl_->context.address; }

std::string Server::address() const { return impl_->context.address; }

Storage& Server::storage() { return *impl_->storage; }

std::shared_ptr<Storage> Server::shared_storage() { return impl_->storage; }

Faults& Server::faults() { return impl_->faults; }

std::vector<RequestRecord> Server::requests() const { return {impl_->records.begin(), impl_->records.end()}; }

std::size_t Server::open_watches() const {
  return static_cast<std::size_t>(std::count_if(impl_->sessions.begin(), impl_->sessions.end(),
                                                [](const auto& session) { return session->watching(); }));
}

std::size_t Server::open_connections() const { return impl_->sessions.size(); }

}  // namespace ferry::apiserver
