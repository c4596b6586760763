#include "tests/e2e/echo_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <numeric>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace ferry::testing {

namespace {

// A run that goes wrong fails in a few ways, many times.
constexpr std::size_t kDifferentErrorsKept = 5;

void set_patience(int fd, std::chrono::milliseconds patience) {
  timeval limit{};
  limit.tv_sec = patience.count() / 1000;
  limit.tv_usec = patience.count() % 1000 * 1000;
  // The send limit also bounds connect (socket(7)).
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

EchoConnection::EchoConnection(const boost::asio::ip::tcp::endpoint& target, std::chrono::milliseconds patience) {
  fd_ = socket(target.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    fail("socket");
    return;
  }
  set_patience(fd_, patience);
  if (connect(fd_, target.data(), static_cast<socklen_t>(target.size())) != 0) {
    fail("connect");
    return;
  }
  read_line(name_);
}

EchoConnection::~EchoConnection() {
  if (fd_ >= 0) close(fd_);
}

bool EchoConnection::fail(const std::string& what) {
  // What the patience of a blocking socket ends with: EINPROGRESS for connect(2), EAGAIN for the others.
  const bool waited = errno == EINPROGRESS || errno == EAGAIN;
  error_ = what + ": " + (waited ? "no answer in time" : std::strerror(errno));
  return false;
}

bool EchoConnection::read_line(std::string& line) {
  std::array<char, 1024> buffer;
  std::size_t end = pending_.find('\n');
  while (end == std::string::npos) {
    const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count < 0) return fail("read");
    if (count == 0) {
      error_ = "closed before a whole line came";
      return false;
    }
    pending_.append(buffer.data(), static_cast<std::size_t>(count));
    end = pending_.find('\n');
  }
  line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  return true;
}

bool EchoConnection::echo(const std::string& line) {
  if (!error_.empty()) return false;
  const std::string text = line + "\n";
  if (send(fd_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) return fail("write");
  std::string answer;
  if (!read_line(answer)) return false;
  if (answer != line) error_ = "sent '" + line + "' and got '" + answer + "' back";
  return error_.empty();
}

bool EchoConnection::finish() {
  if (!error_.empty()) return false;
  if (shutdown(fd_, SHUT_WR) != 0) return fail("shutdown");
  char byte = 0;
  const ssize_t count = recv(fd_, &byte, 1, 0);
  if (count < 0) return fail("read after half-close");
  if (count > 0 || !pending_.empty()) error_ = "more came than was sent";
  return error_.empty();
}

std::string EchoConnection::wait_for_end() {
  if (!error_.empty()) return error_;
  char byte = 0;
  const ssize_t count = recv(fd_, &byte, 1, 0);
  if (count < 0) {
    fail("read");
    return error_;
  }
  return count == 0 ? "closed" : "more came than was sent";
}

Call call(const boost::asio::ip::tcp::endpoint& target, std::chrono::milliseconds patience) {
  const auto begin = std::chrono::steady_clock::now();
  EchoConnection connection(target, patience);
  const auto greeted = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  if (connection.echo("over and back") && connection.finish()) return Call{connection.name(), {}, greeted};
  return Call{{}, connection.error()};
}

void Tally::add(const Call& call) {
  if (call.ok()) {
    ++answers[call.name];
    slowest = std::max(slowest, call.greeted_after);
    if (call.greeted_after > kSlow) ++slow;
    return;
  }
  ++failed;
  if (errors.size() < kDifferentErrorsKept || errors.count(call.error) > 0) ++errors[call.error];
}

std::size_t Tally::succeeded() const {
  return std::accumulate(answers.begin(), answers.end(), std::size_t{0},
                         [](std::size_t sum, const auto& entry) { return sum + entry.second; });
}

std::string Tally::to_string() const {
  std::string text = std::to_string(succeeded() + failed) + " connections, " + std::to_string(failed) + " failed";
  const char* separator = "; ";
  for (const auto& [name, count] : answers) {
    text += separator + name + " " + std::to_string(count);
    separator = ", ";
  }
  for (const auto& [error, count] : errors) text += "; " + error + " (" + std::to_string(count) + " times)";
  return text;
}

Tally repeat(std::size_t count, const std::function<Call()>& once) {
  Tally tally;
  for (std::size_t i = 0; i < count; ++i) tally.add(once());
  return tally;
}

Tally call_times(const boost::asio::ip::tcp::endpoint& target, std::size_t count) {
  return repeat(count, [&target] { return call(target); });
}

}  // namespace ferry::testing
