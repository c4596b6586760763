#include "proxy/handover/takeover_server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <system_error>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/handover/predecessor.h"
#include "proxy/handover/wire.h"

namespace ferry::proxy {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

/// Until the other process knows what there is to serve: as long as it takes.
constexpr std::chrono::hours kUntilSynced{24 * 365};
/// Connections that each worker parts with at a time: two descriptors each, and a worker's share of what is held.
constexpr std::size_t kConnectionsAtATime = 64;
/// Bytes held for slow peers that go with one message.
constexpr std::size_t kHeldBytesAtATime = std::size_t{96} * 1024;
/// Between two looks for connections that could not be had.
constexpr milliseconds kLook{20};

/// Something that comes by a call from elsewhere, awaited by one coroutine of the same thread.
template <typename T>
class Promised {
 public:
  explicit Promised(const asio::any_io_executor& executor) : timer_(executor) {
    timer_.expires_at(Clock::time_point::max());
  }

  void fulfil(T value) {
    value_.emplace(std::move(value));
    timer_.cancel();
  }
  asio::awaitable<void> wait() {
    if (!value_) co_await timer_.async_wait(kErrorFirst);
  }
  T take() { return std::move(*value_); }

 private:
  asio::steady_timer timer_;
  std::optional<T> value_;
};

std::size_t held_bytes(const HandedConnection& connection) {
  return connection.to_backend.held.size() + connection.to_client.held.size();
}

/// How many from `first` on go with one message.
std::size_t portion(const std::vector<HandedConnection>& connections, std::size_t first) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (first + count < connections.size() && count < kMostDescriptors / 2) {
    bytes += held_bytes(connections[first + count]);
    if (count > 0 && bytes > kHeldBytesAtATime) break;
    ++count;
  }
  return count;
}

nlohmann::json only(const char* kind) { return nlohmann::json::object({{"kind", kind}}); }

}  // namespace

TakeoverServer::TakeoverServer(asio::any_io_executor control, Dataplane& dataplane, std::string version,
                               Callbacks callbacks, std::shared_ptr<spdlog::logger> logger)
    : state_(std::make_shared<State>(std::move(control), dataplane)) {
  state_->version = std::move(version);
  state_->callbacks = std::move(callbacks);
  state_->logger = std::move(logger);
}

TakeoverServer::~TakeoverServer() { stop(); }

void TakeoverServer::listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto check = [](bool good) {
    if (!good) throw std::system_error(errno, std::generic_category());
  };
  if (path.size() >= sizeof(address.sun_path)) throw std::system_error(ENAMETOOLONG, std::generic_category());
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  check(static_cast<bool>(socket));
  // Whoever listened there is gone, or has been asked before and has handed over everything.
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) check(false);
  const mode_t former = ::umask(S_IXUSR | S_IRWXG | S_IRWXO);
  const bool bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::umask(former);
  check(bound);
  path_ = path;
  check(::listen(socket.get(), 4) == 0);
  state_->listener.assign(socket.release());
  asio::co_spawn(state_->control, accept_all(state_), [state = state_](const std::exception_ptr&) {});
}

void TakeoverServer::stop() {
  state_->stopped = true;
  boost::system::error_code ignored;
  state_->listener.close(ignored);
  if (state_->heir) state_->heir->close();
  // The heir has a socket of its own there.
  if (!path_.empty() && !state_->replaced) ::unlink(path_.c_str());
  path_.clear();
}

