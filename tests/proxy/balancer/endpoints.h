#pragma once

#include <cstdint>
#include <initializer_list>
#include <unordered_map>

#include "proxy/balancer/load_balancer.h"

namespace ferry::testing {

/// 10.0.0.N at port 80; after 10.0.0.255 comes 10.0.1.0.
inline config::Backend endpoint(int number) {
  const auto low = static_cast<std::uint8_t>(number % 256);
  const auto high = static_cast<std::uint8_t>(number / 256);
  return {config::IpAddress::from_v4_bytes({10, 0, high, low}), 80, false, false};
}

inline config::BackendSet set_of(std::initializer_list<int> numbers) {
  config::BackendSet set;
  for (const int number : numbers) set.backends.push_back(endpoint(number));
  return set;
}

/// The endpoints from 1 to `count`.
inline config::BackendSet set_of_first(int count) {
  config::BackendSet set;
  for (int number = 1; number <= count; ++number) set.backends.push_back(endpoint(number));
  return set;
}

/// What a test says of endpoints' loads.
class Loads : public proxy::EndpointLoads {
 public:
  const proxy::EndpointLoad* find(const config::Backend& endpoint) const override {
    const auto found = loads_.find(endpoint);
    return found == loads_.end() ? nullptr : &found->second;
  }
  proxy::EndpointLoad& of(const config::Backend& endpoint) { return loads_[endpoint]; }

 private:
  std::unordered_map<config::Backend, proxy::EndpointLoad, proxy::EndpointHash, proxy::EndpointEqual> loads_;
};

}  // namespace ferry::testing
