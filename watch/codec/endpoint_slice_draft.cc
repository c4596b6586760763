#include "watch/codec/endpoint_slice_draft.h"

#include <utility>

#include "watch/codec/fields.h"
#include "watch/codec/rfc3339.h"

namespace ferry::watch::codec {
namespace {

constexpr std::string_view kServiceLabel = "kubernetes.io/service-name";
constexpr std::string_view kTriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";

}  // namespace

void EndpointSliceDraft::member(JsonReader& in, std::string_view key) {
  if (key == "metadata") {
    in.members([&](std::string_view field) { read_metadata(in, field); });
  } else if (key == "addressType") {
    read_text(in, address_type_);
  } else if (key == "endpoints") {
    in.elements([&](std::size_t) { read_endpoint(in); });
  } else if (key == "ports") {
    in.elements([&](std::size_t) { read_port(in); });
  }
}

void EndpointSliceDraft::read_metadata(JsonReader& in, std::string_view key) {
  if (key == "labels") {
    read_map(in, [&](std::string_view label, std::string_view text) {
      if (label == kServiceLabel) value.service = text;
    });
  } else if (key == "annotations") {
    read_slice_annotations(in, meta, value, remarks);
  } else {
    read_metadata_member(in, key, meta);
  }
}

void EndpointSliceDraft::read_endpoint(JsonReader& in) {
  config::Endpoint endpoint;
  std::optional<config::IpAddress> address;
  in.members([&](std::string_view key) {
    if (key == "addresses") {
      read_first_address(in, address);
    } else if (key == "conditions") {
      read_conditions(in, endpoint);
    } else if (key == "hints") {
      read_hints(in, endpoint);
    } else {
      read_place_(in, key, endpoint);
    }
  });
  if (!address) return address_remarks_.add(in, "it has no IP address");
  endpoint.address = *address;
  subset_.endpoints.push_back(std::move(endpoint));
}

void EndpointSliceDraft::read_first_address(JsonReader& in, std::optional<config::IpAddress>& address) {
  in.elements([&](std::size_t index) {
    if (index > 0) return;
    if (const auto text = in.text()) address = config::IpAddress::parse(*text);
  });
}

void EndpointSliceDraft::read_conditions(JsonReader& in, config::Endpoint& endpoint) const {
  std::optional<bool> serving;
  in.members([&](std::string_view key) {
    if (key == "ready") {
      endpoint.ready = in.boolean().value_or(true);
    } else if (key == "serving") {
      serving = in.boolean();
    } else if (key == "terminating") {
      endpoint.terminating = in.boolean().value_or(false);
    }
  });
  endpoint.serving = serving.value_or(serving_default_ == ServingDefault::kServing || endpoint.ready);
}

void read_slice_annotations(JsonReader& in, ObjectMeta& meta, config::EndpointSlice& slice, Remarks& remarks) {
  read_annotations(in, meta, [&](std::string_view key, std::string_view text) {
    if (key != kTriggerTime) return;
    slice.triggered_at = parse_rfc3339(text);
    if (!slice.triggered_at) remarks.add(in, is_not(text, "a time such as 2026-01-02T15:04:05Z"));
  });
}

void read_hints(JsonReader& in, config::Endpoint& endpoint) {
  using Kind = config::TopologyHint::Kind;
  const auto read_names = [&](Kind kind) {
    in.elements([&](std::size_t) {
      in.members([&](std::string_view key) {
        if (key == "name") read_text(in, endpoint.hints.emplace_back(config::TopologyHint{kind, {}}).name);
      });
    });
  };
  in.members([&](std::string_view key) {
    if (key == "forZones") {
      read_names(Kind::kZone);
    } else if (key == "forNodes") {
      read_names(Kind::kNode);
    }
  });
}

void EndpointSliceDraft::read_port(JsonReader& in) {
  const PortFields fields = read_port_fields(in);
  // Without a number it stands for all ports, which no service port does.
  if (!fields.name || !fields.port) return;
  if (!fields.protocol) return remarks.add(in, "its protocol is not known");
  if (*fields.port == 0) return remarks.add(in, "0 is not a port (1 to 65535)");
  subset_.ports.push_back({*fields.name, *fields.protocol, *fields.port});
}

void EndpointSliceDraft::complete(JsonReader& in) {
  require_namespaced(in, meta);
  value.name = meta.name;
  if (address_type_.empty()) in.fail("addressType: missing");
  const bool is_v4 = address_type_ == "IPv4";
  if (!is_v4 && address_type_ != "IPv6") {
    if (address_type_ != "FQDN") remarks.add(in, "addressType: " + is_not(address_type_, "a type known here"));
    return;
  }
  std::erase_if(subset_.endpoints, [&](const config::Endpoint& endpoint) {
    const bool wrong = endpoint.address.is_v4() != is_v4;
    if (wrong)
      address_remarks_.add(in, "endpoints: " + endpoint.address.to_string() + " in a slice of " + address_type_);
    return wrong;
  });
  remarks.add(std::move(address_remarks_));
  // Many slices stay for long: what a vector has grown in advance would stay with them.
  subset_.endpoints.shrink_to_fit();
  value.subsets.push_back(std::move(subset_));
}

}  // namespace ferry::watch::codec
