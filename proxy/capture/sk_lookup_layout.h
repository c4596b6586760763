#pragma once

// What the sk_lookup program and the process tell each other: the keys and values of its maps. Read as C and as C++.

#include <linux/types.h>

#include "proxy/bpf/address_layout.h"

// NOLINTBEGIN: C, with the names that C gives such things.

enum {
  FERRY_MOST_FRONTENDS = 1 << 18,
  FERRY_MOST_SOURCES = 1 << 16,
  FERRY_MOST_OWNED = 1 << 17,
  FERRY_MOST_SOCKETS = 1 << 15,

  // In the map of sockets: those that ignore every SYN, then the listeners of IPv4 by worker, then those of IPv6; the
  // sockets of UDP service ports have the rest.
  FERRY_SILENT_V4 = 0,
  FERRY_SILENT_V6 = 1,
  FERRY_FIRST_LISTENER = 2,

  FERRY_EVERYONE = 0,
  FERRY_SOURCE_KEY_BITS = 32 + FERRY_ADDRESS_BITS,
};

struct ferry_frontend_key {
  struct ferry_address address;
  /// In host order.
  __u16 port;
  /// IPPROTO_TCP or IPPROTO_UDP.
  __u16 protocol;
};

struct ferry_frontend {
  /// Whoever comes is refused.
  __u32 refused;
  /// UDP's own; TCP has those of the workers.
  __u32 socket;
  /// Who is let in: a set in the map of sources, or FERRY_EVERYONE. TCP's alone: UDP's socket has a filter of its own.
  __u32 sources;
};

struct ferry_source_key {
  __u32 prefix_length;
  __u32 sources;
  struct ferry_address client;
};

/// A range of which every address is a service's: what is no frontend there is refused.
struct ferry_owned_key {
  __u32 prefix_length;
  struct ferry_address address;
};

// NOLINTEND
