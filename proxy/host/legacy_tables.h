#pragma once

#include <string_view>

namespace ferry::proxy {

/// Whether iptables-legacy has the chain in one of its tables (x_tables' own, which nftables does not know): 0 when it
/// has, ENOENT when it has not, else an errno, EFBIG for a table of more than 32 MiB. Never makes the kernel load the
/// table, as asking for one that is not there would.
int find_legacy_chain_v4(std::string_view table, std::string_view chain);
int find_legacy_chain_v6(std::string_view table, std::string_view chain);

}  // namespace ferry::proxy
