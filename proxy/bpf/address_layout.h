#pragma once

// How the maps of BPF programs hold addresses. Read as C and as C++.

#include <linux/types.h>

// NOLINTBEGIN: C, with the names that C gives such things.

enum { FERRY_ADDRESS_BITS = 128 };

/// In network order; IPv4 as ::ffff:0:0/96 has it (RFC 4291, 2.5.5.2).
struct ferry_address {
  __u32 words[4];
};

// NOLINTEND
