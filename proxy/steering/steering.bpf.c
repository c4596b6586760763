// Brings a connection that a process of the cgroup makes to a service address to one of its endpoints instead, at
// connect(2): not a packet of it passes kube-ferry (https://docs.kernel.org/bpf/libbpf/program_types.html). What is in
// no map is left as it is, and so comes to the relay. steering_layout.h says what the maps hold.

#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "proxy/steering/steering_layout.h"

/// Of the kernel's own socket what is read here; where it is there the kernel says when the programs are loaded.
struct sock {
  int sk_err;
} __attribute__((preserve_access_index));

/// How many slots there are less one, all bits below a power of two; said before the programs are loaded.
const volatile __u32 slot_mask = 0;

/// The process may let programs read the kernel's own data, which takes CAP_PERFMON.
const volatile __u32 reads_kernel = 1;

/// A client who gives up after less than this says nothing of the endpoint.
#define PATIENCE_MS 250
#define SECOND_NS (1000ULL * 1000 * 1000)

// How many there are of each is said before the programs are loaded.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);
  __type(key, struct ferry_steered_at);
  __type(value, struct ferry_steered);
} services SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);
  __type(key, struct ferry_steered_endpoint_at);
  __type(value, struct ferry_steered_endpoint);
} endpoints SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);
  __type(key, struct ferry_steered_member);
  __type(value, __u32);
} members SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1);
  __type(key, struct ferry_steered_client);
  __type(value, struct ferry_steered_affinity);
} affinities SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ferry_steered_port);
} ports SEC(".maps");

/// Page-aligned, so that a slot is one cache line.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ferry_steered_slot);
} slots SEC(".maps");

/// By their cookies, the sockets whose slot another has. Storage in the sockets themselves would cost each connection
/// several times as much.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);
  __type(key, __u64);
  __type(value, struct ferry_steered_socket);
} sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 16);
} troubles SEC(".maps");

static __always_inline int same_address(const struct ferry_address* a, const struct ferry_address* b) {
  return a->words[0] == b->words[0] && a->words[1] == b->words[1] && a->words[2] == b->words[2] &&
         a->words[3] == b->words[3];
}

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

/// 0: there is no room for it.
static __always_inline int remember_socket(__u64 cookie, const struct ferry_steered_at* at,
                                           const struct ferry_steered_endpoint* endpoint, __u32 number) {
  struct ferry_steered_slot* const slot = slot_of(cookie);
  if (!slot) {
    return 0;
  }
  // It may have been steered before.
  if (slot->displaced) {
    forget_socket(cookie);
  }
  const __u64 holder = __sync_val_compare_and_swap(&slot->cookie, 0, cookie);
  if (holder == 0 || holder == cookie) {
    slot->socket.dialled_at = 0;
    slot->socket.address = at->address;
    slot->socket.endpoint = *endpoint;
    slot->socket.port = at->port;
    slot->socket.number = number;
    return 1;
  }
  const struct ferry_steered_socket socket = {
      .address = at->address, .endpoint = *endpoint, .port = at->port, .number = number};
  if (bpf_map_update_elem(&sockets, &cookie, &socket, BPF_ANY) != 0) {
    return 0;
  }
  __sync_fetch_and_add(&slot->displaced, 1);
  return 1;
}

/// Never 0. By the clock that is the cheapest to read: it moves with each of the kernel's ticks.
static __always_inline __u32 milliseconds(void) { return (__u32)(bpf_ktime_get_coarse_ns() / 1000000) | 1; }

// Endpoints are handed on as what the maps hold rather than as copies: those would be kept in registers and on the stack
// in a way that the kernel takes from no process without CAP_PERFMON.

/// The endpoint whose turn it is; null: the list has just become shorter.
static __always_inline const struct ferry_steered_endpoint* take_turn(const struct ferry_steered* steered,
                                                                      struct ferry_steered_port* port) {
  struct ferry_steered_endpoint_at at = {.list = steered->list};
  const __u64 turn = steered->flags & FERRY_STEER_AT_RANDOM ? (__u64)bpf_get_prandom_u32()
                                                            : __sync_fetch_and_add(&port->cursor, 1);
  at.index = (__u32)(turn % steered->count);
  return bpf_map_lookup_elem(&endpoints, &at);
}

/// The endpoint that this client has had, or else from now on has.
static __always_inline const struct ferry_steered_endpoint* keep_or_take_turn(struct bpf_sock_addr* request,
                                                                              const struct ferry_steered* steered,
                                                                              struct ferry_steered_port* port) {
  const struct ferry_steered_client client = {.network = bpf_get_netns_cookie(request), .list = steered->list};
  const __u64 now = bpf_ktime_get_ns();
  struct ferry_steered_affinity* const known = bpf_map_lookup_elem(&affinities, &client);
  if (known && now - known->used_at < steered->affinity_seconds * SECOND_NS) {
    const struct ferry_steered_member member = {.list = steered->list, .endpoint = known->endpoint};
    if (bpf_map_lookup_elem(&members, &member)) {
      known->used_at = now;
      return &known->endpoint;
    }
  }
  const struct ferry_steered_endpoint* const endpoint = take_turn(steered, port);
  if (!endpoint) {
    return 0;
  }
  const struct ferry_steered_affinity affinity = {.used_at = now, .endpoint = *endpoint};
  bpf_map_update_elem(&affinities, &client, &affinity, BPF_ANY);
  return endpoint;
}

