#include "proxy/daemon/succession.h"

#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "proxy/logging/logging.h"
#include "proxy/options/version.h"

namespace ferry::proxy {

Succession::Succession(boost::asio::io_context& control, const Options& options, Invocation invocation, Before before,
                       const ServiceManager& manager)
    : control_(control),
      options_(options),
      invocation_(std::move(invocation)),
      manager_(manager),
      predecessor_(std::move(before.predecessor)),
      socket_is_ours_(!before.refused),
      // A process that lives knows better.
      kept_(predecessor_ ? KeptSockets::Left() : std::move(before.kept)),
      keeper_(manager, kept_) {}

void Succession::settle(DataplaneOptions& options) {
  const bool left = !kept_.inheritance.sockets.empty();
  if (predecessor_) options.capture = predecessor_->capture;
  if (left) {
    options.capture = kept_.inheritance.capture == "sk_lookup" ? CaptureMethod::kSkLookup : CaptureMethod::kBind;
  }
  options.heir = predecessor_ || left;
  if (manager_) options.keeper = &keeper_;
}

void Succession::attach(Dataplane& dataplane, AdminServer& admin, HealthCheckServer& health_checks,
                        Callbacks callbacks) {
  dataplane_ = &dataplane;
  admin_ = &admin;
  health_checks_ = &health_checks;
  callbacks_ = std::move(callbacks);
  admin.inherit(pages_);
  health_checks.inherit(pages_);
  pages_->add(std::exchange(kept_.pages, {}));
  if (!predecessor_) return;
  heir_.emplace(control_.get_executor(), std::move(*predecessor_), dataplane,
                Heir::Callbacks{[this](std::vector<UniqueFd> pages) {
                                  pages_->add(std::move(pages));
                                  callbacks_.serve_pages();
                                },
                                [this] { begin_serving(); }, [this] { keep_sockets(); }},
                component_logger("takeover"));
}

void Succession::serve_as_the_first() {
  serving_ = true;
  let_others_take_over();
  keep_sockets();
}

void Succession::begin() {
  if (std::exchange(began_, true)) return;
  if (!heir_) {
    take_up_kept();
    return;
  }
  boost::asio::co_spawn(control_, heir_->take_over(), [this](const std::exception_ptr& failure) {
    if (failure) callbacks_.failed(failure);
  });
}

void Succession::take_up_kept() {
  const std::size_t count = kept_.inheritance.sockets.size();
  dataplane_->inherit(std::exchange(kept_.inheritance, {}));
  dataplane_->take_effect();
  spdlog::info("took up {} sockets that the service manager had kept", count);
  begin_serving();
  keep_sockets();
}

void Succession::begin_serving() {
  serving_ = true;
  callbacks_.serving();
  let_others_take_over();
}

void Succession::keep_sockets() {
  if (!manager_) return;
  copy_pages([this](const std::vector<UniqueFd>& pages) { keeper_.keep_all(dataplane_->sockets(), pages); });
}

void Succession::let_others_take_over() {
  if (options_.takeover_socket.empty() || !socket_is_ours_) return;
  server_.emplace(control_.get_executor(), *dataplane_, version(),
                  TakeoverServer::Callbacks{[this](auto tell) { copy_pages(std::move(tell)); }, [this] { give_way(); }},
                  component_logger("takeover"));
  try {
    server_->listen(options_.takeover_socket);
  } catch (const std::system_error& error) {
    server_.reset();
    spdlog::warn("--takeover-socket {}: {}; no other process can take this one's place without dropping connections",
                 options_.takeover_socket, error.code().message());
  }
}

void Succession::copy_pages(std::function<void(std::vector<UniqueFd>)> tell) {
  admin_->copy_listeners([this, tell = std::move(tell)](std::vector<UniqueFd> pages) {
    const auto all = std::make_shared<std::vector<UniqueFd>>(std::move(pages));
    health_checks_->copy_listeners([this, tell, all](std::vector<UniqueFd> more) {
      for (UniqueFd& each : more) all->push_back(std::move(each));
      boost::asio::post(control_, [tell, all] { tell(std::move(*all)); });
    });
  });
}

void Succession::give_way() {
  replaced_ = true;
  health_checks_->stop();
  admin_->leave();
  callbacks_.replaced(server_->heirs_pid());
}

void Succession::start_successor() {
  if (!server_) {
    throw std::runtime_error(socket_is_ours_ ? "no process can take this one's place without --takeover-socket"
                                             : "--takeover-socket is another process's");
  }
  if (::getpid() == 1) {
    throw std::runtime_error("this is the first process of a container, which ends with it: start another container");
  }
  if (has_heir() || (successor_ && !successor_->ended())) {
    throw std::runtime_error("another process is about to take this one's place");
  }
  try {
    successor_.emplace(control_.get_executor(), invocation_, manager_.environment(), [this] { note_end(); });
  } catch (const std::system_error& error) {
    throw std::runtime_error(fmt::format("{} cannot be started: {}", invocation_.program, error.code().message()));
  }
  spdlog::info("started process {} to take this one's place: {}", successor_->pid(), invocation_.program);
}

void Succession::note_end() {
  if (replaced_) return;
  spdlog::warn("process {}, started to take this one's place, has ended ({}); going on as before", successor_->pid(),
               successor_->ended().value());
}

void Succession::dismiss_successor() {
  if (successor_ && !replaced_) successor_->dismiss();
}

void Succession::give_connections(std::chrono::steady_clock::time_point deadline,
                                  std::function<void(std::size_t left)> done) {
  server_->give_connections(deadline, std::move(done));
}

void Succession::close() { server_.reset(); }

void Succession::stop() {
  server_.reset();
  if (heir_) heir_->stop();
}

}  // namespace ferry::proxy
