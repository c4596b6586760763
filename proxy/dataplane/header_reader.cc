#include "proxy/dataplane/header_reader.h"

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include <sys/socket.h>

#include "proxy/relay/proxy_protocol.h"
#include "proxy/relay/tcp_socket.h"

namespace ferry::proxy {

HeaderReader::HeaderReader(Poller& poller, WorkerCounters& counters, Done done)
    : poller_(poller), counters_(counters), done_(std::move(done)) {}

HeaderReader::~HeaderReader() {
  reset_all();
  finish_turn();
}

void HeaderReader::take(UniqueFd client, const Target& target, const Peer& peer, TimePoint now) {
  if (size_ == kMostWaiting) {
    give_up(waiting_.front());
  }
  // Owned by the list it is in, from here until finish_turn() frees it.
  Waiting& waiting = *std::make_unique<Waiting>().release();
  waiting_.push_back(waiting);
  ++size_;
  waiting.fd = std::move(client);
  waiting.target = target;
  waiting.peer = peer;
  waiting.until = now + kPatience;
  // At each arrival, because what has arrived stays in the queue until the header is whole.
  if (poller_.watch(waiting.fd.get(), EPOLLIN | EPOLLRDHUP | EPOLLET, EventTag(EventTag::Kind::kHeader, &waiting)) !=
      0) {
    give_up(waiting);
  }
}

void HeaderReader::ready(Waiting& waiting, TimePoint now) {
  if (waiting.closed) {
    return;
  }
  std::array<char, kLongestProxyHeader> buffer;
  const ssize_t size = ::recv(waiting.fd.get(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (size <= 0) {
    give_up(waiting);
    return;
  }
  const ProxyHeader header = read_proxy_header({buffer.data(), static_cast<std::size_t>(size)});
  if (header.state == ProxyHeader::State::kIncomplete) {
    return;
  }
  const bool whole = header.state == ProxyHeader::State::kWhole;
  if (!whole ||
      ::recv(waiting.fd.get(), buffer.data(), header.length, MSG_DONTWAIT) != static_cast<ssize_t>(header.length)) {
    give_up(waiting);
    return;
  }
  poller_.unwatch(waiting.fd.get());
  UniqueFd client = std::move(waiting.fd);
  end(waiting);
  const Admission& admission = waiting.target.frontend->headers->admission;
  if (header.source && !admission.everyone && !contains(admission.sources, header.source->address)) {
    counters_.proxied_strangers.add();
    close_with_reset(std::move(client));
    return;
  }
  done_(std::move(client), waiting.target, header.source.value_or(waiting.peer), now);
}

void HeaderReader::act_on_deadlines(TimePoint now) {
  while (!waiting_.empty() && waiting_.front().until <= now) {
    give_up(waiting_.front());
  }
}

std::optional<HeaderReader::TimePoint> HeaderReader::next_deadline() {
  return waiting_.empty() ? std::nullopt : std::optional(waiting_.front().until);
}

void HeaderReader::finish_turn() {
  while (!ended_.empty()) {
    const std::unique_ptr<Waiting> freed(&ended_.front());
  }
}

void HeaderReader::reset_all() {
  while (!waiting_.empty()) {
    Waiting& waiting = waiting_.front();
    close_with_reset(std::move(waiting.fd));
    end(waiting);
  }
}

void HeaderReader::give_up(Waiting& waiting) {
  counters_.proxy_header_errors.add();
  close_with_reset(std::move(waiting.fd));
  end(waiting);
}

void HeaderReader::end(Waiting& waiting) {
  waiting.closed = true;
  --size_;
  ended_.push_back(waiting);
}

}  // namespace ferry::proxy
