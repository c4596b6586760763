#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "proxy/cli/api.h"
#include "proxy/cli/service_sort.h"

/// The columns of top's tables, as many as fit beside each other.
namespace ferry::cli {

/// Services: names take what the numbers leave. Where names would get too little, the numbers told least often asked
/// for go first, but never the one that is sorted by; its header carries a star.
class ListColumns {
 public:
  ListColumns(std::size_t width, SortKey sort);

  std::string header() const;
  std::string row(const ServicePort& service) const;

 private:
  SortKey sort_;
  std::size_t name_width_;
  std::vector<SortKey> numbers_;
};

/// A service's endpoints: addresses as wide as the widest of them, and what is left for their nodes.
class EndpointColumns {
 public:
  EndpointColumns(const std::vector<Endpoint>& endpoints, std::size_t width);

  std::string header() const;
  std::string row(const Endpoint& endpoint) const;

 private:
  std::size_t address_width_;
  std::size_t width_;
};

}  // namespace ferry::cli
