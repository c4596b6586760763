#pragma once

#include <string>
#include <utility>

#include "config/endpoint_slice.h"
#include "config/node.h"
#include "config/service.h"
#include "config/service_cidr.h"
#include "watch/codec/wire_format.h"
#include "watch/reflector/lister_watcher.h"
#include "watch/rest/rest_client.h"
#include "watch/rest/skipped_objects.h"

namespace ferry::watch {

/// Which objects of a resource are meant. Empty: all of them.
struct Selection {
  std::string ns;
  /// Such as "!service.kubernetes.io/headless".
  std::string label_selector;
  /// Such as "metadata.name=NAME".
  std::string field_selector;
};

/// One resource of an API server in one API version: get, list and watch. Objects that cannot be read are skipped and
/// counted; a list or a watch goes on without them.
template <class T>
class ResourceClient final : public ListerWatcher<T> {
 public:
  using typename ListerWatcher<T>::OnItem;
  using typename ListerWatcher<T>::OnEvent;

  /// All references outlive the client.
  ResourceClient(RestClient& rest, const WireFormat<T>& format, Selection selection, SkippedObjects& skipped)
      : rest_(rest), format_(format), selection_(std::move(selection)), skipped_(skipped) {}

  /// One object; kStatus with 404 when there is none, kProtocol when it cannot be read.
  boost::asio::awaitable<Result<Decoded<T>>> get(config::NamespacedName name);

  boost::asio::awaitable<Result<ListMeta>> list(ListOptions options, OnItem on_item) override;
  boost::asio::awaitable<Result<void>> watch(WatchOptions options, OnEvent on_event) override;

 private:
  std::string collection_path(bool watching) const;

  RestClient& rest_;
  const WireFormat<T>& format_;
  Selection selection_;
  SkippedObjects& skipped_;
};

extern template class ResourceClient<config::Service>;
extern template class ResourceClient<config::EndpointSlice>;
extern template class ResourceClient<config::Node>;
extern template class ResourceClient<config::ServiceCidr>;

/// Whether the server has the resource in the API version: "discovery.k8s.io/v1", "endpointslices".
boost::asio::awaitable<Result<bool>> has_resource(RestClient& rest, std::string api_version, std::string resource);

}  // namespace ferry::watch
