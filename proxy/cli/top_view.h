#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/cli/top_model.h"

namespace ferry::cli {

/// One line of the screen, and how it stands out.
struct ScreenLine {
  enum class Style : std::uint8_t { kPlain, kTitle, kHeader, kSelected, kAlarm, kDim };

  std::string text;
  Style style = Style::kPlain;

  friend bool operator==(const ScreenLine&, const ScreenLine&) = default;
};

/// What the screen shows: exactly as many lines as it has rows, none wider than its columns, all of it printable.
std::vector<ScreenLine> render(const TopState& state);

/// What is shown of a service, with as many lines as there is to say; cut to the screen's columns.
std::vector<ScreenLine> detail_lines(const TopState& state);

/// The totals in one line: "open 3  conn/s 1.5  …".
std::string totals_line(const Status& status);

}  // namespace ferry::cli
