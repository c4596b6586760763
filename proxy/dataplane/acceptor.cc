#include "proxy/dataplane/acceptor.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <new>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>

#include "proxy/relay/proxy_protocol.h"
#include "proxy/relay/socket_address.h"
#include "proxy/relay/tcp_socket.h"

namespace ferry::proxy {

namespace {

/// Connections taken at most before the worker turns to those it carries.
constexpr int kLargestBatch = 32;
/// Connections shed at one go.
constexpr int kMostShed = 1024;

UniqueFd open_reserve() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

int accept_from(int listener, sockaddr_storage& peer) {
  socklen_t size = sizeof(peer);
  return ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

}  // namespace

Acceptor::Acceptor(Poller& poller, Carrier& carrier, HeaderReader& headers, WorkerCounters& counters, bool alone,
                   Offer offer, Closed closed)
    : poller_(poller),
      carrier_(carrier),
      headers_(headers),
      counters_(counters),
      alone_(alone),
      offer_(std::move(offer)),
      closed_(std::move(closed)),
      reserve_(open_reserve()) {}

void Acceptor::listen(const std::shared_ptr<ListenSocket>& socket, const std::shared_ptr<WorkerPort>& port,
                      const std::shared_ptr<const Frontend>& frontend) {
  if (!socket->fd) {
    captured_[socket->at] = Captured{{port, frontend}, std::nullopt};
    return;
  }
  std::unique_ptr<Watch>& watch = watches_[socket.get()];
  if (watch) {
    watch->target = {port, frontend};
    return;
  }
  watch = std::make_unique<Watch>(Watch{socket, {port, frontend}, false, 1});
  watch_socket(*watch);
}

void Acceptor::listen_on(UniqueFd listener) {
  const auto socket = std::make_shared<ListenSocket>();
  socket->fd = std::move(listener);
  watch_socket(add_own(socket));
}

Acceptor::Watch& Acceptor::add_own(const std::shared_ptr<ListenSocket>& socket) {
  const std::unique_ptr<Watch>& watch = watches_[socket.get()] =
      std::make_unique<Watch>(Watch{socket, {nullptr, nullptr}, false, 1});
  own_.push_back(watch.get());
  return *watch;
}

void Acceptor::hold() {
  held_ = true;
  for (const auto& [socket, watch] : watches_) {
    if (!std::exchange(watch->paused, true)) poller_.unwatch(watch->socket->fd.get());
  }
}

void Acceptor::proceed() {
  held_ = false;
  paused_.clear();
  resume_at_.reset();
  for (const auto& [socket, watch] : watches_) {
    if (watch->paused) watch_socket(*watch);
  }
}

void Acceptor::leave_listeners() {
  // Their files live on, and an epoll watches files rather than descriptors.
  hold();
  paused_.clear();
  resume_at_.reset();
  inherited_.clear();
  own_.clear();
  captured_.clear();
  given_up_.clear();
  watches_.clear();
}

void Acceptor::accept_inherited(const std::shared_ptr<ListenSocket>& socket, TimePoint now) {
  watch_socket(add_own(socket));
  inherited_.emplace_back(now + kHandshakeTime, socket.get());
}

void Acceptor::close_inherited(TimePoint now) {
  while (!inherited_.empty() && inherited_.front().first <= now) {
    const auto found = watches_.find(inherited_.front().second);
    Watch& watch = *found->second;
    drain(watch, now);
    if (!watch.paused) poller_.unwatch(watch.socket->fd.get());
    std::erase(own_, &watch);
    watches_.erase(found);
    inherited_.pop_front();
  }
}

void Acceptor::unlisten(ListenSocket& socket, TimePoint now) {
  if (!socket.fd) {
    give_up(socket, now);
    return;
  }
  const auto found = watches_.find(&socket);
  if (found == watches_.end()) {
    return;
  }
  const std::unique_ptr<Watch> watch = std::move(found->second);
  watches_.erase(found);
  if (!watch->paused) {
    poller_.unwatch(socket.fd.get());
  }
  if (socket.watchers.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    drain(*watch, now);
    socket.fd.reset();
    closed_(socket);
  }
}

void Acceptor::ready(Watch& watch, TimePoint now) {
  int accepted = 0;
  bool empty = false;
  for (int tries = 0; tries < watch.batch && !empty; ++tries) {
    const Outcome outcome = accept_one(watch, now);
    if (outcome == Outcome::kShortage) {
      shortage(watch, now);
      return;
    }
    empty = outcome == Outcome::kEmpty || outcome == Outcome::kFailed;
    accepted += outcome == Outcome::kAccepted ? 1 : 0;
  }
  // epoll tells again while there is more (level-triggered), so asking until nothing is left would be a call wasted.
  watch.batch = empty ? std::max(accepted, 1) : std::min(2 * watch.batch, kLargestBatch);
  if (accepted > 0 && !alone_ && watch.target.port) {
    poller_.unwatch(watch.socket->fd.get());
    watch_socket(watch);
  }
}

std::optional<Acceptor::TimePoint> Acceptor::next_deadline() const {
  std::optional<TimePoint> next = resume_at_;
  if (!given_up_.empty()) next = next ? std::min(*next, given_up_.front().first) : given_up_.front().first;
  if (!early_.empty()) next = next ? std::min(*next, early_.front().until) : early_.front().until;
  if (!inherited_.empty()) next = next ? std::min(*next, inherited_.front().first) : inherited_.front().first;
  return next;
}

void Acceptor::finish_turn(TimePoint now) {
  forget_given_up(now);
  reset_late(now);
  close_inherited(now);
  if (!resume_at_ || now < *resume_at_) {
    return;
  }
  resume_at_.reset();
  for (const ListenSocket* const socket : std::exchange(paused_, {})) {
    if (const auto found = watches_.find(socket); found != watches_.end() && found->second->paused) {
      watch_socket(*found->second);
    }
  }
}

Acceptor::Outcome Acceptor::accept_one(Watch& watch, TimePoint now, Sharing sharing) {
  sockaddr_storage peer{};
  UniqueFd client(accept_from(watch.socket->fd.get(), peer));
  if (client) {
    pause_ = std::chrono::milliseconds{0};
    try {
      if (watch.target.port) {
        take(watch.target, std::move(client), peer, sharing, now);
      } else {
        take_captured(std::move(client), peer, sharing, now);
      }
    } catch (const std::bad_alloc&) {
      // The connection was closed on the way here.
      counters_.shed_for_memory.add();
    }
    return Outcome::kAccepted;
  }
  const int error = errno;
  if (error == EAGAIN || error == EWOULDBLOCK) {
    return Outcome::kEmpty;
  }
  if (error == EINTR) {
    return Outcome::kTryAgain;
  }
  counters_.count_accept_error(error);
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return Outcome::kShortage;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
      return Outcome::kFailed;
    default:
      // accept(2): errors already pending on the new connection are reported here, and concern it alone.
      return Outcome::kTryAgain;
  }
}

void Acceptor::take(const Target& target, UniqueFd client, const sockaddr_storage& peer, Sharing sharing,
                    TimePoint now) {
  const Peer known = peer_of(peer);
  if (const auto& headers = target.frontend->headers; headers && contains(headers->from, known.address)) {
    headers_.take(std::move(client), target, known, now);
  } else {
    hand_on(target, std::move(client), known, sharing, now);
  }
}

void Acceptor::hand_on(const Target& target, UniqueFd client, const Peer& peer, Sharing sharing, TimePoint now) {
  Arrival arrival;
  arrival.client = peer;
  arrival.choice = choose_set(*target.frontend, target.port->state, peer.address);
  if (target.port->state.proxy_protocol) {
    arrival.header = proxy_header(peer, {target.frontend->at.address, target.frontend->at.port});
  }
  if (alone_ || sharing == Sharing::kKept || !offer_(client, arrival, *target.port)) {
    carrier_.take(std::move(client), target.port, arrival, now);
  }
}

void Acceptor::take_captured(UniqueFd client, const sockaddr_storage& peer, Sharing sharing, TimePoint now) {
  sockaddr_storage local{};
  socklen_t size = sizeof(local);
  if (::getsockname(client.get(), reinterpret_cast<sockaddr*>(&local), &size) != 0) {
    return;
  }
  const Peer asked = peer_of(local);
  const ListenAddress at{asked.address, asked.port, config::Protocol::kTcp};
  if (const auto found = captured_.find(at); found != captured_.end()) {
    const Captured& captured = found->second;
    take(captured.target, std::move(client), peer, captured.given_up ? Sharing::kKept : sharing, now);
    return;
  }
  if (early_.size() == kMostEarly) {
    close_with_reset(std::move(early_.front().client));
    early_.pop_front();
    counters_.shed.add();
  }
  early_.push_back(Early{std::move(client), peer, at, now + kEarlyTime});
}

void Acceptor::finish_commands(TimePoint now) {
  const auto known = [this](const Early& early) { return captured_.contains(early.at); };
  const auto served = std::stable_partition(early_.begin(), early_.end(), std::not_fn(known));
  for (auto early = served; early != early_.end(); ++early) {
    take(captured_.at(early->at).target, std::move(early->client), early->peer, Sharing::kKept, now);
  }
  early_.erase(served, early_.end());
}

void Acceptor::reset_late(TimePoint now) {
  while (!early_.empty() && early_.front().until <= now) {
    close_with_reset(std::move(early_.front().client));
    early_.pop_front();
    counters_.shed.add();
  }
}

void Acceptor::give_up(ListenSocket& socket, TimePoint now) {
  const auto found = captured_.find(socket.at);
  if (found == captured_.end() || found->second.given_up) {
    return;
  }
  for (Watch* const own : own_) {
    drain(*own, now);
  }
  Captured& captured = found->second;
  // The service port goes by another state next.
  const WorkerPort& port = *captured.target.port;
  captured.target.port = std::make_shared<WorkerPort>(port.shared, port.worker, port.state);
  captured.given_up = now + kHandshakeTime;
  given_up_.emplace_back(*captured.given_up, socket.at);
  if (socket.watchers.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    closed_(socket);
  }
}

void Acceptor::forget_given_up(TimePoint now) {
  while (!given_up_.empty() && given_up_.front().first <= now) {
    const auto& [when, at] = given_up_.front();
    const auto found = captured_.find(at);
    if (found != captured_.end() && found->second.given_up == when) {
      captured_.erase(found);
    }
    given_up_.pop_front();
  }
}

void Acceptor::watch_socket(Watch& watch) {
  if (held_) {
    watch.paused = true;
    return;
  }
  const std::uint32_t events = alone_ || !watch.target.port ? EPOLLIN : EPOLLIN | EPOLLEXCLUSIVE;
  const int error = poller_.watch(watch.socket->fd.get(), events, EventTag(EventTag::Kind::kListener, &watch));
  watch.paused = error != 0;
  if (error != 0) {
    counters_.count_accept_error(error);
    paused_.push_back(watch.socket.get());
    if (!resume_at_) {
      resume_at_ = std::chrono::steady_clock::now() + kLongestPause;
    }
  }
}

void Acceptor::shortage(Watch& watch, TimePoint now) {
  if (pause_ > std::chrono::milliseconds{0}) {
    // Each is tried again first: the shortage may end in the midst of it.
    Outcome outcome = Outcome::kShortage;
    for (int count = 0; count < kMostShed && outcome != Outcome::kEmpty && outcome != Outcome::kFailed; ++count) {
      if (outcome == Outcome::kShortage && !shed_one(watch.socket->fd.get())) break;
      outcome = accept_one(watch, now);
    }
  }
  pause_ = pause_ == std::chrono::milliseconds{0} ? kFirstPause : std::min(2 * pause_, kLongestPause);
  poller_.unwatch(watch.socket->fd.get());
  watch.paused = true;
  paused_.push_back(watch.socket.get());
  resume_at_ = now + pause_;
}

bool Acceptor::shed_one(int listener) {
  if (!reserve_) {
    reserve_ = open_reserve();
    return false;
  }
  reserve_.reset();
  sockaddr_storage peer{};
  UniqueFd client(accept_from(listener, peer));
  const bool taken = static_cast<bool>(client);
  if (taken) {
    close_with_reset(std::move(client));
    counters_.shed.add();
  }
  reserve_ = open_reserve();
  return taken;
}

void Acceptor::drain(Watch& watch, TimePoint now) {
  for (;;) {
    const Outcome outcome = accept_one(watch, now, Sharing::kKept);
    if (outcome == Outcome::kEmpty || outcome == Outcome::kFailed ||
        (outcome == Outcome::kShortage && !shed_one(watch.socket->fd.get()))) {
      return;
    }
  }
}

}  // namespace ferry::proxy
