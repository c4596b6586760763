#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// What one process says to another over a SOCK_SEQPACKET socket: CBOR (RFC 8949), so that a version may add fields
/// that another does not know, and the descriptors that go with it (unix(7), SCM_RIGHTS).
struct Message {
  /// An object; its "kind" says what it is.
  nlohmann::json body;
  std::vector<UniqueFd> descriptors;

  /// Empty: it has none.
  std::string kind() const;
};

/// The kernel takes 253 at a time.
constexpr std::size_t kMostDescriptors = 200;
/// Of a message, encoded.
constexpr std::size_t kMostMessageBytes = std::size_t{256} * 1024;

/// Why a message did not come or go.
struct MessageError {
  enum class Kind {
    /// Not now: wait until the socket is ready, and try again.
    kWouldBlock,
    /// The other side has closed its end.
    kClosed,
    kFailed,
  };
  Kind kind = Kind::kFailed;
  /// A sentence for the log.
  std::string reason;
};

/// Room for whole messages in the socket.
void prepare_message_socket(int socket);

/// Sends without waiting.
std::optional<MessageError> send_message(int socket, const nlohmann::json& body, std::span<const int> descriptors);

/// Receives without waiting. Fails also when the message is not what it should be, or when this process had no room for
/// the descriptors, which are lost then.
std::variant<Message, MessageError> receive_message(int socket);

}  // namespace ferry::proxy
