#pragma once

#include <string>
#include <string_view>

namespace ferry::watch::codec {

/// Whether the bytes are UTF-8 throughout (RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF).
bool is_utf8(std::string_view bytes);

/// The text that a JSON string stands for. `written` is what stands between the quotes, its escapes already found
/// right.
void unescape(std::string_view written, std::string& out);

/// Text from the network made fit for one clause of a log line: control bytes and runs of blanks become one blank,
/// bytes that are not UTF-8 become '?', a trailing stop goes, and no more than `limit` bytes are kept.
std::string printable(std::string_view text, std::size_t limit);

}  // namespace ferry::watch::codec