asio::awaitable<void> TakeoverServer::accept_all(Shared state) {
  while (!state->stopped) {
    const auto [error] = co_await state->listener.async_wait(asio::posix::stream_descriptor::wait_read, kErrorFirst);
    if (error) co_return;
    UniqueFd socket(::accept4(state->listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) continue;
    const std::optional<int> pid = peer_of_same_user(socket.get());
    if (!pid) continue;
    prepare_message_socket(socket.get());
    auto channel = std::make_shared<Channel>(state->control, std::move(socket));
    asio::co_spawn(state->control, serve(state, channel, *pid), [state, channel](const std::exception_ptr&) {});
  }
}

asio::awaitable<bool> TakeoverServer::greet(Shared state, std::shared_ptr<Channel> channel) {
  const std::optional<Message> hello = co_await channel->receive(kMessagePatience);
  if (!hello || hello->kind() != "hello") co_return false;
  std::string reason;
  if (state->replaced || state->heir) {
    reason = "another process is about to take its place";
  } else if (hello->body.value("protocol", 0) != kHandoverProtocol) {
    reason = "it is of a version that hands over in another way";
  } else if (hello->body.value("network", std::uint64_t{0}) != network_namespace()) {
    reason = "it runs in another network namespace";
  }
  nlohmann::json answer = only(reason.empty() ? "welcome" : "refusal");
  answer["reason"] = reason;
  answer["pid"] = ::getpid();
  answer["version"] = state->version;
  answer["capture"] = state->dataplane.capture_name();
  const bool said = co_await channel->send(std::move(answer), {}, kMessagePatience);
  co_return said&& reason.empty();
}

asio::awaitable<void> TakeoverServer::serve(Shared state, std::shared_ptr<Channel> channel, int pid) {
  const bool welcome = co_await greet(state, channel);
  if (!welcome || state->heir) co_return;
  state->heir = channel;
  state->heirs_pid = pid;
  state->logger->info("another kube-ferry is about to take this one's place");
  const bool done = co_await hand_over(state, channel);
  if (done) {
    state->replaced = true;
    boost::system::error_code ignored;
    state->listener.close(ignored);
    state->callbacks.replaced();
  } else {
    state->heir = nullptr;
    if (!state->stopped) {
      state->logger->warn("the kube-ferry that was to take this one's place has not ({}); going on as before",
                          channel->error());
    }
  }
}

asio::awaitable<bool> TakeoverServer::hand_over(Shared state, std::shared_ptr<Channel> channel) {
  const std::optional<Message> take = co_await channel->receive(kUntilSynced);
  if (!take || take->kind() != "take") co_return false;
  bool good = co_await send_sockets(state, channel);
  if (good) {
    const std::optional<Message> ready = co_await channel->receive(kMessagePatience);
    good = ready && ready->kind() == "ready";
  }
  if (!good) {
    state->dataplane.resume();
    co_return false;
  }
  const auto held = std::make_shared<Promised<Dataplane::Held>>(state->control);
  state->dataplane.hold([held](Dataplane::Held what) { held->fulfil(std::move(what)); });
  co_await held->wait();
  Dataplane::Held given = held->take();
  good = co_await send_state(state, channel, given);
  if (good) {
    const std::optional<Message> serving = co_await channel->receive(kMessagePatience);
    good = serving && serving->kind() == "serving";
  }
  if (!good) {
    for (HandedFlow& flow : given.flows) state->dataplane.take_flow(std::move(flow));
    state->dataplane.resume();
    co_return false;
  }
  given.flows.clear();
  const auto left = std::make_shared<Promised<bool>>(state->control);
  state->dataplane.leave_listeners([left] { left->fulfil(true); });
  co_await left->wait();
  co_return true;
}

asio::awaitable<bool> TakeoverServer::send_sockets(Shared state, std::shared_ptr<Channel> channel) {
  const auto pages = std::make_shared<Promised<std::vector<UniqueFd>>>(state->control);
  state->callbacks.pages([pages](std::vector<UniqueFd> copies) { pages->fulfil(std::move(copies)); });
  co_await pages->wait();
  const std::vector<UniqueFd> copies = pages->take();
  const Inheritance left = state->dataplane.bequeath();
  for (std::size_t first = 0; first < copies.size(); first += kMostDescriptors) {
    std::vector<int> descriptors;
    const std::size_t last = std::min(copies.size(), first + kMostDescriptors);
    for (std::size_t index = first; index < last; ++index) descriptors.push_back(copies[index].get());
    const bool sent = co_await channel->send(only("pages"), std::move(descriptors), kMessagePatience);
    if (!sent) co_return false;
  }
  for (std::size_t first = 0; first < left.sockets.size(); first += kMostDescriptors) {
    std::vector<int> descriptors;
    const std::size_t count = std::min(left.sockets.size() - first, kMostDescriptors);
    for (std::size_t index = first; index < first + count; ++index) descriptors.push_back(left.sockets[index].fd.get());
    const bool sent =
        co_await channel->send(encode(left.sockets, first, count), std::move(descriptors), kMessagePatience);
    if (!sent) co_return false;
  }
  co_return co_await channel->send(only("end"), {}, kMessagePatience);
}

asio::awaitable<bool> TakeoverServer::send_state(Shared /*state*/, std::shared_ptr<Channel> channel,
                                                 Dataplane::Held& held) {
  for (std::size_t first = 0; first < held.affinities.size(); first += kMostDescriptors) {
    const std::size_t count = std::min(held.affinities.size() - first, kMostDescriptors);
    const bool sent = co_await channel->send(encode(held.affinities, first, count), {}, kMessagePatience);
    if (!sent) co_return false;
  }
  // Some have the request that is still to be answered with them.
  constexpr std::size_t kFlowsAtATime = 32;
  for (std::size_t first = 0; first < held.flows.size(); first += kFlowsAtATime) {
    std::vector<int> descriptors;
    const std::size_t count = std::min(held.flows.size() - first, kFlowsAtATime);
    for (std::size_t index = first; index < first + count; ++index) {
      descriptors.push_back(held.flows[index].upstream.get());
    }
    const bool sent =
        co_await channel->send(encode(held.flows, first, count), std::move(descriptors), kMessagePatience);
    if (!sent) co_return false;
  }
  co_return co_await channel->send(only("released"), {}, kMessagePatience);
}

void TakeoverServer::give_connections(Clock::time_point deadline, std::function<void(std::size_t)> done) {
  asio::co_spawn(state_->control, send_connections(state_, deadline, std::move(done)),
                 [state = state_](const std::exception_ptr&) {});
}

asio::awaitable<void> TakeoverServer::send_connections(Shared state, Clock::time_point deadline,
                                                       std::function<void(std::size_t)> done) {
  using Given = std::pair<std::vector<HandedConnection>, std::size_t>;
  const std::shared_ptr<Channel> channel = state->heir;
  asio::steady_timer pause(state->control);
  std::size_t left = 0;
  for (;;) {
    const auto promised = std::make_shared<Promised<Given>>(state->control);
    state->dataplane.give_connections(kConnectionsAtATime,
                                      [promised](std::vector<HandedConnection> given, std::size_t more) {
                                        promised->fulfil({std::move(given), more});
                                      });
    co_await promised->wait();
    Given given = promised->take();
    std::vector<HandedConnection>& connections = given.first;
    left = given.second;
    std::size_t first = 0;
    bool taken = true;
    while (taken && first < connections.size()) {
      const std::size_t count = portion(connections, first);
      std::vector<int> descriptors;
      for (std::size_t index = first; index < first + count; ++index) {
        descriptors.push_back(connections[index].client.get());
        descriptors.push_back(connections[index].backend.get());
      }
      taken = co_await channel->send(encode(connections, first, count), std::move(descriptors), kMessagePatience);
      if (taken) {
        const std::optional<Message> answer = co_await channel->receive(kMessagePatience);
        taken = answer && answer->kind() == "taken";
      }
      if (taken) first += count;
    }
    for (; first < connections.size(); ++first) {
      ++left;
      state->dataplane.take_connection(std::move(connections[first]));
    }
    if (!taken) {
      state->logger->warn("{} connections stay here: {}", left, channel->error());
      break;
    }
    if (left == 0 || state->stopped || Clock::now() >= deadline) break;
    if (connections.empty()) {
      pause.expires_after(kLook);
      co_await pause.async_wait(kErrorFirst);
    }
  }
  co_await channel->send(only("done"), {}, kMessagePatience);
  done(left);
}

}  // namespace ferry::proxy
