#include "proxy/cli/get.h"

#include <cstdlib>
#include <map>
#include <utility>
#include <vector>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/decode.h"
#include "proxy/cli/service_tables.h"
#include "proxy/cli/text.h"

namespace ferry::cli {

namespace {

/// More than any cluster has; what a daemon that repeats itself without end is held to.
constexpr std::size_t kMostServicePorts = 200'000;
/// Each costs a request of its own.
constexpr std::size_t kMostServicesWithEndpoints = 1000;

/// Control characters and everything beyond ASCII as JSON escapes: nothing in it can act upon a terminal.
std::string json_text(const Json& json) {
  constexpr int kIndent = 2;
  constexpr bool kAsciiAlone = true;
  return json.dump(kIndent, ' ', kAsciiAlone) + "\n";
}

int fail(const AskError& error, const Output& output) {
  output.note(error.sentence);
  return EXIT_FAILURE;
}

/// The table, or a word beside it that there is nothing to show.
void print(const Table& table, const std::string& nothing, const Output& output) {
  if (table.rows.empty()) {
    output.note(nothing);
  } else {
    output.out << table.to_text();
  }
}

std::string no_services(const GetOptions& options) {
  std::string text = "there are no services";
  if (!options.namespace_name.empty()) text += fmt::format(" in namespace {}", printable(options.namespace_name));
  if (!options.pattern.empty())
    text += fmt::format(" with '{}' in their names or addresses", printable(options.pattern));
  return text;
}

int get_services(const GetOptions& options, const Ask& ask, const Output& output) {
  auto result = collect_services(ask, {options.pattern, options.namespace_name}, kMostServicePorts);
  if (const auto* const error = std::get_if<AskError>(&result)) return fail(*error, output);
  const auto& collected = std::get<CollectedServices>(result);
  if (collected.cut) output.note(fmt::format("only the first {} service ports are shown", collected.items.size()));

  std::vector<ServicePort> services;
  std::map<std::string, std::size_t> places;
  const auto place = [](const ServicePort& port) {
    return full_name(port.namespace_name, port.name, port.port) + "/" + port.protocol;
  };
  for (const Json& item : collected.items) {
    services.push_back(decode_service_port(item));
    places[place(services.back())] = services.size() - 1;
  }
  sort_services(services, options.sort);
  if (options.format != GetOptions::Format::kJson) {
    print(services_table(services, options.format == GetOptions::Format::kWide), no_services(options), output);
    return EXIT_SUCCESS;
  }
  Json list = Json::object();
  list["total"] = collected.total;
  list["matched"] = services.size();
  list["offset"] = 0;
  list["items"] = Json::array();
  for (const ServicePort& service : services) list["items"].push_back(collected.items[places[place(service)]]);
  output.out << json_text(list);
  return EXIT_SUCCESS;
}

/// The services with endpoints to show: the one asked for, or those of the list.
std::variant<std::vector<ServiceName>, AskError> names_of_services(const GetOptions& options, const Ask& ask,
                                                                   const Output& output) {
  if (options.service) return std::vector{*options.service};
  auto result = collect_services(ask, {"", options.namespace_name}, kMostServicePorts);
  if (auto* const error = std::get_if<AskError>(&result)) return std::move(*error);
  std::vector<ServiceName> names;
  for (const Json& item : std::get<CollectedServices>(result).items) {
    const ServicePort port = decode_service_port(item);
    ServiceName name{port.namespace_name, port.name};
    if (!names.empty() && names.back() == name) continue;
    if (names.size() == kMostServicesWithEndpoints) {
      output.note(
          fmt::format("only the endpoints of the first {} services are shown; name a namespace with -n, or one "
                      "service",
                      kMostServicesWithEndpoints));
      break;
    }
    names.push_back(std::move(name));
  }
  return names;
}

int get_endpoints(const GetOptions& options, const Ask& ask, const Output& output) {
  auto names = names_of_services(options, ask, output);
  if (const auto* const error = std::get_if<AskError>(&names)) return fail(*error, output);
  std::vector<ServiceDetail> services;
  Json list = Json::object();
  list["items"] = Json::array();
  for (const ServiceName& name : std::get<std::vector<ServiceName>>(names)) {
    Answer answer = ask(target_of(name));
    if (const auto* const error = std::get_if<AskError>(&answer)) {
      // One that went between the list and this request is none of the cluster's any more.
      if (error->is_not_found() && !options.service) continue;
      return fail(*error, output);
    }
    services.push_back(decode_service_detail(std::get<Json>(answer)));
    list["items"].push_back(std::get<Json>(std::move(answer)));
  }
  if (options.format == GetOptions::Format::kJson) {
    output.out << json_text(options.service ? list["items"].at(0) : list);
    return EXIT_SUCCESS;
  }
  print(endpoints_table(services, options.format == GetOptions::Format::kWide),
        options.service ? "the service has no endpoints" : "there are no endpoints", output);
  return EXIT_SUCCESS;
}

int get_connections(const GetOptions& options, const Ask& ask, const Output& output) {
  std::string target = fmt::format("/api/connections?limit={}", options.limit);
  if (options.service) {
    // The slash divides the two, and means nothing else in a query (RFC 3986, 3.4).
    target += fmt::format("&service={}/{}", percent_encoded(options.service->namespace_name),
                          percent_encoded(options.service->name));
  }
  const Answer answer = ask(target);
  if (const auto* const error = std::get_if<AskError>(&answer)) return fail(*error, output);
  if (options.format == GetOptions::Format::kJson) {
    output.out << json_text(std::get<Json>(answer));
    return EXIT_SUCCESS;
  }
  const ConnectionList list = decode_connection_list(std::get<Json>(answer));
  print(connections_table(list.items, options.format == GetOptions::Format::kWide), "the relay carries no connections",
        output);
  if (list.items.size() < list.open) {
    output.note(
        fmt::format("{} of the {} connections that the relay carries are shown; --limit N shows more, up to 1000",
                    list.items.size(), list.open));
  }
  return EXIT_SUCCESS;
}

}  // namespace

int get(const GetOptions& options, const Ask& ask, const Output& output) {
  switch (options.resource) {
    case GetOptions::Resource::kServices:
      return get_services(options, ask, output);
    case GetOptions::Resource::kEndpoints:
      return get_endpoints(options, ask, output);
    case GetOptions::Resource::kConnections:
      return get_connections(options, ask, output);
  }
  return EXIT_FAILURE;
}

}  // namespace ferry::cli
