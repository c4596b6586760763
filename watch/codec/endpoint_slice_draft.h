#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/endpoint_slice.h"
#include "watch/codec/decode_object.h"
#include "watch/codec/metadata.h"
#include "watch/codec/remarks.h"

namespace ferry::watch::codec {

/// What EndpointSlices of every version have in common. A version derives from it, says its kType, and how it tells
/// where an endpoint stands.
///
/// What is left out, as kube-proxy does: addresses after an endpoint's first, those of another family than the slice's,
/// ports without a name or a number, every endpoint of a slice of host names. A port of 70000 spoils the whole slice.
class EndpointSliceDraft {
 public:
  using Value = config::EndpointSlice;
  static constexpr ReadMeta read_meta = &read_object_metadata;

  void member(JsonReader& in, std::string_view key);
  void complete(JsonReader& in);

  ObjectMeta meta;
  config::EndpointSlice value;
  Remarks remarks;

 protected:
  /// Reads one member of an endpoint that tells on which node it stands.
  using ReadPlace = void (*)(JsonReader& in, std::string_view key, config::Endpoint& endpoint);
  /// What an endpoint is that does not say whether it is serving.
  enum class ServingDefault : std::uint8_t { kServing, kAsReady };

  EndpointSliceDraft(ReadPlace read_place, ServingDefault serving_default)
      : read_place_(read_place), serving_default_(serving_default) {}

 private:
  void read_metadata(JsonReader& in, std::string_view key);
  void read_endpoint(JsonReader& in);
  void read_first_address(JsonReader& in, std::optional<config::IpAddress>& address);
  void read_conditions(JsonReader& in, config::Endpoint& endpoint) const;
  void read_port(JsonReader& in);

  ReadPlace read_place_;
  ServingDefault serving_default_;
  std::string address_type_;
  config::EndpointSubset subset_;
  /// Host names are no addresses, which is as it should be in a slice of host names.
  Remarks address_remarks_;
};

/// Reads the annotations of a slice, or of Endpoints, which both say what triggered their last change.
void read_slice_annotations(JsonReader& in, ObjectMeta& meta, config::EndpointSlice& slice, Remarks& remarks);

/// hints.forZones[].name and hints.forNodes[].name, which all versions write alike.
void read_hints(JsonReader& in, config::Endpoint& endpoint);

}  // namespace ferry::watch::codec
