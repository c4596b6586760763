#pragma once

// The maps of the steering programs. How many entries each has is said before the programs are loaded.

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "proxy/steering/steering_layout.h"

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
