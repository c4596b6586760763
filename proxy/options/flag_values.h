#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/ip_address.h"
#include "proxy/options/options.h"

/// One function for each kind of value a flag takes. Each throws UsageError in one sentence that names the flag.
namespace ferry::proxy {

/// A whole number within [least, most].
long parse_whole_number(const std::string& flag, const std::string& value, long least, long most);

/// A duration as Go writes it, at least `least`, in whole milliseconds.
std::chrono::milliseconds parse_duration_flag(const std::string& flag, const std::string& value,
                                              std::chrono::milliseconds least);

/// Ranges divided by commas, such as "10.96.0.0/12,fd00:10:96::/108". Empty text: none.
std::vector<config::IpPrefix> parse_ranges(const std::string& flag, const std::string& value);

/// Ranges as above, among which `localhost` and `all` stand for those of both families, or `primary` alone.
NodePortAddresses parse_node_port_addresses(const std::string& flag, const std::string& value);

/// An address of either family, without a port.
config::IpAddress parse_address(const std::string& flag, const std::string& value);

/// A node's name in lower case; from the machine's own when `value` is empty. The name is a DNS subdomain (RFC 1123).
std::string parse_node_name(const std::string& flag, const std::string& value);

}  // namespace ferry::proxy
