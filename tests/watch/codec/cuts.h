#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace ferry::testing {

using Pieces = std::vector<std::string_view>;

/// Every how many bytes a text of this size is cut: at each one, but under AddressSanitizer, which would take minutes
/// over the large ones, at about five hundred places.
inline std::size_t cut_stride(std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
  return size / 500 + 1;
#else
  static_cast<void>(size);
  return 1;
#endif
}

/// Calls check(pieces) with the text split in two at each byte, and once with every byte by itself.
template <class Check>
void for_each_cut(std::string_view text, Check&& check) {
  for (std::size_t at = 0; at <= text.size(); at += cut_stride(text.size())) {
    check(Pieces{text.substr(0, at), text.substr(at)});
  }
  Pieces bytes;
  for (std::size_t at = 0; at < text.size(); ++at) bytes.push_back(text.substr(at, 1));
  check(bytes);
}

}  // namespace ferry::testing
