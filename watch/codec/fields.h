#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/interned_name.h"
#include "config/ip_address.h"
#include "config/service_port_name.h"
#include "watch/codec/json_reader.h"
#include "watch/codec/remarks.h"

namespace ferry::watch::codec {

/// The string that comes next; null leaves `out` as it is.
void read_text(JsonReader& in, std::string& out);
void read_text(JsonReader& in, config::InternedName& out);

/// The port number that comes next; 0 is read, for its meaning differs. Nothing for null.
std::optional<std::uint16_t> read_port_number(JsonReader& in);

/// The protocol's name that comes next: TCP for null or "", nothing for one that is not known.
std::optional<config::Protocol> read_protocol(JsonReader& in);

/// An entry of a list of ports, of whatever object, as the API has written it since v1beta3.
struct PortFields {
  std::optional<std::string> name;
  /// Nothing: not known here.
  std::optional<config::Protocol> protocol = config::Protocol::kTcp;
  std::optional<std::uint16_t> port;
  std::optional<std::uint16_t> node_port;
};
PortFields read_port_fields(JsonReader& in);

/// The address that comes next goes to the end of `out`, unless it is null or ""; a remark tells of text that is none.
void read_address(JsonReader& in, std::vector<config::IpAddress>& out, Remarks& remarks);

/// `"text" is not WHAT`, safe to log.
std::string is_not(std::string_view text, std::string_view what);

}  // namespace ferry::watch::codec
