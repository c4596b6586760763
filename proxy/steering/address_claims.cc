#include "proxy/steering/address_claims.h"

#include <algorithm>

namespace ferry::proxy {

void AddressClaims::claim(SteeredService& service) {
  for (const ferry_steered_at& at : service.addresses()) claims_.emplace(at, &service);
}

void AddressClaims::release(const SteeredService& service) {
  for (const ferry_steered_at& at : service.addresses()) {
    const auto [begin, end] = claims_.equal_range(at);
    const auto own = std::find_if(begin, end, [&service](const auto& claim) { return claim.second == &service; });
    if (own != end) claims_.erase(own);
  }
}

bool AddressClaims::is_contested(const SteeredService& service) const {
  return !others(service, service.addresses()).empty();
}

std::vector<SteeredService*> AddressClaims::others(const SteeredService& service,
                                                   const std::vector<ferry_steered_at>& addresses) const {
  std::vector<SteeredService*> found;
  for (const ferry_steered_at& at : addresses) {
    const auto [begin, end] = claims_.equal_range(at);
    for (auto claim = begin; claim != end; ++claim) {
      const bool known = std::find(found.begin(), found.end(), claim->second) != found.end();
      if (claim->second != &service && !known) found.push_back(claim->second);
    }
  }
  return found;
}

}  // namespace ferry::proxy
