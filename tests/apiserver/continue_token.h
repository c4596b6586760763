#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/apiserver/status.h"

namespace ferry::apiserver {

/// Where the next page of a list begins. On the wire it is opaque: base64 of a small JSON text, as a real server's.
struct ContinueToken {
  /// The version whose state is being listed; -1 for whatever is there now.
  std::int64_t version = 0;
  /// The last key of the page before.
  std::string after;

  [[nodiscard]] std::string encoded() const;
  /// A token that no server made is a 400.
  static Result<ContinueToken> decode(std::string_view text);
};

}  // namespace ferry::apiserver
