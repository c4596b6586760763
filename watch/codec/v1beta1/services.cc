#include <optional>

#include "watch/codec/decode_object.h"
#include "watch/codec/fields.h"
#include "watch/codec/v1beta1/formats.h"
#include "watch/codec/v1beta1/metadata.h"

namespace ferry::watch::codec::v1beta1 {
namespace {

class ServiceDraft {
 public:
  using Value = config::Service;
  static constexpr ObjectType kType{"Service", "v1beta1"};
  static constexpr ReadMeta read_meta = &read_metadata;

  void member(JsonReader& in, std::string_view key) {
    if (key == "port") {
      port_ = read_port_number(in).value_or(0);
    } else if (key == "protocol") {
      protocol_ = read_protocol(in);
    } else if (key == "portalIP") {
      read_portal(in);
    } else {
      read_metadata(in, key, meta);
    }
  }

  void complete(JsonReader& in) {
    require_id(in, meta);
    if (port_ == 0) in.fail("port: a service needs a port from 1 to 65535");
    if (!protocol_) in.fail("protocol: not known");
    if (!in.ok()) return;
    value.name = meta.name;
    value.ports = {config::ServicePort{"", *protocol_, port_, 0}};
  }

  ObjectMeta meta;
  config::Service value;
  Remarks remarks;

 private:
  void read_portal(JsonReader& in) {
    const auto text = in.text();
    if (!text || text->empty()) return;
    const auto address = config::IpAddress::parse(*text);
    if (!address) return in.fail(is_not(*text, "an IP address"));
    value.cluster_ips = {*address};
  }

  std::uint16_t port_ = 0;
  std::optional<config::Protocol> protocol_ = config::Protocol::kTcp;
};

}  // namespace

constinit const WireFormat<config::Service> kServices{
    "v1beta1", "services", "/api/v1beta1", true, &decode<ServiceDraft>, &decode_meta<ServiceDraft>};

}  // namespace ferry::watch::codec::v1beta1
