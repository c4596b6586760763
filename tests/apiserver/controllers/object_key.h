#pragma once

#include <string>
#include <tuple>

namespace ferry::apiserver {

struct Object;

/// Which object of one resource: the namespace is empty for what lives in none.
struct ObjectKey {
  std::string name_space;
  std::string name;

  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
  friend bool operator<(const ObjectKey& a, const ObjectKey& b) {
    return std::tie(a.name_space, a.name) < std::tie(b.name_space, b.name);
  }
};

ObjectKey key_of(const Object& stored);

}  // namespace ferry::apiserver
