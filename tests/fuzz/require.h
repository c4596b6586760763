#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "watch/codec/json_text.h"

namespace ferry::testing {

/// Ends the fuzzer, which keeps the input, when what must hold does not.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// What may stand in one clause of a log line.
inline void require_printable(std::string_view text) {
  require(watch::codec::is_utf8(text), "a text for a log is UTF-8");
  for (const char byte : text) {
    require(static_cast<unsigned char>(byte) >= ' ' && byte != 0x7F, "a text for a log has no control characters");
  }
}

}  // namespace ferry::testing
