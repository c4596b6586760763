#pragma once

#include <compare>
#include <string>

namespace ferry::apiserver {

/// Which object of one resource: the namespace is empty for what lives in none.
struct ObjectKey {
  std::string name_space;
  std::string name;

  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
};

}  // namespace ferry::apiserver
