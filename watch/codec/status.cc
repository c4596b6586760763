#include "watch/codec/status.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "watch/codec/json_reader.h"
#include "watch/codec/json_text.h"
#include "watch/codec/stream_scanner.h"

namespace ferry::watch {
namespace {

using codec::JsonReader;
using codec::printable;

constexpr std::size_t kMaxMessage = 1024;
constexpr std::size_t kMaxForeignMessage = 256;
constexpr std::size_t kMaxReason = 64;

class StatusReader {
 public:
  explicit StatusReader(ApiError& error) : error_(error) {}

  /// False: the text is no Status.
  bool read(std::string_view body);

 private:
  void read_member(JsonReader& in, std::string_view key);
  void read_details(JsonReader& in, std::string_view key);
  void read_cause(JsonReader& in);

  ApiError& error_;
  bool is_status_ = false;
};

bool StatusReader::read(std::string_view body) {
  if (body.size() > kMaxObjectBytes) return false;
  JsonReader in(body);
  in.members([&](std::string_view key) { read_member(in, key); });
  in.finish();
  return in.ok() && is_status_;
}

void StatusReader::read_member(JsonReader& in, std::string_view key) {
  if (key == "kind") {
    is_status_ = in.text() == "Status";
  } else if (key == "message") {
    error_.message = printable(in.text().value_or(""), kMaxMessage);
  } else if (key == "reason") {
    error_.reason = printable(in.text().value_or(""), kMaxReason);
    // The API of 2014 began its reasons with a lower-case letter.
    if (!error_.reason.empty() && error_.reason[0] >= 'a' && error_.reason[0] <= 'z') error_.reason[0] &= ~0x20;
  } else if (key == "code") {
    const auto code = in.integer(0, 999, "an HTTP status");
    if (code.value_or(0) != 0) error_.http_status = static_cast<int>(*code);
  } else if (key == "details") {
    in.members([&](std::string_view field) { read_details(in, field); });
  }
}

void StatusReader::read_details(JsonReader& in, std::string_view key) {
  if (key == "retryAfterSeconds") {
    const auto seconds = in.integer(0, std::numeric_limits<std::int32_t>::max(), "a time in seconds");
    if (seconds.value_or(0) != 0) {
      error_.retry_after = std::min(std::chrono::seconds(*seconds), ApiError::kLongestRetryAfter);
    }
  } else if (key == "causes") {
    in.elements([&](std::size_t) { read_cause(in); });
  }
}

void StatusReader::read_cause(JsonReader& in) {
  in.members([&](std::string_view key) {
    if (key == "reason" && in.text() == "ResourceVersionTooLarge") error_.resource_version_too_large = true;
  });
}

}  // namespace

ApiError decode_status(int http_status, std::string_view body) {
  ApiError error;
  error.kind = ApiError::Kind::kStatus;
  error.http_status = http_status;
  if (StatusReader(error).read(body)) return error;
  ApiError foreign;
  foreign.kind = ApiError::Kind::kStatus;
  foreign.http_status = http_status;
  foreign.message = printable(body.substr(0, kMaxForeignMessage * 4), kMaxForeignMessage);
  return foreign;
}

}  // namespace ferry::watch
