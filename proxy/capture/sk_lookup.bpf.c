// Decides, before the kernel looks at any bound socket, which of kube-ferry's sockets gets a connection or a datagram
// sent to a service address (https://docs.kernel.org/bpf/prog_sk_lookup.html). sk_lookup_layout.h says what the maps hold.

#include <linux/bpf.h>
#include <linux/in.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "proxy/capture/sk_lookup_layout.h"

// From <sys/socket.h>, which has no place here.
#define AF_INET 2

/// TCP listeners of each family, one a worker. Set before the program is loaded.
const volatile __u32 listener_count = 1;

struct {
  __uint(type, BPF_MAP_TYPE_SOCKMAP);
  __uint(max_entries, FERRY_MOST_SOCKETS);
  __type(key, __u32);
  __type(value, __u64);
} sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, FERRY_MOST_FRONTENDS);
  __type(key, struct ferry_frontend_key);
  __type(value, struct ferry_frontend);
} frontends SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, FERRY_MOST_SOURCES);
  __type(key, struct ferry_source_key);
  __type(value, __u8);
} sources SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, FERRY_MOST_OWNED);
  __type(key, struct ferry_owned_key);
  __type(value, __u8);
} owned SEC(".maps");

static __always_inline int is_admitted(const struct ferry_frontend* frontend, const struct ferry_address* client) {
  struct ferry_source_key key = {};
  if (frontend->sources == FERRY_EVERYONE) {
    return 1;
  }
  key.prefix_length = FERRY_SOURCE_KEY_BITS;
  key.sources = frontend->sources;
  key.client = *client;
  return bpf_map_lookup_elem(&sources, &key) != 0;
}

/// Which worker: the same for every segment of one connection, so that an answer to a SYN cookie finds its listener.
static __always_inline __u32 worker_of(const struct ferry_address* client, __u32 port) {
  __u32 hash = client->words[0] ^ client->words[1] ^ client->words[2] ^ client->words[3];
  hash = (hash ^ port * 0x9E3779B1u) * 0x85EBCA6Bu;
  hash ^= hash >> 15;
  hash *= 0xC2B2AE35u;
  hash ^= hash >> 16;
  return hash % listener_count;
}

// Every field is read whatever the family (the other family's are 0), and at its own offset: the verifier does not let
// an address in the request be computed, which is what branches would be compiled to.
SEC("sk_lookup")
int choose_socket(struct bpf_sk_lookup* request) {
  const int v4 = request->family == AF_INET;
  const __u32 local4 = request->local_ip4;
  const __u32 remote4 = request->remote_ip4;
  const __u32 mapped = v4 ? bpf_htonl(0xFFFF) : 0;
  const struct ferry_address client = {{request->remote_ip6[0], request->remote_ip6[1], request->remote_ip6[2] | mapped,
                                        request->remote_ip6[3] | remote4}};
  struct ferry_frontend_key key = {};
  key.address.words[0] = request->local_ip6[0];
  key.address.words[1] = request->local_ip6[1];
  key.address.words[2] = request->local_ip6[2] | mapped;
  key.address.words[3] = request->local_ip6[3] | local4;
  key.port = (__u16)request->local_port;
  key.protocol = (__u16)request->protocol;

  const struct ferry_frontend* const frontend = bpf_map_lookup_elem(&frontends, &key);
  if (!frontend) {
    struct ferry_owned_key range = {.prefix_length = FERRY_ADDRESS_BITS, .address = key.address};
    return bpf_map_lookup_elem(&owned, &range) ? SK_DROP : SK_PASS;
  }
  if (frontend->refused) {
    return SK_DROP;
  }
  __u32 index = frontend->socket;
  if (request->protocol == IPPROTO_TCP) {
    index = is_admitted(frontend, &client) ? FERRY_FIRST_LISTENER + (v4 ? 0 : listener_count) +
                                                 worker_of(&client, request->remote_port)
                                           : (v4 ? FERRY_SILENT_V4 : FERRY_SILENT_V6);
  }
  struct bpf_sock* const chosen = bpf_map_lookup_elem(&sockets, &index);
  if (!chosen) {
    return SK_DROP;
  }
  const long error = bpf_sk_assign(request, chosen, 0);
  bpf_sk_release(chosen);
  return error ? SK_DROP : SK_PASS;
}

const char declared_license[] SEC("license") = "Dual MIT/GPL";
