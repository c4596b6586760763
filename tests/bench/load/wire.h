#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace ferry::bench {

/// What a client says first on a connection to the server: what it will do, and how large things are. The first
/// request of a connection begins with it.
struct Hello {
  enum class Kind : std::uint32_t {
    /// Requests, each answered by a response.
    kRequests = 1,
    /// The server reads, or writes, or both, without end.
    kUpload,
    kDownload,
    kBothWays,
  };

  Kind kind = Kind::kRequests;
  std::uint32_t request_bytes = 0;
  std::uint32_t response_bytes = 0;

  std::string bytes() const { return {reinterpret_cast<const char*>(this), sizeof(*this)}; }
  /// `bytes` holds as many as a Hello has.
  static Hello read(const char* bytes) {
    Hello hello;
    std::memcpy(&hello, bytes, sizeof(hello));
    return hello;
  }
};

}  // namespace ferry::bench
