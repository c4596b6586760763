#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ferry::watch {

/// RFC 4648, section 4, with padding.
std::string base64_encode(std::string_view bytes);

/// The reverse; white space is skipped. nullopt when the text is not base64.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace ferry::watch
