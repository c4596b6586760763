#include "tests/bench/load/client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/load/latencies.h"
#include "tests/bench/load/sockets.h"

namespace ferry::bench {

namespace {

using Json = nlohmann::json;

Clock::duration whole(std::chrono::duration<double> length) {
  return std::chrono::duration_cast<Clock::duration>(length);
}

class RequestClient {
 public:
  RequestClient(const sockaddr_in& server, const RequestLoad& load)
      : server_(server),
        load_(load),
        request_(Hello{Hello::Kind::kRequests, load.request_bytes, load.response_bytes}.bytes()),
        asking_(load.connections) {
    request_.resize(load.request_bytes);
  }

  Json run() {
    const Clock::time_point begin = Clock::now();
    counting_from_ = begin + whole(load_.warm_up);
    end_ = counting_from_ + whole(load_.length);
    next_due_ = begin;
    for (std::size_t index = 0; index < asking_.size(); ++index) {
      if (load_.rate > 0) {
        if (load_.requests_each != 1) open(index);
        free_.push_back(index);
      } else {
        start(index, Clock::now());
      }
    }
    Clock::time_point looked = begin;
    while (now_ < end_ || (load_.rate > 0 && free_.size() < asking_.size())) {
      const auto events = events_.wait(load_.rate > 0 ? std::chrono::microseconds{50} : std::chrono::milliseconds{100});
      now_ = Clock::now();
      for (const epoll_event& event : events) ready(event.data.u64, event.events);
      if (load_.rate > 0 && now_ < end_) start_due();
      if (now_ - looked > std::chrono::milliseconds{100}) {
        looked = now_;
        look_for_lost();
      }
    }
    return Json{{"requests", latencies_.count()},
                {"seconds", load_.length.count()},
                {"p50_us", percentile(0.5)},
                {"p99_us", percentile(0.99)},
                {"max_us", percentile(1)},
                {"slow", slow_},
                {"failed", failed_}};
  }

 private:
  struct Asking {
    proxy::UniqueFd fd;
    Clock::time_point since;
    std::size_t rest = 0;
    /// Requests answered on this connection.
    std::size_t answered = 0;
    bool sent = false;
    bool waiting = false;
  };

  /// The middle of a bucket may be longer than the longest of all.
  double percentile(double share) const {
    const double longest = std::chrono::duration<double, std::micro>(longest_).count();
    return share < 1 ? std::min(latencies_.percentile(share), longest) : longest;
  }

  void open(std::size_t index) {
    Asking& asking = asking_[index];
    const std::uint32_t source = load_.sources == 0 ? 0 : 1 + opened_++ % load_.sources;
    asking.fd = connect_to(server_, load_.datagrams ? SOCK_DGRAM : SOCK_STREAM, source);
    events_.add(asking.fd.get(), load_.datagrams ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLET, index);
  }

  void start(std::size_t index, Clock::time_point since) {
    Asking& asking = asking_[index];
    asking.since = since;
    asking.sent = false;
    asking.waiting = true;
    asking.rest = load_.response_bytes;
    if (asking.fd) {
      send(index);
    } else {
      // Sent once it is connected, which epoll tells.
      open(index);
      if (load_.datagrams) send(index);
    }
  }

  void send(std::size_t index) {
    Asking& asking = asking_[index];
    const ssize_t sent = ::send(asking.fd.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    asking.sent = sent == static_cast<ssize_t>(request_.size());
    // A connection under way is writable later.
    if (sent < 0 && errno != EAGAIN && errno != EINPROGRESS && errno != ENOTCONN) fail(index);
  }

  void ready(std::size_t index, std::uint32_t events) {
    Asking& asking = asking_[index];
    if (!asking.waiting) return;
    if (!asking.sent && (events & EPOLLOUT) != 0 && (events & EPOLLERR) == 0) send(index);
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) == 0 || !asking.fd) return;
    const ssize_t received = ::recv(asking.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received <= 0) return fail(index);
    asking.rest -= std::min(asking.rest, static_cast<std::size_t>(received));
    if (asking.rest == 0) answered(index);
  }

  void answered(std::size_t index) {
    Asking& asking = asking_[index];
    count(load_.rate > 0 ? asking.since : now_, Clock::now() - asking.since);
    asking.waiting = false;
    if (++asking.answered == load_.requests_each) close(asking);
    go_on(index);
  }

  void count(Clock::time_point at, Clock::duration took) {
    if (at < counting_from_) return;
    latencies_.add(took);
    longest_ = std::max(longest_, took);
    if (took > whole(load_.slow)) ++slow_;
  }

  static void close(Asking& asking) {
    asking.fd.reset();
    asking.answered = 0;
  }

  void fail(std::size_t index) {
    ++failed_;
    close(asking_[index]);
    asking_[index].waiting = false;
    if (failed_ > 10000) throw std::runtime_error("more than 10,000 requests failed");
    go_on(index);
  }

