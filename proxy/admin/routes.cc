#include "proxy/admin/routes.h"

#include <exception>
#include <utility>

namespace ferry::proxy {

void Routes::add(std::string path, Page page) { pages_.insert_or_assign(std::move(path), std::move(page)); }

Response Routes::make(const Page& page) {
  try {
    return page();
  } catch (const std::exception& error) {
    return {.status = 500, .body = std::string("the page could not be made: ") + error.what() + "\n"};
  }
}

Response Routes::answer(std::string_view target) const {
  const auto found = pages_.find(target.substr(0, target.find('?')));
  if (found != pages_.end()) return make(found->second);
  if (default_) return make(default_);
  Response missing{.status = 404, .body = "no such page; there are:\n"};
  for (const auto& [path, page] : pages_) missing.body += path + "\n";
  return missing;
}

}  // namespace ferry::proxy
