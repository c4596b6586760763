#pragma once

#include <string>

#include "proxy/manual/manual.h"

namespace ferry::manual {

/// docs/flags.md, whole.
std::string flags_page(const Manual& manual);

/// docs/annotations.md with the rows of its table as the code has them. Throws std::runtime_error when it has no table.
std::string annotations_page(std::string page);

/// Fills in a man page in roff (man(7)) that leaves room for what the code knows: `@VERSION@`, `@SYNOPSIS@`,
/// `@OPTIONS@`,
/// `@ACCEPTED@` and `@COMMANDS@`, each on a line of its own but the version. No line of it is longer than 80 bytes.
std::string man_page(const Manual& manual, std::string page, const std::string& version);

}  // namespace ferry::manual
