#include "proxy/steering/port_places.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace ferry::proxy {

namespace {

std::uint64_t value_of(__u64& counter) { return std::atomic_ref<__u64>(counter).load(std::memory_order_relaxed); }

void set(__u64& counter, std::uint64_t value) {
  std::atomic_ref<__u64>(counter).store(value, std::memory_order_relaxed);
}

SteeredCounters counters_of(ferry_steered_port& port) {
  return {.dialled = value_of(port.dialled),
          .failed = value_of(port.failed),
          .given_up = value_of(port.given_up),
          .closed = value_of(port.closed),
          .bytes_to_endpoint = value_of(port.bytes_to_endpoint),
          .bytes_to_client = value_of(port.bytes_to_client)};
}

void set_counters(ferry_steered_port& port, const SteeredCounters& counters) {
  set(port.dialled, counters.dialled);
  set(port.failed, counters.failed);
  set(port.given_up, counters.given_up);
  set(port.closed, counters.closed);
  set(port.bytes_to_endpoint, counters.bytes_to_endpoint);
  set(port.bytes_to_client, counters.bytes_to_client);
}

}  // namespace

PortPlaces::PortPlaces(std::span<ferry_steered_port> ports)
    : ports_(ports),
      owners_(std::clamp<std::size_t>(value_of(ports[FERRY_SUMS].cursor), FERRY_FIRST_PORT, ports.size()), nullptr) {}

bool PortPlaces::keep(SteeredService& service, __u32 number) {
  if (number < FERRY_FIRST_PORT || number >= owners_.size() || owners_[number] != nullptr) return false;
  owners_[number] = &service;
  service.number = number;
  return true;
}

void PortPlaces::settle() {
  for (__u32 number = FERRY_FIRST_PORT; number < owners_.size(); ++number) {
    if (owners_[number] == nullptr) free_.push_back(number);
  }
}

bool PortPlaces::reuse(__u32& number) {
  // What is still open there would be counted for another.
  const auto idle = [this](__u32 place) { return counters(place).open() == 0; };
  auto found = std::find_if(free_.begin(), free_.end(), idle);
  if (found == free_.end() && owners_.size() >= ports_.size()) found = free_.begin();
  if (found == free_.end()) return false;
  number = *found;
  free_.erase(found);
  SteeredCounters sums = counters(FERRY_SUMS);
  sums += counters(number);
  set_counters(ports_[FERRY_SUMS], sums);
  set_counters(ports_[number], {});
  return true;
}

bool PortPlaces::take(SteeredService& service) {
  if (!reuse(service.number)) {
    if (owners_.size() >= ports_.size()) return false;
    service.number = static_cast<__u32>(owners_.size());
    owners_.push_back(nullptr);
    set(ports_[FERRY_SUMS].cursor, owners_.size());
  }
  owners_[service.number] = &service;
  // Not all nodes are to begin with the same endpoint.
  set(ports_[service.number].cursor, random_());
  return true;
}

void PortPlaces::release(SteeredService& service) {
  if (service.number == 0) return;
  owners_[service.number] = nullptr;
  free_.push_back(std::exchange(service.number, 0));
}

SteeredCounters PortPlaces::counters(__u32 number) const { return counters_of(ports_[number]); }

SteeredCounters PortPlaces::sums() const {
  SteeredCounters sum = counters(FERRY_SUMS);
  for (__u32 number = FERRY_FIRST_PORT; number < owners_.size(); ++number) sum += counters(number);
  return sum;
}

}  // namespace ferry::proxy
