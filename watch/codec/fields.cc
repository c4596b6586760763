#include "watch/codec/fields.h"

#include "watch/codec/json_text.h"

namespace ferry::watch::codec {

void read_text(JsonReader& in, std::string& out) {
  if (const auto text = in.text()) out = *text;
}

void read_text(JsonReader& in, config::InternedName& out) {
  if (const auto text = in.text()) out = *text;
}

std::optional<std::uint16_t> read_port_number(JsonReader& in) {
  const auto number = in.integer(0, 65535, "a port (1 to 65535)");
  if (!number) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::optional<config::Protocol> read_protocol(JsonReader& in) {
  const auto text = in.text();
  if (!text || text->empty()) return config::Protocol::kTcp;
  return config::parse_protocol(*text);
}

PortFields read_port_fields(JsonReader& in) {
  PortFields fields;
  in.members([&](std::string_view key) {
    if (key == "name") {
      fields.name = in.text();
    } else if (key == "protocol") {
      fields.protocol = read_protocol(in);
    } else if (key == "port") {
      fields.port = read_port_number(in);
    } else if (key == "nodePort") {
      fields.node_port = read_port_number(in);
    }
  });
  return fields;
}

void read_address(JsonReader& in, std::vector<config::IpAddress>& out, Remarks& remarks) {
  const auto text = in.text();
  if (!text || text->empty()) return;
  if (const auto address = config::IpAddress::parse(*text)) {
    out.push_back(*address);
  } else {
    remarks.add(in, is_not(*text, "an IP address"));
  }
}

std::string is_not(std::string_view text, std::string_view what) {
  return '"' + printable(text, 64) + "\" is not " + std::string(what);
}

}  // namespace ferry::watch::codec
