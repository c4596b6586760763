#pragma once

#include <string>
#include <vector>

#include "config/ip_address.h"

namespace ferry::config {

/// Ranges that cluster addresses are taken from (KEP-1880).
struct ServiceCidr {
  std::string name;
  std::vector<IpPrefix> ranges;

  friend bool operator==(const ServiceCidr&, const ServiceCidr&) = default;
};

}  // namespace ferry::config
