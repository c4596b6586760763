#include "proxy/handover/channel.h"

#include <utility>

namespace ferry::proxy {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

Channel::Channel(const asio::any_io_executor& executor, UniqueFd socket)
    : descriptor_(executor, socket.release()), timer_(executor) {}

asio::awaitable<bool> Channel::ready(asio::posix::stream_descriptor::wait_type what, Clock::time_point until) {
  const unsigned wait = ++waits_;
  timer_.expires_at(until);
  timer_.async_wait([this, wait](const boost::system::error_code& cancelled) {
    if (!cancelled && wait == waits_) descriptor_.cancel();
  });
  const auto [error] = co_await descriptor_.async_wait(what, kErrorFirst);
  ++waits_;
  timer_.cancel();
  if (error) error_ = "the other process did not answer in time";
  co_return !error;
}

asio::awaitable<bool> Channel::send(nlohmann::json body, std::vector<int> descriptors,
                                    std::chrono::milliseconds patience) {
  const Clock::time_point until = Clock::now() + patience;
  while (descriptor_.is_open()) {
    const auto failed = send_message(descriptor_.native_handle(), body, descriptors);
    if (!failed) co_return true;
    if (failed->kind != MessageError::Kind::kWouldBlock) {
      error_ = failed->reason;
      co_return false;
    }
    const bool writable = co_await ready(asio::posix::stream_descriptor::wait_write, until);
    if (!writable) co_return false;
  }
  co_return false;
}

asio::awaitable<std::optional<Message>> Channel::receive(std::chrono::milliseconds patience) {
  const Clock::time_point until = Clock::now() + patience;
  while (descriptor_.is_open()) {
    auto received = receive_message(descriptor_.native_handle());
    if (auto* const message = std::get_if<Message>(&received)) {
      std::optional<Message> result(std::move(*message));
      co_return result;
    }
    const MessageError& failed = std::get<MessageError>(received);
    if (failed.kind != MessageError::Kind::kWouldBlock) {
      error_ = failed.reason;
      co_return std::nullopt;
    }
    const bool readable = co_await ready(asio::posix::stream_descriptor::wait_read, until);
    if (!readable) co_return std::nullopt;
  }
  co_return std::nullopt;
}

void Channel::close() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  timer_.cancel();
}

}  // namespace ferry::proxy
