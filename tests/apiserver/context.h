#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "tests/apiserver/faults.h"
#include "tests/apiserver/http_message.h"
#include "tests/apiserver/representation.h"
#include "tests/apiserver/route.h"
#include "tests/apiserver/selectors.h"
#include "tests/apiserver/server.h"
#include "tests/apiserver/service_allocator.h"
#include "tests/apiserver/storage.h"

namespace ferry::apiserver {

class Auth;

/// What the handlers of requests work with. The server owns it all and outlives every request.
struct Context {
  boost::asio::any_io_executor executor;
  const Options& options;
  Storage& storage;
  Faults& faults;
  ServiceAllocator& allocator;
  /// "127.0.0.1:PORT", for discovery.
  std::string address;
  /// The targets of the watches that are open and told what happens.
  std::function<std::vector<std::string>()> open_watches;
};

/// What a request selects of a collection.
struct Selection {
  std::string ns;
  LabelSelector labels;
  FieldSelector fields;

  [[nodiscard]] bool matches(const Object& object) const;
  /// Whether it takes everything of its namespace.
  [[nodiscard]] bool everything() const { return labels.empty() && fields.empty(); }
};

/// The selection of a list, watch or deletecollection; a selector that cannot be read is a 400.
Result<Selection> parse_selection(const Context& context, const Route& route, const Request& request);

/// The number in a resourceVersion parameter ("" is 0); an error text as a real server's when it is none.
Result<Version> parse_version(std::string_view text);

Response handle_get(Context& context, const Route& route, const Request& request);
Response handle_list(Context& context, const Route& route, const Request& request);
Response handle_watch(Context& context, const Route& route, const Request& request);
Response handle_create(Context& context, const Route& route, const Request& request);
Response handle_update(Context& context, const Route& route, const Request& request);
Response handle_patch(Context& context, const Route& route, const Request& request);
Response handle_delete(Context& context, const Route& route, const Request& request);
Response handle_delete_collection(Context& context, const Route& route, const Request& request);
Response handle_binding(Context& context, const Route& route, const Request& request);

/// Discovery, versions, health, OpenAPI: what is at paths that name no resource. nullopt: nothing is there.
std::optional<Response> handle_discovery(const Context& context, const Request& request);
/// The API of August 2014 below /api/v1beta1. nullopt: nothing is there.
std::optional<Response> handle_v1beta1(Context& context, const Request& request);
/// Where clients ask what they may.
inline constexpr std::string_view kAccessReviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
/// A SelfSubjectAccessReview of one verb on one resource.
Response handle_access_review(const Auth& auth, const Request& request);
/// The faults below /_faults.
Response handle_faults(Context& context, const Request& request);
/// The open watches, at /_watches.
Response handle_watches(const Context& context, const Request& request);

}  // namespace ferry::apiserver
