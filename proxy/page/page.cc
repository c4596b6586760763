#include "proxy/page/page.h"

#include <array>

namespace ferry::proxy {

/// Made of the files beside this one (cmake/Embed.cmake).
namespace embedded {
extern const std::string_view index_html;
extern const std::string_view style_css;
extern const std::string_view page_js;
}  // namespace embedded

std::span<const PageFile> page_files() {
  // Inside the function: at namespace scope it could be made before the views it copies.
  static const std::array files{
      PageFile{"/", "text/html; charset=utf-8", embedded::index_html},
      PageFile{"/page/style.css", "text/css; charset=utf-8", embedded::style_css},
      PageFile{"/page/page.js", "text/javascript; charset=utf-8", embedded::page_js},
  };
  return files;
}

}  // namespace ferry::proxy
