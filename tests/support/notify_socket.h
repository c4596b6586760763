#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace ferry::testing {

/// Stands in for systemd: the socket that a service tells how it fares.
class NotifySocket {
 public:
  struct Message {
    std::string text;
    /// Closed with the message.
    std::vector<int> descriptors;

    Message() = default;
    Message(Message&& other) noexcept
        : text(std::move(other.text)), descriptors(std::exchange(other.descriptors, {})) {}
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    Message& operator=(Message&&) = delete;
    ~Message();

    /// One of its lines is `line`.
    bool has(const std::string& line) const;
  };

  enum class Kind { kPath, kAbstract };

  explicit NotifySocket(Kind kind = Kind::kPath);
  ~NotifySocket();
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  /// What NOTIFY_SOCKET is to say.
  const std::string& address() const { return address_; }
  /// The next message. Throws std::runtime_error when none comes for a long time.
  Message receive() const;
  /// Passes over messages until one has this line, and gives it.
  Message receive_until(const std::string& line) const;
  /// Takes what has come so far. The texts, oldest first.
  std::vector<std::string> take() const;

 private:
  TemporaryFolder folder_;
  std::string address_;
  int fd_ = -1;
};

}  // namespace ferry::testing