/// Where a connection to this address is to go; null: the relay is to carry it.
static __always_inline const struct ferry_steered_endpoint* find_endpoint(struct bpf_sock_addr* request,
                                                                          const struct ferry_steered_at* at,
                                                                          __u32* number) {
  const struct ferry_steered* const found = bpf_map_lookup_elem(&services, at);
  if (!found) {
    return 0;
  }
  // It may be given to another key as soon as it is out of the map.
  const struct ferry_steered steered = *found;
  if (steered.count == 0) {
    return 0;
  }
  *number = steered.number;
  struct ferry_steered_port* const port = bpf_map_lookup_elem(&ports, number);
  if (!port) {
    return 0;
  }
  return steered.affinity_seconds > 0 ? keep_or_take_turn(request, &steered, port) : take_turn(&steered, port);
}

/// The same, and remembers it for the socket.
static __always_inline const struct ferry_steered_endpoint* choose(struct bpf_sock_addr* request,
                                                                   const struct ferry_address* address) {
  const struct ferry_steered_at at = {.address = *address, .port = bpf_ntohs((__u16)request->user_port)};
  __u32 number = 0;
  const struct ferry_steered_endpoint* const endpoint = find_endpoint(request, &at, &number);
  if (!endpoint) {
    return 0;
  }
  return remember_socket(bpf_get_socket_cookie(request), &at, endpoint, number) ? endpoint : 0;
}

SEC("cgroup/connect4")
int steer4(struct bpf_sock_addr* request) {
  if (request->protocol != IPPROTO_TCP) {
    return 1;
  }
  const struct ferry_address address = {{0, 0, bpf_htonl(0xFFFF), request->user_ip4}};
  const struct ferry_steered_endpoint* const endpoint = choose(request, &address);
  if (endpoint) {
    request->user_ip4 = endpoint->address.words[3];
    request->user_port = bpf_htons(endpoint->port);
  }
  return 1;
}

// A socket of IPv6 that connects to ::ffff:0:0/96 speaks IPv4, which is how the maps hold that anyway.
SEC("cgroup/connect6")
int steer6(struct bpf_sock_addr* request) {
  if (request->protocol != IPPROTO_TCP) {
    return 1;
  }
  const struct ferry_address address = {
      {request->user_ip6[0], request->user_ip6[1], request->user_ip6[2], request->user_ip6[3]}};
  const struct ferry_steered_endpoint* const endpoint = choose(request, &address);
  if (endpoint) {
    request->user_ip6[0] = endpoint->address.words[0];
    request->user_ip6[1] = endpoint->address.words[1];
    request->user_ip6[2] = endpoint->address.words[2];
    request->user_ip6[3] = endpoint->address.words[3];
    request->user_port = bpf_htons(endpoint->port);
  }
  return 1;
}

/// What the socket was steered from, where this is what it was steered to.
static __always_inline const struct ferry_steered_socket* origin(struct bpf_sock_addr* request,
                                                                 const struct ferry_address* peer) {
  const struct ferry_steered_socket* const socket = find_socket(bpf_get_socket_cookie(request));
  if (!socket || request->user_port != bpf_htons(socket->endpoint.port)) {
    return 0;
  }
  return same_address(&socket->endpoint.address, peer) ? socket : 0;
}

// The application goes on seeing the address that it has connected to.
SEC("cgroup/getpeername4")
int tell_peer4(struct bpf_sock_addr* request) {
  const struct ferry_address peer = {{0, 0, bpf_htonl(0xFFFF), request->user_ip4}};
  const struct ferry_steered_socket* const socket = origin(request, &peer);
  if (socket) {
    request->user_ip4 = socket->address.words[3];
    request->user_port = bpf_htons(socket->port);
  }
  return 1;
}

SEC("cgroup/getpeername6")
int tell_peer6(struct bpf_sock_addr* request) {
  const struct ferry_address peer = {
      {request->user_ip6[0], request->user_ip6[1], request->user_ip6[2], request->user_ip6[3]}};
  const struct ferry_steered_socket* const socket = origin(request, &peer);
  if (socket) {
    request->user_ip6[0] = socket->address.words[0];
    request->user_ip6[1] = socket->address.words[1];
    request->user_ip6[2] = socket->address.words[2];
    request->user_ip6[3] = socket->address.words[3];
    request->user_port = bpf_htons(socket->port);
  }
  return 1;
}

