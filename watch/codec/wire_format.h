#pragma once

#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "config/service_port_name.h"

namespace ferry::watch {

/// What every object carries beside its value.
struct ObjectMeta {
  config::NamespacedName name;
  /// Opaque (the historical v1beta1 number is kept as its digits). Empty when the object carries none.
  std::string resource_version;
  /// The annotation k8s.io/initial-events-end is "true": the end of a WatchList's initial events.
  bool initial_events_end = false;
};

template <class T>
struct Decoded {
  ObjectMeta meta;
  T value;
  /// What was left out of an object that is good otherwise (an endpoint without a readable address), as one clause for
  /// a log line; worth counting. Empty: nothing.
  std::string left_out{};
};

/// Why an object was skipped.
struct DecodeError {
  /// "namespace/name" as far as it could be read, else empty.
  std::string object;
  /// One clause for a person: which field, what was wrong.
  std::string reason;
  /// The object's metadata.resourceVersion where it could be read: a watch goes on from it although the object is bad.
  std::string resource_version;
};

template <class T>
using DecodeResult = boost::system::result<T, DecodeError>;

[[noreturn]] void throw_exception_from_error(const DecodeError& error, const boost::source_location& location);

/// One resource in one API version: where the server keeps it, and how its JSON reads. Values of static storage, one
/// per folder of codecs; adding an API version adds a folder and touches nothing else.
template <class T>
struct WireFormat {
  /// "v1", "discovery.k8s.io/v1", "discovery.k8s.io/v1beta1", "v1beta1"
  std::string_view api_version;
  /// "services"
  std::string_view resource;
  /// "/api/v1", "/apis/discovery.k8s.io/v1", "/api/v1beta1"
  std::string_view base_path;
  /// The API of 2014: watches live under /watch/RESOURCE, namespaces are no part of the path, and every request carries
  /// fields= and labels=.
  bool historical = false;
  /// Decodes one object, at most 4 MiB of JSON. Never throws.
  DecodeResult<Decoded<T>> (*decode)(std::string_view json) = nullptr;
  /// Reads only the metadata: for bookmarks and deletions, whose objects need not be whole. Never throws.
  DecodeResult<ObjectMeta> (*decode_meta)(std::string_view json) = nullptr;
};

}  // namespace ferry::watch
