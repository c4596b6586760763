#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text as a terminal takes it.
namespace ferry::cli {

/// The text with everything escaped that a terminal would act upon rather than show: control characters as \n, \t or
/// \x1b, bytes that are no UTF-8 as \xff, and characters that control, reorder or hide others (C1, bidirectional,
/// of no width) as \u{202e}. What comes back is valid UTF-8.
std::string printable(std::string_view text);

/// How many columns printable text takes: two for wide characters of East Asia and emoji, one for all others.
std::size_t columns_of(std::string_view text);

/// The text cut to at most so many columns, its last one an ellipsis when something was cut.
std::string clipped(std::string_view text, std::size_t columns);

/// The text clipped to exactly so many columns, filled up with spaces on its right.
std::string left_aligned(std::string_view text, std::size_t columns);
/// The same, filled up on its left.
std::string right_aligned(std::string_view text, std::size_t columns);

}  // namespace ferry::cli
