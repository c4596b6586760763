#pragma once

#include <unordered_map>
#include <vector>

#include "proxy/steering/layout_bytes.h"
#include "proxy/steering/steered_service.h"

namespace ferry::proxy {

/// Which service ports have which addresses: two may have the same one.
class AddressClaims {
 public:
  void claim(SteeredService& service);
  void release(const SteeredService& service);

  /// Another has one of its addresses, too.
  bool is_contested(const SteeredService& service) const;
  /// Those that have one of the addresses, but for this one; each once.
  std::vector<SteeredService*> others(const SteeredService& service,
                                      const std::vector<ferry_steered_at>& addresses) const;

 private:
  std::unordered_multimap<ferry_steered_at, SteeredService*, HashBytes, SameBytes> claims_;
};

}  // namespace ferry::proxy
