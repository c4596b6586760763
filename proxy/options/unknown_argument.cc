#include "proxy/options/unknown_argument.h"

#include <algorithm>
#include <numeric>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

/// How many letters must be added, dropped, changed or swapped with the next to make one of the other (optimal string
/// alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = last[j] + (a[i] == b[j] ? 0 : 1);
      row[j + 1] = std::min({last[j + 1] + 1, row[j] + 1, changed});
      const bool swapped = i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
      if (swapped) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest_word(std::string_view word, const std::vector<std::string>& known,
                                        std::size_t most_changes) {
  std::optional<std::string> nearest;
  std::size_t bound = most_changes + 1;
  for (const std::string& candidate : known) {
    const std::size_t changes = edit_distance(word, candidate);
    if (changes >= bound) continue;
    bound = changes;
    nearest = candidate;
  }
  return nearest;
}

std::string explain_unknown_argument(std::string_view argument, const std::vector<std::string>& known_flags,
                                     std::string_view program) {
  if (!argument.starts_with('-')) {
    return fmt::format("unexpected argument '{}'; every value belongs to a flag, as {} --help shows", argument,
                       program);
  }
  const std::string_view flag = argument.substr(0, argument.find('='));
  if (const auto meant = nearest_word(flag, known_flags, flag.size() / 4)) {
    return fmt::format("unknown flag {}; did you mean {}?", flag, *meant);
  }
  return fmt::format("unknown flag {}; {} --help lists those there are", flag, program);
}

}  // namespace ferry::proxy
