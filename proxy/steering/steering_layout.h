#pragma once

// What the steering programs and the process tell each other: the keys and values of their maps. Read as C and as C++.

#include <linux/types.h>

#include "proxy/bpf/address_layout.h"

// NOLINTBEGIN: C, with the names that C gives such things.

enum {
  /// Another number with each change of what the pinned maps hold: no process goes by the maps of another layout.
  FERRY_STEERING_LAYOUT = 3,

  /// In ferry_steered::flags.
  FERRY_STEER_AT_RANDOM = 1,

  /// Places in the map of ports that are no service port's. The first sums up those whose place another has taken; its
  /// cursor says how many places are in use or were. The second's cursor says which process writes the maps, the
  /// third's whose programs hear what becomes of connections.
  FERRY_SUMS = 0,
  FERRY_HOLDER = 1,
  FERRY_HEARER = 2,
  FERRY_FIRST_PORT = 3,
};

/// A service port at one of its addresses. TCP's alone.
struct ferry_steered_at {
  struct ferry_address address;
  /// In host order.
  __u16 port;
  __u16 unused;
};

/// Where a service port's connections go.
struct ferry_steered {
  /// The service port's place in the map of ports.
  __u32 number;
  /// Of the service port's lists of endpoints, one a family: its endpoints are those of the numbers below `count`.
  __u32 list;
  __u32 count;
  /// How long after its last connection a client keeps its endpoint; 0: each goes where its turn is.
  __u32 affinity_seconds;
  __u32 flags;
};

struct ferry_steered_endpoint_at {
  __u32 list;
  __u32 index;
};

struct ferry_steered_endpoint {
  struct ferry_address address;
  /// In host order.
  __u16 port;
  __u16 unused;
};

/// That a list has this endpoint; held for service ports with affinity alone.
struct ferry_steered_member {
  __u32 list;
  struct ferry_steered_endpoint endpoint;
};

/// Who is to keep his endpoint. The client is the network namespace, which stands for a pod's address: that is not
/// known yet where a connection is steered.
struct ferry_steered_client {
  __u64 network;
  __u32 list;
  __u32 unused;
};

struct ferry_steered_affinity {
  /// By bpf_ktime_get_ns().
  __u64 used_at;
  struct ferry_steered_endpoint endpoint;
  __u32 unused;
};

/// What a steered socket was connected to by its application, and where it went instead.
struct ferry_steered_socket {
  /// In milliseconds, by a clock that goes round; 0: it is known how that ended.
  __u32 dialled_at;
  struct ferry_address address;
  struct ferry_steered_endpoint endpoint;
  __u16 port;
  __u16 unused;
  __u32 number;
};

/// Where a steered socket is remembered first: the slot that its cookie's lowest bits say. The kernel counts cookies
/// up, so that short connections go round in slots that are mostly free; no memory is taken or given back for them.
struct ferry_steered_slot {
  /// 0: it is free.
  __u64 cookie;
  struct ferry_steered_socket socket;
  /// How many sockets that belong here are in the map of sockets, for another has the slot.
  __u32 displaced;
  /// Each is a cache line.
  __u32 unused;
};

/// What all CPUs share of a service port.
struct ferry_steered_port {
  /// Whose turn it is.
  __u64 cursor;
  __u64 dialled;
  __u64 failed;
  __u64 given_up;
  __u64 closed;
  /// Of connections that have ended.
  __u64 bytes_to_endpoint;
  __u64 bytes_to_client;
  /// Each has a cache line of its own.
  __u64 unused;
};

/// An endpoint has not taken a connection.
struct ferry_trouble {
  __u32 number;
  /// An errno; 0: it has not answered yet.
  __u32 error;
  struct ferry_steered_endpoint endpoint;
};

// NOLINTEND
