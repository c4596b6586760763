#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "config/endpoint_slice.h"
#include "config/node.h"
#include "config/service.h"
#include "tests/fuzz/require.h"
#include "watch/codec/json_reader.h"
#include "watch/codec/wire_format.h"

namespace ferry::testing {

inline void require_sound(const config::Service& service) {
  require(!service.name.name.empty() && !service.name.ns.empty(), "a service has a name");
  for (const config::ServicePort& port : service.ports) require(port.port != 0, "a service port has a number");
  require(service.cluster_ips.size() <= 2, "a service has one address a family");
  if (service.cluster_ips.size() == 2) {
    require(service.cluster_ips[0].family() != service.cluster_ips[1].family(), "a service has one address a family");
  }
  require(service.affinity_timeout.count() >= 1 && service.affinity_timeout.count() <= 86400, "affinity is bounded");
}

inline void require_sound(const config::EndpointSlice& slice) {
  require(!slice.name.name.empty() && !slice.name.ns.empty(), "a slice has a name");
  for (const config::EndpointSubset& subset : slice.subsets) {
    for (const config::EndpointPort& port : subset.ports) require(port.port != 0, "an endpoint port has a number");
  }
}

inline void require_sound(const config::Node& node) { require(!node.name.empty(), "a node has a name"); }

inline void require_same(const watch::ObjectMeta& a, const watch::ObjectMeta& b) {
  require(a.name == b.name && a.resource_version == b.resource_version && a.initial_events_end == b.initial_events_end,
          "the metadata reads alike with and without the rest");
}

/// The reader takes what another parser takes: all of it but what nests too deep, and nothing else but numbers that are
/// too large for the other. The other ends a text at a NUL, and lets a byte order mark begin it.
inline void require_same_verdict(std::string_view json) {
  watch::codec::JsonReader in(json);
  in.skip();
  in.finish();
  const bool accepted = nlohmann::json::accept(json);
  if (in.ok() && !accepted) {
    require(json.find_first_of("eE") != std::string_view::npos || json.size() > 300,
            "only huge numbers are taken alone");
  }
  const bool differs = json.find('\0') != std::string_view::npos || json.starts_with("\xEF\xBB\xBF");
  if (!in.ok() && accepted && !differs) {
    require(in.problem().ends_with("nests deeper than 64 levels"), "JSON is taken unless it nests too deep");
  }
}

/// What must hold of every decoder, whatever it is given.
template <class T>
void require_invariants(const watch::WireFormat<T>& format, std::string_view json) {
  require_same_verdict(json);
  const auto decoded = format.decode(json);
  const auto meta = format.decode_meta(json);
  if (!decoded.has_value()) {
    require(!decoded.error().reason.empty(), "an error has a reason");
    require_printable(decoded.error().reason);
    require_printable(decoded.error().object);
    if (meta.has_value()) {
      require(decoded.error().resource_version == meta->resource_version, "a bad object's version is kept");
    }
    return;
  }
  require_sound(decoded->value);
  require_printable(decoded->left_out);
  require(meta.has_value(), "what decodes has metadata");
  require_same(decoded->meta, *meta);
  const std::string padded = " \n" + std::string(json) + "\t\r\n";
  const auto again = format.decode(padded);
  require(again.has_value() && again->value == decoded->value, "white space around an object means nothing");
  const std::string_view cut = json.substr(0, json.find_last_of('}'));
  require(!format.decode(cut).has_value(), "an object cut off does not decode");
}

}  // namespace ferry::testing
