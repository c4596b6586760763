#include "proxy/balancer/maglev_table.h"

#include <bit>
#include <limits>

namespace ferry::proxy {

namespace {

constexpr std::size_t kUsualSize = 65537;

constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();

/// SplitMix64's finalizer (Steele et al., OOPSLA 2014): every bit of the input moves half of the output's.
std::uint64_t mix(std::uint64_t value) noexcept {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

bool is_prime(std::size_t number) noexcept {
  for (std::size_t divisor = 3; divisor * divisor <= number; divisor += 2) {
    if (number % divisor == 0) return false;
  }
  return number % 2 != 0;
}

/// One endpoint's order of preference among the entries: offset, offset + skip, offset + 2 skip, …
struct Preference {
  std::size_t next;
  std::size_t skip;
};

}  // namespace

std::uint64_t stable_hash(const config::IpAddress& address, std::uint64_t seed) noexcept {
  const config::IpAddress::Bytes& bytes = address.bytes();
  std::uint64_t halves[2] = {};
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    halves[index / 8] = halves[index / 8] << 8U | bytes[index];
  }
  return mix(mix(halves[0] ^ seed) ^ halves[1] ^ static_cast<std::uint64_t>(address.family()));
}

std::size_t MaglevTable::size_for(std::size_t endpoints) noexcept {
  if (100 * endpoints < kUsualSize) return kUsualSize;
  std::size_t size = 100 * std::bit_ceil(endpoints) + 1;
  while (!is_prime(size)) ++size;
  return size;
}

MaglevTable::MaglevTable(const config::BackendSet& set) : entries_(size_for(set.backends.size()), kFree) {
  const std::size_t size = entries_.size();
  std::vector<Preference> preferences;
  preferences.reserve(set.backends.size());
  for (const config::Backend& endpoint : set.backends) {
    preferences.push_back({stable_hash(endpoint.address, endpoint.port) % size,
                           1 + stable_hash(endpoint.address, ~std::uint64_t{endpoint.port}) % (size - 1)});
  }
  for (std::size_t filled = 0, endpoint = 0; filled < size; ++filled, endpoint = (endpoint + 1) % preferences.size()) {
    Preference& preference = preferences[endpoint];
    while (entries_[preference.next] != kFree) preference.next = (preference.next + preference.skip) % size;
    entries_[preference.next] = static_cast<std::uint32_t>(endpoint);
  }
}

std::size_t MaglevTable::pick(std::uint64_t client, unsigned draw) const noexcept {
  return entries_[(draw == 0 ? client : mix(client + draw)) % entries_.size()];
}

}  // namespace ferry::proxy
