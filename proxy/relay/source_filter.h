#pragma once

#include <vector>

#include "config/ip_address.h"

namespace ferry::proxy {

/// Whose connections a listening TCP socket takes, and whose datagrams a UDP socket. What a stranger sends is dropped
/// before anything is answered: he sees no SYN-ACK, no reset and no ICMP. Of a TCP connection only the first segment is
/// looked at, so handshakes under way complete.
///
/// The kernel runs it as a socket filter (socket(7), SO_ATTACH_FILTER), and replaces one filter by another without a
/// gap. Each returns 0 or an errno; after an error the filter is what it was.

/// From now on only clients in these ranges are heard: those of the socket's own family count. None: nobody is,
/// and what is in the queue can be accepted to the last before the listener is closed. ENOMEM: more ranges than the
/// kernel takes (some 600 at its smallest net.core.optmem_max).
int admit_only(int socket, config::AddressFamily family, const std::vector<config::IpPrefix>& sources);

int admit_everyone(int socket);

}  // namespace ferry::proxy
