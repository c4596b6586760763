#include "proxy/relay/poller.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

namespace ferry::proxy {

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) {
    throw std::system_error(errno, std::generic_category(), "cannot create an epoll instance");
  }
}

int Poller::watch(int fd, std::uint32_t events, EventTag tag) { return control(EPOLL_CTL_ADD, fd, events, tag); }

int Poller::watch_as(int fd, std::uint32_t events, EventTag tag) { return control(EPOLL_CTL_MOD, fd, events, tag); }

int Poller::control(int operation, int fd, std::uint32_t events, EventTag tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag.value();
  return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0 ? 0 : errno;
}

void Poller::unwatch(int fd) { static_cast<void>(::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr)); }

std::span<const epoll_event> Poller::wait(std::optional<std::chrono::steady_clock::time_point> deadline) {
  if (!deadline) {
    return wait_milliseconds(-1);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now()).count();
  return wait_milliseconds(static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left, 0, INT_MAX)));
}

std::span<const epoll_event> Poller::poll() { return wait_milliseconds(0); }

std::span<const epoll_event> Poller::wait_milliseconds(int timeout) {
  const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout);
  return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace ferry::proxy
