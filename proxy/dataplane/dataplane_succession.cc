#include <string>
#include <unordered_map>
#include <utility>

#include <boost/asio/post.hpp>

#include "proxy/dataplane/dataplane_impl.h"

namespace ferry::proxy {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

void Dataplane::Impl::post_to(std::size_t worker, Command command) {
  Commands commands;
  commands.push_back(std::move(command));
  workers_[worker]->post(std::make_shared<const Commands>(std::move(commands)));
}

void Dataplane::Impl::inherit(Inheritance inheritance) {
  Commands commands;
  {
    const std::lock_guard lock(mutex_);
    std::vector<UniqueFd> listeners = capture_->inherit(std::move(inheritance.sockets));
    listeners_.begin();
    listeners_.settle(Clock::now(), commands);
    for (UniqueFd& listener : listeners) {
      auto socket = std::make_shared<ListenSocket>();
      socket->fd = std::move(listener);
      socket->owner = next_worker_++ % options_.workers;
      commands.push_back(AcceptInherited{std::move(socket)});
    }
  }
  post(std::move(commands));
  schedule_retry();
}

void Dataplane::Impl::take_affinities(const std::vector<HandedAffinity>& affinities) {
  const Clock::time_point now = Clock::now();
  for (const HandedAffinity& each : affinities) {
    std::optional<std::uint64_t> id;
    {
      const std::lock_guard lock(mutex_);
      id = ports_.id_of(each.port);
    }
    if (id) affinity_.remember({*id, each.client}, each.endpoint, now - each.idle);
  }
}

void Dataplane::Impl::take_flow(HandedFlow flow) {
  std::shared_ptr<ListenSocket> socket;
  {
    const std::lock_guard lock(mutex_);
    socket = listeners_.socket_at(flow.at);
  }
  if (!socket) return;
  const std::size_t owner = socket->owner;
  post_to(owner, TakeFlow{std::move(socket), std::make_shared<HandedFlow>(std::move(flow))});
}

void Dataplane::Impl::take_effect() {
  {
    const std::lock_guard lock(mutex_);
    capture_->take_effect();
  }
  post(Commands{Proceed{}});
}

void Dataplane::Impl::take_connection(HandedConnection connection) {
  PortRegistry::Served served;
  {
    const std::lock_guard lock(mutex_);
    served = ports_.served(connection.port);
  }
  const std::size_t worker = next_worker_++ % options_.workers;
  workers_[worker]->await_connection();
  post_to(worker, TakeConnection{std::move(served.port), std::move(served.state),
                                 std::make_shared<HandedConnection>(std::move(connection))});
}

Inheritance Dataplane::Impl::bequeath() {
  frozen_.emplace();
  retry_timer_.cancel();
  return {std::string(capture_->name()), sockets()};
}

std::vector<HandedSocket> Dataplane::Impl::sockets() const {
  const std::lock_guard lock(mutex_);
  std::vector<HandedSocket> all = listeners_.bequeath();
  for (HandedSocket& socket : capture_->bequeath()) all.push_back(std::move(socket));
  return all;
}

void Dataplane::Impl::hold(std::function<void(Held)> done) {
  // Called on the worker that has finished last.
  const auto gathered = [weak = weak_from_this(), control = control_, done = std::move(done)](
                            std::vector<HandedFlow> flows, std::size_t /*left*/) {
    asio::post(control, [weak, done, flows = std::move(flows)]() mutable {
      if (const std::shared_ptr<Impl> self = weak.lock()) done(Held{std::move(flows), self->affinities()});
    });
  };
  post(Commands{Hold{}, GiveFlows{std::make_shared<Gathering<HandedFlow>>(options_.workers, 0, gathered)}});
}

std::vector<HandedAffinity> Dataplane::Impl::affinities() const {
  std::unordered_map<std::uint64_t, config::ServicePortName> names;
  {
    const std::lock_guard lock(mutex_);
    for (const PortRegistry::Entry& entry : ports_.entries()) names.emplace(entry.port->id(), *entry.port->name());
  }
  std::vector<HandedAffinity> all;
  const Clock::time_point now = Clock::now();
  affinity_.for_each([&](const AffinityTable::Key& key, const config::Backend& endpoint, Clock::time_point used) {
    const auto name = names.find(key.service_port);
    if (name == names.end()) return;
    all.push_back(
        {name->second, key.client, endpoint, std::chrono::duration_cast<std::chrono::milliseconds>(now - used)});
  });
  return all;
}

void Dataplane::Impl::resume() {
  post(Commands{Proceed{}});
  const Frozen frozen = std::exchange(frozen_, std::nullopt).value_or(Frozen{});
  if (frozen.node) move_to(*frozen.node);
  for (const std::vector<config::ServicePortChange>& changes : frozen.changes) apply(changes);
  schedule_retry();
}

void Dataplane::Impl::leave_listeners(std::function<void()> done) {
  const auto left = [weak = weak_from_this(), control = control_, done = std::move(done)](
                        std::vector<HandedFlow> /*none*/, std::size_t /*left*/) {
    asio::post(control, [weak, done] {
      const std::shared_ptr<Impl> self = weak.lock();
      if (!self) return;
      {
        const std::lock_guard lock(self->mutex_);
        self->listeners_.abandon();
        self->capture_->stop();
      }
      done();
    });
  };
  post(Commands{LeaveListeners{}, GiveFlows{std::make_shared<Gathering<HandedFlow>>(options_.workers, 0, left)}});
}

void Dataplane::Impl::give_connections(std::size_t most,
                                       std::function<void(std::vector<HandedConnection>, std::size_t)> done) {
  const auto gathered = [control = control_, done = std::move(done)](std::vector<HandedConnection> given,
                                                                     std::size_t left) {
    asio::post(control, [done, given = std::move(given), left]() mutable { done(std::move(given), left); });
  };
  post(Commands{GiveConnections{std::make_shared<Gathering<HandedConnection>>(options_.workers, most, gathered)}});
}

}  // namespace ferry::proxy
