#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace ferry::testing {

using Pieces = std::vector<std::string_view>;

/// Calls check(pieces) with the text split in two at each byte, and once with every byte by itself. A long text, whose
/// parts repeat themselves, is split at a few thousand places: the work grows with the square of its size.
template <class Check>
void for_each_cut(std::string_view text, Check&& check) {
  constexpr std::size_t kMostPlaces = 4096;
  const std::size_t stride = text.size() / kMostPlaces + 1;
  for (std::size_t at = 0; at <= text.size(); at += stride) {
    check(Pieces{text.substr(0, at), text.substr(at)});
  }
  Pieces bytes;
  for (std::size_t at = 0; at < text.size(); ++at) bytes.push_back(text.substr(at, 1));
  check(bytes);
}

}  // namespace ferry::testing
