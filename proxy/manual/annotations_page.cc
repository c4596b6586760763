#include <stdexcept>
#include <string_view>

#include <spdlog/fmt/fmt.h>

#include "proxy/manual/pages.h"
#include "proxy/settings/service_settings.h"

namespace ferry::manual {

std::string annotations_page(std::string page) {
  constexpr std::string_view kHead = "\n| annotation | values | without it | meaning |\n|---|---|---|---|\n";
  const auto head = page.find(kHead);
  if (head == std::string::npos) throw std::runtime_error("docs/annotations.md has no table of annotations any more");
  const auto begin = head + kHead.size();
  auto end = begin;
  while (end < page.size() && page[end] == '|') end = page.find('\n', end) + 1;
  std::string rows;
  for (const proxy::SettingDescription& one : proxy::setting_descriptions()) {
    rows += fmt::format("| `{}` | {} | {} | {} |\n", one.key, one.values, one.without, one.meaning);
  }
  return page.replace(begin, end - begin, rows);
}

}  // namespace ferry::manual
