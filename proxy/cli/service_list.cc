#include "proxy/cli/service_list.h"

#include <algorithm>
#include <set>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/decode.h"
#include "proxy/cli/service_tables.h"

namespace ferry::cli {

namespace {

/// The most that one answer holds.
constexpr std::size_t kPage = 500;
/// More pages than any cluster fills: a daemon that never comes to an end is left.
constexpr std::size_t kMostPages = 1000;

std::string page_target(const ServiceSelection& selection, std::size_t offset) {
  std::string target = fmt::format("/api/services?sort=name&offset={}&limit={}", offset, kPage);
  // The namespace alone narrows what is asked for, though others may end in the same letters.
  const std::string text = selection.pattern.empty() && !selection.namespace_name.empty()
                               ? selection.namespace_name + "/"
                               : selection.pattern;
  if (!text.empty()) target += "&q=" + percent_encoded(text);
  return target;
}

bool contains(std::string text, std::string part) {
  const auto lower = [](std::string& word) {
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  };
  lower(text);
  lower(part);
  return text.find(part) != std::string::npos;
}

/// As the API's own search does.
bool matches(const ServicePort& service, const std::string& search) {
  return contains(full_name(service.namespace_name, service.name, service.port), search) ||
         std::any_of(service.addresses.begin(), service.addresses.end(),
                     [&search](const std::string& address) { return contains(address, search); });
}

std::string identity(const ServicePort& service) {
  return fmt::format("{}/{}:{}/{}", service.namespace_name, service.name, service.port, service.protocol);
}

}  // namespace

std::string target_of(const ServiceName& service) {
  return fmt::format("/api/services/{}/{}", percent_encoded(service.namespace_name), percent_encoded(service.name));
}

std::variant<CollectedServices, AskError> collect_services(const Ask& ask, const ServiceSelection& selection,
                                                           std::size_t most) {
  CollectedServices collected;
  std::set<std::string> seen;
  std::size_t offset = 0;
  for (std::size_t pages = 0; pages < kMostPages; ++pages) {
    Answer answer = ask(page_target(selection, offset));
    if (auto* const error = std::get_if<AskError>(&answer)) return std::move(*error);
    const Json& page = std::get<Json>(answer);
    const ServiceList list = decode_service_list(page);
    collected.total = list.total;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      if (!selection.namespace_name.empty() && list.items[i].namespace_name != selection.namespace_name) continue;
      if (!seen.insert(identity(list.items[i])).second) continue;
      if (collected.items.size() == most) {
        collected.cut = true;
        return collected;
      }
      collected.items.push_back(page.at("items").at(i));
    }
    offset += list.items.size();
    if (list.items.empty() || offset >= list.matched) return collected;
  }
  collected.cut = true;
  return collected;
}

void keep_only(ServiceList& list, const ServiceSelection& selection) {
  std::erase_if(list.items, [&selection](const ServicePort& service) {
    const bool elsewhere = !selection.namespace_name.empty() && service.namespace_name != selection.namespace_name;
    return elsewhere || !matches(service, selection.pattern);
  });
  list.offset = 0;
  list.matched = list.items.size();
}

}  // namespace ferry::cli
