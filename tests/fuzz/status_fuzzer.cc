#include <cstddef>
#include <cstdint>

#include "tests/fuzz/require.h"
#include "watch/codec/status.h"

using ferry::testing::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const ferry::watch::ApiError error = ferry::watch::decode_status(503, body);
  require(error.kind == ferry::watch::ApiError::Kind::kStatus, "a Status makes a Status");
  require(error.http_status >= 1 && error.http_status <= 999, "the status is one of HTTP");
  require(error.message.size() <= 1024 && error.reason.size() <= 64, "texts are bounded");
  require(!error.retry_after || (error.retry_after->count() >= 1 && error.retry_after->count() <= 86400),
          "the time to wait is bounded");
  ferry::testing::require_printable(error.message);
  ferry::testing::require_printable(error.reason);
  return 0;
}
