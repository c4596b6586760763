// dns_load ADDRESS PORT RATE SECONDS: asks a DNS server for kubernetes.default.svc.cluster.local RATE times a second,
// each question from a socket and thus a random source port of its own, as resolvers do. Prints what became of them;
// exits 1 when a question was lost: not answered within five seconds.

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{5};

std::string question(std::uint16_t id) {
  std::string text{static_cast<char>(id >> 8U), static_cast<char>(id)};
  // Recursion desired, one question (RFC 1035, 4.1.1).
  text.append("\x01\0\0\x01\0\0\0\0\0\0", 10);
  for (const std::string_view label : {"kubernetes", "default", "svc", "cluster", "local"}) {
    text += static_cast<char>(label.size());
    text += label;
  }
  // The root, type A, class IN.
  return text.append("\0\0\x01\0\x01", 5);
}

class Load {
 public:
  explicit Load(const sockaddr_in& server) : server_(server), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  bool run(double rate, std::chrono::seconds length) {
    const Clock::time_point begin = Clock::now();
    const auto total = static_cast<std::size_t>(rate * static_cast<double>(length.count()));
    while (sent_ < total || !waiting_.empty()) {
      const Clock::time_point now = Clock::now();
      const auto due = static_cast<std::size_t>(std::chrono::duration<double>(now - begin).count() * rate);
      while (sent_ < std::min(due, total)) ask();
      hear(sent_ < total ? 0 : 10);
      forget_lost(Clock::now());
    }
    tell(std::chrono::duration<double>(Clock::now() - begin).count());
    return lost_ == 0;
  }

 private:
  struct Waiting {
    std::uint16_t id;
    Clock::time_point asked;
  };

  void ask() {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto id = static_cast<std::uint16_t>(sent_++);
    const std::string text = question(id);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&server_), sizeof(server_)) != 0 ||
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0 ||
        ::send(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
      std::perror("dns_load: cannot ask");
      std::exit(2);
    }
    waiting_[fd] = {id, Clock::now()};
    order_.emplace_back(fd, id);
  }

  void hear(int timeout) {
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
    for (int index = 0; index < count; ++index) hear_one(events[static_cast<std::size_t>(index)].data.fd);
  }

  void hear_one(int fd) {
    std::array<unsigned char, 512> answer;
    const ssize_t size = ::recv(fd, answer.data(), answer.size(), 0);
    const Waiting& asked = waiting_.at(fd);
    // The same number, an answer, no error, one record or more.
    const bool right = size >= 12 && answer[0] == (asked.id >> 8U) && answer[1] == (asked.id & 0xFFU) &&
                       (answer[2] & 0x80U) != 0 && (answer[3] & 0x0FU) == 0 && answer[7] > 0;
    if (right) {
      latencies_.push_back(std::chrono::duration<double, std::micro>(Clock::now() - asked.asked).count());
    } else {
      ++lost_;
    }
    waiting_.erase(fd);
    ::close(fd);
  }

  void forget_lost(Clock::time_point now) {
    while (!order_.empty()) {
      const auto [fd, id] = order_.front();
      const auto found = waiting_.find(fd);
      const bool still = found != waiting_.end() && found->second.id == id;
      if (still && now - found->second.asked < kPatience) return;
      if (still) {
        ++lost_;
        waiting_.erase(found);
        ::close(fd);
      }
      order_.pop_front();
    }
  }

  void tell(double seconds) {
    std::sort(latencies_.begin(), latencies_.end());
    const auto part = [this](double share) {
      return latencies_.empty() ? 0.0 : latencies_[static_cast<std::size_t>(share * double(latencies_.size() - 1))];
    };
    std::printf("%zu questions in %.1f s, %zu lost; microseconds: median %.0f, 99 %% %.0f, most %.0f\n", sent_, seconds,
                lost_, part(0.5), part(0.99), part(1));
  }

  sockaddr_in server_;
  int epoll_;
  std::size_t sent_ = 0;
  std::size_t lost_ = 0;
  std::unordered_map<int, Waiting> waiting_;
  std::deque<std::pair<int, std::uint16_t>> order_;
  std::vector<double> latencies_;
};

bool read_number(std::string_view text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0;
}

}  // namespace

int main(int argc, char** argv) {
  sockaddr_in server{};
  server.sin_family = AF_INET;
  int port = 0;
  int rate = 0;
  int seconds = 0;
  if (argc != 5 || ::inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 || !read_number(argv[2], port) ||
      port > 65535 || !read_number(argv[3], rate) || !read_number(argv[4], seconds)) {
    std::fputs("Usage: dns_load ADDRESS PORT RATE SECONDS\n", stderr);
    return 2;
  }
  server.sin_port = htons(static_cast<std::uint16_t>(port));
  return Load(server).run(rate, std::chrono::seconds(seconds)) ? 0 : 1;
}
