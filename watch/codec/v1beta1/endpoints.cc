#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "watch/codec/decode_object.h"
#include "watch/codec/fields.h"
#include "watch/codec/v1beta1/formats.h"
#include "watch/codec/v1beta1/metadata.h"

namespace ferry::watch::codec::v1beta1 {
namespace {

struct AddressAndPort {
  config::IpAddress address;
  std::uint16_t port = 0;
};

// "10.0.0.1:80" or "[fd00::1]:80"
std::optional<AddressAndPort> parse_entry(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = config::IpAddress::parse(host);
  if (!address || bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  return AddressAndPort{*address, port};
}

class EndpointsDraft {
 public:
  using Value = config::EndpointSlice;
  static constexpr ObjectType kType{"Endpoints", "v1beta1"};
  static constexpr ReadMeta read_meta = &read_metadata;

  void member(JsonReader& in, std::string_view key) {
    if (key == "endpoints") {
      in.elements([&](std::size_t) { read_entry(in); });
    } else {
      read_metadata(in, key, meta);
    }
  }

  void complete(JsonReader& in) {
    require_id(in, meta);
    value.name = meta.name;
    value.service = meta.name.name;
  }

  ObjectMeta meta;
  config::EndpointSlice value;
  Remarks remarks;

 private:
  void read_entry(JsonReader& in) {
    const auto text = in.text();
    if (!text) return;
    const auto entry = parse_entry(*text);
    if (!entry) return remarks.add(in, is_not(*text, "an endpoint (ADDRESS:PORT)"));
    config::Endpoint endpoint;
    endpoint.address = entry->address;
    subset_of(entry->port).endpoints.push_back(std::move(endpoint));
  }

  config::EndpointSubset& subset_of(std::uint16_t port) {
    const auto [at, added] = subsets_.try_emplace(port, value.subsets.size());
    if (added) {
      value.subsets.emplace_back().ports = {{"", config::Protocol::kTcp, port}, {"", config::Protocol::kUdp, port}};
    }
    return value.subsets[at->second];
  }

  /// The index of the subset of a port.
  std::map<std::uint16_t, std::size_t> subsets_;
};

}  // namespace

constinit const WireFormat<config::EndpointSlice> kEndpoints{
    "v1beta1", "endpoints", "/api/v1beta1", true, &decode<EndpointsDraft>, &decode_meta<EndpointsDraft>};

}  // namespace ferry::watch::codec::v1beta1
