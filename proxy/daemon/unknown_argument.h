#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ferry::proxy {

/// One sentence about an argument that means nothing here; names the flag that was probably meant, if one is near.
std::string explain_unknown_argument(std::string_view argument, const std::vector<std::string>& known_flags);

}  // namespace ferry::proxy
