// Brings a connection that a process of the cgroup makes to a service address to one of its endpoints instead, at
// connect(2): not a packet of it passes kube-ferry (https://docs.kernel.org/bpf/libbpf/program_types.html). What is in
// no map is left as it is, and so comes to the relay. Others hear, at tracepoints, what becomes of such connections.
// steering_layout.h says what the maps hold.

#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "proxy/steering/steered_sockets.bpf.h"
#include "proxy/steering/steering_layout.h"
#include "proxy/steering/steering_maps.bpf.h"

// Of the kernel's own sockets what is read here; where it is there the kernel says when the programs are loaded.
enum sock_flags { SOCK_DONE = 1 };
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ferry_counter___kernel {
  __s64 counter;
};
struct sock_common {
  __be16 skc_dport;
  volatile unsigned char skc_state;
  unsigned long skc_flags;
  struct ferry_counter___kernel skc_cookie;
};
struct sock {
  struct sock_common __sk_common;
  int sk_err;
};
struct tcp_sock {
  __u32 segs_out;
  __u64 bytes_acked;
  __u64 bytes_sent;
  __u64 bytes_retrans;
  __u64 bytes_received;
};
#pragma clang attribute pop

/// What the programs that hear of connections are known by in the map of ports. Those of two processes may be attached
/// at a time, for the kernel does not replace such programs; each event is heard by one of them.
const volatile __u64 hearer = 0;

/// A client who gives up after less than this says nothing of the endpoint.
#define PATIENCE_MS 250
#define SECOND_NS (1000ULL * 1000 * 1000)

static __always_inline int same_address(const struct ferry_address* a, const struct ferry_address* b) {
  return a->words[0] == b->words[0] && a->words[1] == b->words[1] && a->words[2] == b->words[2] &&
         a->words[3] == b->words[3];
}

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

/// Where a connection to this address is to go, which is remembered for the socket; null: the relay is to carry it.
static __always_inline const struct ferry_steered_endpoint* choose(struct bpf_sock_addr* request,
                                                                   const struct ferry_address* address) {
  const struct ferry_steered_at at = {.address = *address, .port = bpf_ntohs((__u16)request->user_port)};
  const struct ferry_steered* const found = bpf_map_lookup_elem(&services, &at);
  if (!found) {
    return 0;
  }
  // It may be given to another key as soon as it is out of the map.
  const struct ferry_steered steered = *found;
  if (steered.count == 0) {
    return 0;
  }
  struct ferry_steered_port* const port = bpf_map_lookup_elem(&ports, &steered.number);
  if (!port) {
    return 0;
  }
  const struct ferry_steered_endpoint* const endpoint =
      steered.affinity_seconds > 0 ? keep_or_take_turn(request, &steered, port) : take_turn(&steered, port);
  if (!endpoint || !remember_socket(bpf_get_socket_cookie(request), &at, endpoint, steered.number)) {
    return 0;
  }
  add(&port->dialled, 1);
  return endpoint;
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

// What becomes of a connection is told by tracepoints, which are met by the sockets of the whole host: what is not
// remembered here is left at once. They cost a connection that goes well one look, where it ends. (A sockops program
// would be called a dozen times for each, from either end.)

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

static __always_inline __u64 cookie_of(const struct sock* sk) {
  return (__u64)sk->__sk_common.skc_cookie.counter;
}

/// Null: it was not steered, or it is for another process's programs to hear of it.
static __always_inline struct ferry_steered_socket* steered_socket(const struct sock* sk) {
  const __u64 cookie = cookie_of(sk);
  struct ferry_steered_socket* const socket = cookie ? find_socket(cookie) : 0;
  if (!socket) {
    return 0;
  }
  const __u32 place = FERRY_HEARER;
  const struct ferry_steered_port* const port = bpf_map_lookup_elem(&ports, &place);
  return port && port->cursor == hearer ? socket : 0;
}

/// Where it was steered to, and not where it has been connected to since.
static __always_inline int is_at_endpoint(const struct sock* sk, const struct ferry_steered_socket* socket) {
  return sk->__sk_common.skc_dport == bpf_htons(socket->endpoint.port);
}

// Where a connect is refused, or given up by the kernel.
SEC("tp_btf/inet_sk_error_report")
int hear_failure(const __u64* arguments) {
  const struct sock* const sk = (const struct sock*)arguments[0];
  struct ferry_steered_socket* const socket = steered_socket(sk);
  if (!socket || !is_at_endpoint(sk, socket)) {
    return 0;
  }
  const struct tcp_sock* const tcp = (const struct tcp_sock*)bpf_skc_to_tcp_sock((void*)sk);
  if (!tcp || tcp->bytes_acked > 0) {
    return 0;
  }
  const int error = sk->sk_err;
  // Its application may have taken the error already. Other reports have none.
  if (!error && sk->__sk_common.skc_state != BPF_TCP_CLOSE) {
    return 0;
  }
  struct ferry_steered_port* const port = port_of(socket);
  if (port && end_dial(socket)) {
    add(&port->failed, 1);
    tell(socket, error ? error : ECONNREFUSED);
  }
  return 0;
}

// Where a SYN is sent again.
SEC("tp_btf/tcp_retransmit_skb")
int hear_silence(const __u64* arguments) {
  const struct sock* const sk = (const struct sock*)arguments[0];
  if (sk->__sk_common.skc_state != BPF_TCP_SYN_SENT) {
    return 0;
  }
  const struct ferry_steered_socket* const socket = steered_socket(sk);
  if (socket && is_at_endpoint(sk, socket)) {
    tell(socket, 0);
  }
  return 0;
}

static __always_inline void note_end(const struct sock* sk, const struct tcp_sock* tcp,
                                     struct ferry_steered_port* port) {
  add(&port->closed, 1);
  add(&port->bytes_to_endpoint, tcp->bytes_sent - tcp->bytes_retrans);
  // The kernel counts a FIN as a byte.
  const __u64 end_received = (sk->__sk_common.skc_flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE)) & 1;
  const __u64 received = tcp->bytes_received;
  add(&port->bytes_to_client, received > end_received ? received - end_received : 0);
}

/// Its application has closed it before there was a connection.
static __always_inline void note_giving_up(const struct tcp_sock* tcp, const struct ferry_steered_socket* socket,
                                           __u32 dialled_at, struct ferry_steered_port* port) {
  add(&port->given_up, 1);
  if (tcp->segs_out > 0 && milliseconds(bpf_ktime_get_ns()) - dialled_at >= PATIENCE_MS) {
    tell(socket, 0);
  }
}

// Where the kernel is done with a socket, whichever way it has ended.
SEC("tp_btf/tcp_destroy_sock")
int hear_end(const __u64* arguments) {
  const struct sock* const sk = (const struct sock*)arguments[0];
  struct ferry_steered_socket* const socket = steered_socket(sk);
  if (!socket) {
    return 0;
  }
  const __u32 dialled_at = end_dial(socket);
  struct ferry_steered_port* const port = port_of(socket);
  const struct tcp_sock* const tcp = (const struct tcp_sock*)bpf_skc_to_tcp_sock((void*)sk);
  if (dialled_at && port && tcp) {
    if (!is_at_endpoint(sk, socket)) {
      add(&port->given_up, 1);
    } else if (tcp->bytes_acked > 0) {
      note_end(sk, tcp, port);
    } else {
      note_giving_up(tcp, socket, dialled_at, port);
    }
  }
  forget_socket(cookie_of(sk));
  return 0;
}

const char declared_license[] SEC("license") = "Dual MIT/GPL";
