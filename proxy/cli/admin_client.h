#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/awaitable.hpp>

#include "proxy/cli/json.h"

/// Asks a running kube-ferry by its administration socket (docs/api.md).
namespace ferry::cli {

struct ClientLimits {
  /// From the connect to the answer's last byte.
  std::chrono::milliseconds time = std::chrono::seconds{5};
  std::uint64_t body_bytes = 64 * 1024 * 1024;
};

/// Why there is no answer.
struct AskError {
  enum class Kind : std::uint8_t {
    /// Nobody listens at the socket.
    kNoDaemon,
    /// This user may not open the socket.
    kPermission,
    kTimeout,
    /// What came back is no answer of the API's: not HTTP, not JSON, too large.
    kNonsense,
    /// The daemon answered that it will not: 400, 403, 404, 503.
    kRefused
  };

  Kind kind = Kind::kNoDaemon;
  /// HTTP status of kRefused.
  unsigned status = 0;
  /// One printable sentence that names the socket, or the daemon's own where it refused.
  std::string sentence;

  /// There is no such service, or endpoint of the API's.
  bool is_not_found() const { return status == 404; }

  friend bool operator==(const AskError&, const AskError&) = default;
};

using Answer = std::variant<Json, AskError>;

/// GET `target` ("/api/status") at the unix socket `path`, which must fit into a socket's address (path_fits). Whatever
/// the other side does, the answer is there within the limits. Throws boost::system::system_error when cancelled, and
/// nothing else.
boost::asio::awaitable<Answer> ask(std::string path, std::string target, ClientLimits limits = {});

/// The same, waiting for it on a loop of its own.
Answer ask_and_wait(const std::string& path, const std::string& target, ClientLimits limits = {});

/// PUT `body` to `target`, waiting for the answer.
Answer put_and_wait(const std::string& path, const std::string& target, const std::string& body,
                    ClientLimits limits = {});

/// A unix socket's path may have at most 107 bytes (unix(7)), and at least one.
bool path_fits(std::string_view path);

/// A value as it stands in a query or as one segment of a path (RFC 3986): all but unreserved characters escaped.
std::string percent_encoded(std::string_view value);

}  // namespace ferry::cli
