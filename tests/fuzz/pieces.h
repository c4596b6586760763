#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "tests/watch/codec/cuts.h"

namespace ferry::testing {

/// Every byte by itself.
inline Pieces bytes_of(std::string_view text) {
  Pieces pieces;
  for (std::size_t at = 0; at < text.size(); ++at) pieces.push_back(text.substr(at, 1));
  return pieces;
}

/// The text cut at places that differ from one text to another.
inline Pieces cuts_of(std::string_view text) {
  std::uint32_t state = 2166136261U;
  for (const char byte : text) state = (state ^ static_cast<unsigned char>(byte)) * 16777619U;
  Pieces pieces;
  for (std::size_t at = 0; at < text.size();) {
    state = state * 1664525U + 1013904223U;
    const std::size_t size = std::min<std::size_t>(state >> 26, text.size() - at);
    pieces.push_back(text.substr(at, size));
    at += size;
  }
  return pieces;
}

}  // namespace ferry::testing
