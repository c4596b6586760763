#include "tests/bench/load/alternately.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

#include <sys/socket.h>

#include "tests/bench/load/sockets.h"

namespace ferry::bench {

namespace {

void must(bool done, const char* what) {
  if (!done) throw std::system_error(errno, std::generic_category(), what);
}

proxy::UniqueFd blocking_socket() {
  proxy::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  must(static_cast<bool>(fd), "socket");
  return fd;
}

class Alternately {
 public:
  explicit Alternately(const sockaddr_in& server) : listener_(blocking_socket()) {
    const int yes = 1;
    must(::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0, "SO_REUSEADDR");
    must(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&server), sizeof(server)) == 0, "bind");
    must(::listen(listener_.get(), SOMAXCONN) == 0, "listen");
  }

  Clock::duration connect_once(const sockaddr_in& address) {
    const Clock::time_point begin = Clock::now();
    proxy::UniqueFd client = blocking_socket();
    must(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0, "connect");
    const proxy::UniqueFd server(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    must(static_cast<bool>(server), "accept");
    pass(client.get(), server.get());
    pass(server.get(), client.get());
    client.reset();
    must(::recv(server.get(), message_.data(), message_.size(), 0) == 0, "end");
    return Clock::now() - begin;
  }

 private:
  void pass(int from, int to) {
    const auto size = static_cast<ssize_t>(message_.size());
    must(::send(from, message_.data(), message_.size(), MSG_NOSIGNAL) == size, "send");
    must(::recv(to, message_.data(), message_.size(), MSG_WAITALL) == size, "recv");
  }

  proxy::UniqueFd listener_;
  std::array<char, 64> message_{};
};

double percentile(std::vector<Clock::duration>& times, std::size_t percent) {
  const auto at = times.begin() + static_cast<std::ptrdiff_t>(times.size() * percent / 100);
  std::nth_element(times.begin(), at, times.end());
  return std::chrono::duration<double, std::micro>(*at).count();
}

}  // namespace

nlohmann::json alternately(const sockaddr_in& server, const std::vector<sockaddr_in>& addresses, std::size_t count) {
  Alternately both_ends(server);
  std::vector<std::vector<Clock::duration>> times(addresses.size());
  for (std::size_t turn = 0; turn < count; ++turn) {
    for (std::size_t place = 0; place < addresses.size(); ++place) {
      // Not always the same one after the same other.
      const std::size_t index = turn % 2 == 0 ? place : addresses.size() - 1 - place;
      times[index].push_back(both_ends.connect_once(addresses[index]));
    }
  }
  nlohmann::json told = nlohmann::json::array();
  for (auto& each : times) told.push_back({{"p10_us", percentile(each, 10)}, {"p50_us", percentile(each, 50)}});
  return told;
}

}  // namespace ferry::bench
