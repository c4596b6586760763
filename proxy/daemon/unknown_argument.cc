#include "proxy/daemon/unknown_argument.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

/// How many letters must be added, dropped or changed to make one of the other (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, changed});
    }
  }
  return row.back();
}

}  // namespace

std::string explain_unknown_argument(std::string_view argument, const std::vector<std::string>& known_flags) {
  if (!argument.starts_with('-')) {
    return fmt::format("unexpected argument '{}'; every value belongs to a flag, as kube-ferry --help shows", argument);
  }
  const std::string_view flag = argument.substr(0, argument.find('='));
  const auto nearest = std::min_element(
      known_flags.begin(), known_flags.end(),
      [flag](const std::string& a, const std::string& b) { return edit_distance(flag, a) < edit_distance(flag, b); });
  if (nearest != known_flags.end() && edit_distance(flag, *nearest) <= flag.size() / 4) {
    return fmt::format("unknown flag {}; did you mean {}?", flag, *nearest);
  }
  return fmt::format("unknown flag {}; kube-ferry --help lists those there are", flag);
}

}  // namespace ferry::proxy
