#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ferry::proxy {

/// One thing that was looked at before a start, and how it stands.
struct Finding {
  enum class Level : std::uint8_t {
    kOk,
    /// It runs, and does less than it could; or nobody could look.
    kWarning,
    /// It would not start, or not do its work.
    kError
  };

  Level level = Level::kOk;
  /// A word or two: "API server".
  std::string about;
  /// One sentence, without a stop.
  std::string found;
  /// What to do about it; empty when all is well.
  std::string remedy;

  friend bool operator==(const Finding&, const Finding&) = default;
};

using Findings = std::vector<Finding>;

Finding ok(std::string about, std::string found);
Finding warning(std::string about, std::string found, std::string remedy);
Finding error(std::string about, std::string found, std::string remedy);

bool has_errors(const Findings& findings);

/// For people: a paragraph each, no line longer than 100 columns unless a word is, and a line that sums up.
std::string to_text(const Findings& findings);

/// `{"errors": 0, "warnings": 1, "findings": [{"level": "warning", "check": …, "found": …, "remedy": …}]}`
std::string to_json(const Findings& findings);

}  // namespace ferry::proxy
