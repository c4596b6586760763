#pragma once

#include <span>
#include <string_view>

namespace ferry::proxy {

/// One file of the live page, as it is served.
struct PageFile {
  /// Where: `/` or below `/page/`.
  std::string_view path;
  std::string_view content_type;
  /// Its bytes; they live as long as the program.
  std::string_view content;
};

/// The live page, compiled in: all that a browser needs to show docs/api.md to a person. It asks nothing of any other
/// origin and has neither script nor style inside its markup, so that each file may be served under kPagePolicy.
std::span<const PageFile> page_files();

/// The `Content-Security-Policy` to serve the page with: what other people's names and annotations say stays text even
/// where the page should err.
inline constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace ferry::proxy
