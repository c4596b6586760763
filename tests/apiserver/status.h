#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include "tests/apiserver/json.h"

namespace ferry::apiserver {

/// A Status of the Kubernetes API: what a request that failed (or a delete that succeeded) is answered with.
struct Status {
  // No aggregate: g++ 12 would let any number construct one, and a Result<number> would be ambiguous.
  Status() = default;

  int code = 500;
  std::string reason;
  std::string message;
  std::optional<Json> details;
  /// Seconds of a Retry-After header; 0 for none.
  int retry_after = 0;
  /// The token of metadata.continue that lets an expired list go on inconsistently; empty for none.
  std::string continue_token;
};

/// One thing wrong with an object, as a cause of a 422.
struct FieldError {
  std::string field;
  std::string reason;
  std::string message;
};

/// The Status object as it is sent: `status` is Success below 400 and Failure above.
Json to_json(const Status& status);

Status bad_request(std::string message);
Status not_found(std::string_view resource, std::string_view name, std::string_view group = {});
Status already_exists(std::string_view resource, std::string_view name, std::string_view group = {});
Status conflict(std::string_view resource, std::string_view name, std::string_view why, std::string_view group = {});
Status invalid(std::string_view kind, std::string_view name, const std::vector<FieldError>& errors,
               std::string_view group = {});
Status expired(std::string message);
/// The answer to a path that no resource is served at.
Status no_such_resource();
Status method_not_allowed();

/// Lets `boost::system::result<T, Status>::value()` throw what the Status says.
[[noreturn]] void throw_exception_from_error(const Status& status, const boost::source_location& where);

/// A value, or the Status to answer with instead.
template <class T>
using Result = boost::system::result<T, Status>;

/// A Result that holds this JSON: Json converts to anything, so `return json;` would be ambiguous.
inline Result<Json> ok(Json json) { return {boost::system::in_place_value, std::move(json)}; }

}  // namespace ferry::apiserver
