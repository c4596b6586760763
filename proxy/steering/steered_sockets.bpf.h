#pragma once

// What is remembered of each steered socket, from connect(2) until the kernel is done with it.

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "proxy/steering/steering_layout.h"
#include "proxy/steering/steering_maps.bpf.h"

/// How many slots there are less one, all bits below a power of two; said before the programs are loaded.
const volatile __u32 slot_mask = 0;

static __always_inline void add(__u64* counter, __u64 more) { __sync_fetch_and_add(counter, more); }

static __always_inline struct ferry_steered_slot* slot_of(__u64 cookie) {
  const __u32 index = (__u32)cookie & slot_mask;
  return bpf_map_lookup_elem(&slots, &index);
}

/// Null: it was not steered.
static __always_inline struct ferry_steered_socket* find_socket(__u64 cookie) {
  struct ferry_steered_slot* const slot = slot_of(cookie);
  if (!slot || slot->cookie == cookie) {
    return slot ? &slot->socket : 0;
  }
  return slot->displaced ? bpf_map_lookup_elem(&sockets, &cookie) : 0;
}

static __always_inline void forget_socket(__u64 cookie) {
  struct ferry_steered_slot* const slot = slot_of(cookie);
  if (!slot) {
    return;
  }
  if (slot->cookie == cookie) {
    // In order, after all that was read of it.
    __sync_lock_test_and_set(&slot->cookie, 0);
  } else if (slot->displaced && bpf_map_delete_elem(&sockets, &cookie) == 0) {
    __sync_fetch_and_add(&slot->displaced, -1);
  }
}

/// Never 0.
static __always_inline __u32 milliseconds(__u64 nanoseconds) { return (__u32)(nanoseconds / 1000000) | 1; }

/// Null: the map has no such place.
static __always_inline struct ferry_steered_port* port_of(const struct ferry_steered_socket* socket) {
  const __u32 number = socket->number;
  return bpf_map_lookup_elem(&ports, &number);
}

/// Since when it has been under way, and that it no longer is; 0: that is known already.
static __always_inline __u32 end_dial(struct ferry_steered_socket* socket) {
  return __sync_lock_test_and_set(&socket->dialled_at, 0);
}

/// A socket that is connected anew has left its former connection, and nobody was told.
static __always_inline void leave_former(__u64 cookie) {
  struct ferry_steered_socket* const former = find_socket(cookie);
  if (!former) {
    return;
  }
  struct ferry_steered_port* const port = port_of(former);
  if (end_dial(former) && port) {
    add(&port->given_up, 1);
  }
  forget_socket(cookie);
}

/// 0: there is no room for it.
static __always_inline int remember_socket(__u64 cookie, const struct ferry_steered_at* at,
                                           const struct ferry_steered_endpoint* endpoint, __u32 number) {
  struct ferry_steered_slot* const slot = slot_of(cookie);
  if (!slot) {
    return 0;
  }
  if (slot->cookie == cookie || slot->displaced) {
    leave_former(cookie);
  }
  // The clock that is the cheapest to read: it moves with each of the kernel's ticks.
  const __u32 now = milliseconds(bpf_ktime_get_coarse_ns());
  if (__sync_val_compare_and_swap(&slot->cookie, 0, cookie) == 0) {
    slot->socket.dialled_at = now;
    slot->socket.address = at->address;
    slot->socket.endpoint = *endpoint;
    slot->socket.port = at->port;
    slot->socket.number = number;
    return 1;
  }
  const struct ferry_steered_socket socket = {
      .dialled_at = now, .address = at->address, .endpoint = *endpoint, .port = at->port, .number = number};
  if (bpf_map_update_elem(&sockets, &cookie, &socket, BPF_ANY) != 0) {
    return 0;
  }
  __sync_fetch_and_add(&slot->displaced, 1);
  return 1;
}