  void go_on(std::size_t index) {
    if (load_.rate > 0) {
      free_.push_back(index);
    } else {
      start(index, Clock::now());
    }
  }

  /// A request counts from the moment it was due, whether or not a connection was free then.
  void start_due() {
    const auto apart = whole(std::chrono::duration<double>(1 / load_.rate));
    while (next_due_ <= now_ && !free_.empty()) {
      start(take_free(), next_due_);
      next_due_ += apart;
    }
  }

  /// Connections that are to end come up for their next request in turn, so that none is left open for long.
  std::size_t take_free() {
    const bool in_turn = load_.requests_each > 1;
    const std::size_t index = in_turn ? free_.front() : free_.back();
    if (in_turn) {
      free_.pop_front();
    } else {
      free_.pop_back();
    }
    return index;
  }

  void look_for_lost() {
    for (std::size_t index = 0; index < asking_.size(); ++index) {
      if (asking_[index].waiting && now_ - asking_[index].since > whole(load_.patience)) fail(index);
    }
  }

  sockaddr_in server_;
  RequestLoad load_;
  std::string request_;
  std::vector<Asking> asking_;
  /// Without a request, where there is a rate.
  std::deque<std::size_t> free_;
  std::uint32_t opened_ = 0;
  Events events_;
  Latencies latencies_;
  Clock::duration longest_{};
  std::size_t slow_ = 0;
  std::size_t failed_ = 0;
  Clock::time_point now_;
  Clock::time_point counting_from_;
  Clock::time_point end_;
  Clock::time_point next_due_;
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
};

}  // namespace

Json ask(const sockaddr_in& server, const RequestLoad& load) { return RequestClient(server, load).run(); }

Json stream(const sockaddr_in& server, Hello::Kind kind, std::size_t connections, std::chrono::duration<double> length,
            std::size_t buffer_bytes) {
  const bool sends = kind != Hello::Kind::kDownload;
  const bool reads = kind != Hello::Kind::kUpload;
  const std::string hello = Hello{kind, 0, 0}.bytes();
  std::vector<char> buffer(buffer_bytes);
  std::vector<proxy::UniqueFd> open;
  Events events;
  for (std::size_t index = 0; index < connections; ++index) {
    open.push_back(connect_to(server));
    pollfd connected{open.back().get(), POLLOUT, 0};
    if (::poll(&connected, 1, 1000) != 1 ||
        ::send(open.back().get(), hello.data(), hello.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(hello.size())) {
      throw std::runtime_error("cannot connect");
    }
    events.add(open.back().get(), (sends ? EPOLLOUT : 0U) | (reads ? EPOLLIN : 0U), index);
  }
  std::uint64_t bytes = 0;
  const Clock::time_point begin = Clock::now();
  const Clock::time_point end = begin + whole(length);
  while (Clock::now() < end) {
    for (const epoll_event& event : events.wait(std::chrono::milliseconds{100})) {
      const int fd = open[event.data.u64].get();
      const auto count = [&bytes](ssize_t moved) {
        if (moved < 0 && errno != EAGAIN) throw std::runtime_error("a stream broke");
        bytes += moved > 0 ? static_cast<std::uint64_t>(moved) : 0;
      };
      if ((event.events & EPOLLOUT) != 0) count(::send(fd, buffer.data(), buffer.size(), MSG_NOSIGNAL));
      if ((event.events & EPOLLIN) != 0) count(::recv(fd, buffer.data(), buffer.size(), 0));
    }
  }
  return Json{{"bytes", bytes}, {"seconds", std::chrono::duration<double>(Clock::now() - begin).count()}};
}

void hold(const sockaddr_in& server, std::size_t connections) {
  std::string request = Hello{Hello::Kind::kRequests, 64, 64}.bytes();
  request.resize(64);
  std::vector<proxy::UniqueFd> open;
  for (std::size_t index = 0; index < connections; ++index) {
    open.push_back(connect_to(server));
    pollfd ready{open.back().get(), POLLOUT, 0};
    std::array<char, 64> answer{};
    const bool asked =
        ::poll(&ready, 1, 5000) == 1 && ::send(open.back().get(), request.data(), request.size(), MSG_NOSIGNAL) == 64;
    ready.events = POLLIN;
    if (!asked || ::poll(&ready, 1, 5000) != 1 || ::recv(open.back().get(), answer.data(), answer.size(), 0) != 64) {
      throw std::runtime_error("connection " + std::to_string(index) + " was not answered");
    }
  }
  std::printf("{\"open\": %zu}\n", open.size());
  std::fflush(stdout);
  char ignored = 0;
  while (::read(STDIN_FILENO, &ignored, 1) > 0) {
  }
}

}  // namespace ferry::bench
