#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace ferry::testing {

using Pieces = std::vector<std::string_view>;

/// Calls check(pieces) with the text split in two at each byte, and once with every byte by itself.
template <class Check>
void for_each_cut(std::string_view text, Check&& check) {
  for (std::size_t at = 0; at <= text.size(); ++at) {
    check(Pieces{text.substr(0, at), text.substr(at)});
  }
  Pieces bytes;
  for (std::size_t at = 0; at < text.size(); ++at) bytes.push_back(text.substr(at, 1));
  check(bytes);
}

}  // namespace ferry::testing
