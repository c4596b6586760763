#pragma once

#include "config/ip_address.h"
#include "proxy/bpf/address_layout.h"

namespace ferry::proxy {

ferry_address layout_of(const config::IpAddress& address);
config::IpAddress address_of(const ferry_address& layout);

}  // namespace ferry::proxy