static __always_inline void tell(const struct ferry_steered_socket* socket, int error) {
  struct ferry_trouble* const trouble = bpf_ringbuf_reserve(&troubles, sizeof(*trouble), 0);
  if (!trouble) {
    return;
  }
  trouble->number = socket->number;
  trouble->error = (__u32)error;
  trouble->endpoint = socket->endpoint;
  bpf_ringbuf_submit(trouble, 0);
}

/// What the connect has met; 0: nothing, its application has closed it. Where the kernel's own word may not be read,
/// whoever has answered a SYN and brought no connection has refused it.
static __always_inline int error_of(struct bpf_sock_ops* event, struct bpf_sock* sk) {
  if (!reads_kernel) {
    return event->segs_in > 0 ? ECONNREFUSED : 0;
  }
  const struct sock* const whole = (const struct sock*)bpf_skc_to_tcp_sock(sk);
  return whole ? whole->sk_err : 0;
}

static __always_inline void note_no_connection(struct bpf_sock_ops* event, struct bpf_sock* sk,
                                               const struct ferry_steered_socket* socket,
                                               struct ferry_steered_port* port) {
  const int error = error_of(event, sk);
  if (error) {
    add(&port->failed, 1);
    tell(socket, error);
    return;
  }
  add(&port->given_up, 1);
  if (milliseconds() - socket->dialled_at >= PATIENCE_MS) {
    tell(socket, 0);
  }
}

static __always_inline void note_end(const struct bpf_sock_ops* event, __u32 before, struct ferry_steered_port* port) {
  add(&port->closed, 1);
  // The kernel counts a SYN and a FIN as a byte each.
  const __u64 ends_acknowledged =
      1 + (before == BPF_TCP_FIN_WAIT2 || before == BPF_TCP_LAST_ACK || before == BPF_TCP_CLOSING);
  const __u64 end_received = before == BPF_TCP_FIN_WAIT2 || before == BPF_TCP_CLOSE_WAIT ||
                             before == BPF_TCP_LAST_ACK || before == BPF_TCP_CLOSING;
  const __u64 sent = event->bytes_acked;
  const __u64 received = event->bytes_received;
  add(&port->bytes_to_endpoint, sent > ends_acknowledged ? sent - ends_acknowledged : 0);
  add(&port->bytes_to_client, received > end_received ? received - end_received : 0);
}

static __always_inline void note_dial(struct bpf_sock_ops* event, struct ferry_steered_socket* socket,
                                      struct ferry_steered_port* port) {
  // A socket that was steered before, and now goes where nobody steers.
  if (socket->dialled_at || bpf_ntohl(event->remote_port) != socket->endpoint.port) {
    return;
  }
  socket->dialled_at = milliseconds();
  add(&port->dialled, 1);
  // Beside what others on this host may have asked for.
  bpf_sock_ops_cb_flags_set(
      event, (int)event->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_RTO_CB_FLAG | BPF_SOCK_OPS_STATE_CB_FLAG);
}

/// Called several times for each connection of the cgroup: what says nothing is left at once.
SEC("sockops")
int watch(struct bpf_sock_ops* event) {
  const __u32 what = event->op;
  const int dials = what == BPF_SOCK_OPS_TCP_CONNECT_CB;
  const int is_silent = what == BPF_SOCK_OPS_RTO_CB && event->state == BPF_TCP_SYN_SENT;
  const int ends = what == BPF_SOCK_OPS_STATE_CB && event->args[1] == BPF_TCP_CLOSE;
  if (!dials && !is_silent && !ends) {
    return 1;
  }
  const __u64 cookie = bpf_get_socket_cookie(event);
  struct ferry_steered_socket* const socket = find_socket(cookie);
  if (!socket) {
    return 1;
  }
  __u32 number = socket->number;
  struct ferry_steered_port* const port = bpf_map_lookup_elem(&ports, &number);
  if (!port) {
    return 1;
  }
  if (dials) {
    note_dial(event, socket, port);
  } else if (is_silent) {
    tell(socket, 0);
  } else {
    const __u32 before = event->args[0];
    if (before == BPF_TCP_SYN_SENT) {
      struct bpf_sock* const sk = event->sk;
      if (sk) {
        note_no_connection(event, sk, socket, port);
      }
    } else {
      note_end(event, before, port);
    }
    forget_socket(cookie);
  }
  return 1;
}

// A connect(2) that fails before anything is sent leaves no other trace.
SEC("cgroup/sock_release")
int forget(struct bpf_sock* sk) {
  // One that waits for its first bytes to be sent with its SYN is in SYN_SENT already (TCP_FASTOPEN_CONNECT, tcp(7)).
  if (sk->protocol != IPPROTO_TCP || (sk->state != BPF_TCP_CLOSE && sk->state != BPF_TCP_SYN_SENT)) {
    return 1;
  }
  const __u64 cookie = bpf_get_socket_cookie(sk);
  const struct ferry_steered_socket* const socket = find_socket(cookie);
  if (socket && !socket->dialled_at) {
    forget_socket(cookie);
  }
  return 1;
}

const char declared_license[] SEC("license") = "Dual MIT/GPL";
