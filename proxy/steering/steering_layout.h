#pragma once

// What the steering programs and the process tell each other: the keys and values of their maps. Read as C and as C++.

#include <linux/types.h>

#include "proxy/bpf/address_layout.h"

// NOLINTBEGIN: C, with the names that C gives such things.

/// A service port at one of its addresses. TCP's alone.
struct ferry_steered_at {
  struct ferry_address address;
  /// In host order.
  __u16 port;
  __u16 unused;
};

/// Where a service port's connections go. Replaced as a whole, so that a program sees one set of endpoints or the next.
struct ferry_steered {
  /// The set of endpoints, of which there is a new one with each change.
  __u32 set;
  __u32 count;
  /// The service port's place in the maps of cursors and counters.
  __u32 number;
};

struct ferry_steered_endpoint_at {
  __u32 set;
  __u32 index;
};

struct ferry_steered_endpoint {
  struct ferry_address address;
  /// In host order.
  __u16 port;
  __u16 unused;
};

/// What a steered socket was connected to by its application, and where it went instead.
struct ferry_steered_socket {
  struct ferry_address address;
  struct ferry_steered_endpoint endpoint;
  __u16 port;
  __u16 unused;
  __u32 number;
};

/// By service port and CPU.
struct ferry_steered_counters {
  __u64 dialled;
  __u64 established;
  __u64 failed;
  __u64 closed;
  /// Of connections that have ended.
  __u64 bytes_to_endpoint;
  __u64 bytes_to_client;
};

enum ferry_trouble_kind {
  /// A SYN was not answered in time, and was sent again.
  FERRY_TROUBLE_SILENT = 1,
  /// The endpoint refused, or the connect was given up.
  FERRY_TROUBLE_FAILED = 2,
};

/// An endpoint has not taken a connection.
struct ferry_trouble {
  __u32 kind;
  __u32 number;
  struct ferry_steered_endpoint endpoint;
};

// NOLINTEND
