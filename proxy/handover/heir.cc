#include "proxy/handover/heir.h"

#include <chrono>
#include <utility>

#include "proxy/handover/wire.h"

namespace ferry::proxy {

namespace asio = boost::asio;

namespace {

/// For the other process to part with its last connections.
constexpr std::chrono::hours kForConnections{24};

}  // namespace

Heir::Heir(const asio::any_io_executor& control, Predecessor predecessor, Dataplane& dataplane, Callbacks callbacks,
           std::shared_ptr<spdlog::logger> logger)
    : channel_(control, std::move(predecessor.channel)),
      predecessor_(std::move(predecessor)),
      dataplane_(dataplane),
      callbacks_(std::move(callbacks)),
      logger_(std::move(logger)) {}

asio::awaitable<void> Heir::take_over() {
  const bool sockets = co_await receive_sockets();
  const std::size_t count = inheritance_.sockets.size();
  dataplane_.inherit(std::move(inheritance_));
  callbacks_.inherit_pages(std::move(pages_));
  bool all = sockets;
  if (sockets) all = co_await receive_state();
  dataplane_.take_effect();
  callbacks_.serving();
  if (all) {
    logger_->info("took the place of process {} (version {}) with {} sockets", predecessor_.pid, predecessor_.version,
                  count);
    co_await receive_connections();
  } else {
    logger_->warn("process {}, whose place this one takes, did not hand over everything: {}; serving without",
                  predecessor_.pid, channel_.error());
  }
  channel_.close();
  callbacks_.done();
}

asio::awaitable<bool> Heir::say(const char* what) {
  nlohmann::json body{{"kind", what}};
  co_return co_await channel_.send(std::move(body), {}, kMessagePatience);
}

asio::awaitable<std::optional<Message>> Heir::hear() { co_return co_await channel_.receive(kMessagePatience); }

asio::awaitable<bool> Heir::receive_sockets() {
  const bool said = co_await say("take");
  if (!said) co_return false;
  for (;;) {
    std::optional<Message> message = co_await hear();
    if (!message) co_return false;
    if (message->kind() == "end") co_return true;
    if (!take(std::move(*message))) co_return false;
  }
}

asio::awaitable<bool> Heir::receive_state() {
  const bool said = co_await say("ready");
  if (!said) co_return false;
  for (;;) {
    std::optional<Message> message = co_await hear();
    if (!message) co_return false;
    if (message->kind() == "released") co_return true;
    if (!take(std::move(*message))) co_return false;
  }
}

bool Heir::take(Message message) {
  const std::string kind = message.kind();
  if (kind == "pages") {
    for (UniqueFd& page : message.descriptors) pages_.push_back(std::move(page));
    return true;
  }
  if (kind == "sockets") {
    auto sockets = decode_sockets(std::move(message));
    if (!sockets) return false;
    for (HandedSocket& socket : *sockets) inheritance_.sockets.push_back(std::move(socket));
    return true;
  }
  if (kind == "flows") {
    auto flows = decode_flows(std::move(message));
    if (!flows) return false;
    for (HandedFlow& flow : *flows) dataplane_.take_flow(std::move(flow));
    return true;
  }
  if (kind == "affinities") {
    const auto affinities = decode_affinities(message);
    if (affinities) dataplane_.take_affinities(*affinities);
    return affinities.has_value();
  }
  // What a later version may have to say beyond this.
  return true;
}

asio::awaitable<void> Heir::receive_connections() {
  bool said = co_await say("serving");
  std::size_t taken = 0;
  while (said) {
    std::optional<Message> message = co_await channel_.receive(kForConnections);
    if (!message || message->kind() == "done") break;
    if (message->kind() != "connections") continue;
    auto connections = decode_connections(std::move(*message));
    if (!connections) break;
    // Once this is said they are nobody else's.
    said = co_await say("taken");
    taken += connections->size();
    for (HandedConnection& connection : *connections) dataplane_.take_connection(std::move(connection));
  }
  logger_->info("{} connections were taken over from process {}", taken, predecessor_.pid);
}

}  // namespace ferry::proxy
