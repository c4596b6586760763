#pragma once

#include <cstring>
#include <functional>
#include <string_view>

#include "proxy/steering/steering_layout.h"

namespace ferry::proxy {

/// Keys and values of the maps are compared by their bytes: none of them has padding.
template <typename Layout>
bool same_bytes(const Layout& a, const Layout& b) {
  return std::memcmp(&a, &b, sizeof(Layout)) == 0;
}

struct ByBytes {
  template <typename Layout>
  bool operator()(const Layout& a, const Layout& b) const {
    return std::memcmp(&a, &b, sizeof(Layout)) < 0;
  }
};

struct HashBytes {
  template <typename Layout>
  std::size_t operator()(const Layout& layout) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(&layout), sizeof(layout)});
  }
};

struct SameBytes {
  template <typename Layout>
  bool operator()(const Layout& a, const Layout& b) const {
    return same_bytes(a, b);
  }
};

}  // namespace ferry::proxy
