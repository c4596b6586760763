// Brings a connection that a process of the cgroup makes to a service address to one of its endpoints instead, at
// connect(2): not a packet of it passes kube-ferry (https://docs.kernel.org/bpf/libbpf/program_types.html). What is in
// no map is left as it is, and so comes to the relay. steering_layout.h says what the maps hold.

#include <linux/bpf.h>
#include <linux/in.h>
// After the types it needs.
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "proxy/steering/steering_layout.h"

// How many there are is said before the programs are loaded.
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

/// Whose turn it is.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} cursors SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ferry_steered_counters);
} counters SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct ferry_steered_socket);
} sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 16);
} troubles SEC(".maps");

/// The endpoint whose turn it is; null where the relay is to carry the connection.
static __always_inline const struct ferry_steered_endpoint* choose(struct bpf_sock_addr* request,
                                                                   const struct ferry_address* address) {
  struct ferry_steered_at at = {.address = *address, .port = bpf_ntohs((__u16)request->user_port)};
  const struct ferry_steered* const steered = bpf_map_lookup_elem(&services, &at);
  if (!steered || steered->count == 0) {
    return 0;
  }
  __u32 number = steered->number;
  __u64* const cursor = bpf_map_lookup_elem(&cursors, &number);
  if (!cursor) {
    return 0;
  }
  struct ferry_steered_endpoint_at turn = {.set = steered->set};
  turn.index = (__u32)(__sync_fetch_and_add(cursor, 1) % steered->count);
  // Of a set that has just been replaced it may be gone.
  const struct ferry_steered_endpoint* const endpoint = bpf_map_lookup_elem(&endpoints, &turn);
  if (!endpoint || !request->sk) {
    return 0;
  }
  struct ferry_steered_socket* const socket = bpf_sk_storage_get(&sockets, request->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
  if (!socket) {
    return 0;
  }
  socket->address = at.address;
  socket->port = at.port;
  socket->endpoint = *endpoint;
  socket->number = number;
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
  if (!request->sk) {
    return 0;
  }
  const struct ferry_steered_socket* const socket = bpf_sk_storage_get(&sockets, request->sk, 0, 0);
  if (!socket || request->user_port != bpf_htons(socket->endpoint.port)) {
    return 0;
  }
  const struct ferry_address* const endpoint = &socket->endpoint.address;
  const int same = endpoint->words[0] == peer->words[0] && endpoint->words[1] == peer->words[1] &&
                   endpoint->words[2] == peer->words[2] && endpoint->words[3] == peer->words[3];
  return same ? socket : 0;
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

static __always_inline void tell(const struct ferry_steered_socket* socket, __u32 kind) {
  struct ferry_trouble* const trouble = bpf_ringbuf_reserve(&troubles, sizeof(*trouble), 0);
  if (!trouble) {
    return;
  }
  trouble->kind = kind;
  trouble->number = socket->number;
  trouble->endpoint = socket->endpoint;
  bpf_ringbuf_submit(trouble, 0);
}

static __always_inline void note_state(struct bpf_sock_ops* event, const struct ferry_steered_socket* socket) {
  __u32 number = socket->number;
  struct ferry_steered_counters* const count = bpf_map_lookup_elem(&counters, &number);
  if (!count) {
    return;
  }
  const __u32 before = event->args[0];
  const __u32 after = event->args[1];
  if (before == BPF_TCP_SYN_SENT && after == BPF_TCP_ESTABLISHED) {
    ++count->established;
  } else if (before == BPF_TCP_SYN_SENT && after == BPF_TCP_CLOSE) {
    ++count->failed;
    tell(socket, FERRY_TROUBLE_FAILED);
  } else if (after == BPF_TCP_CLOSE) {
    ++count->closed;
    // The kernel counts a SYN and a FIN as a byte each.
    const int ends_acknowledged =
        1 + (before == BPF_TCP_FIN_WAIT2 || before == BPF_TCP_LAST_ACK || before == BPF_TCP_CLOSING);
    const int end_received = before == BPF_TCP_FIN_WAIT2 || before == BPF_TCP_CLOSE_WAIT ||
                             before == BPF_TCP_LAST_ACK || before == BPF_TCP_CLOSING;
    const __u64 sent = event->bytes_acked;
    const __u64 received = event->bytes_received;
    count->bytes_to_endpoint += sent > ends_acknowledged ? sent - ends_acknowledged : 0;
    count->bytes_to_client += received > end_received ? received - end_received : 0;
  }
}

SEC("sockops")
int watch(struct bpf_sock_ops* event) {
  struct bpf_sock* const sk = event->sk;
  if (!sk) {
    return 1;
  }
  const struct ferry_steered_socket* const socket = bpf_sk_storage_get(&sockets, sk, 0, 0);
  if (!socket) {
    return 1;
  }
  if (event->op == BPF_SOCK_OPS_TCP_CONNECT_CB) {
    __u32 number = socket->number;
    struct ferry_steered_counters* const count = bpf_map_lookup_elem(&counters, &number);
    if (count) {
      ++count->dialled;
    }
    bpf_sock_ops_cb_flags_set(event, BPF_SOCK_OPS_RTO_CB_FLAG | BPF_SOCK_OPS_STATE_CB_FLAG);
  } else if (event->op == BPF_SOCK_OPS_RTO_CB && event->state == BPF_TCP_SYN_SENT) {
    tell(socket, FERRY_TROUBLE_SILENT);
  } else if (event->op == BPF_SOCK_OPS_STATE_CB) {
    note_state(event, socket);
  }
  return 1;
}

const char declared_license[] SEC("license") = "Dual MIT/GPL";
