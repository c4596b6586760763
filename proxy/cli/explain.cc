#include "proxy/cli/explain.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/decode.h"
#include "proxy/cli/service_tables.h"
#include "proxy/cli/text.h"
#include "proxy/cli/units.h"
#include "proxy/options/unknown_argument.h"

namespace ferry::cli {

namespace {

/// How many names are offered in place of an unknown one.
constexpr std::size_t kSuggestions = 5;

bool takes_connections(const Endpoint& endpoint) { return endpoint.state == "used" || endpoint.state == "terminating"; }

/// "used", "not used for now: refused a connection 3 s ago": the state and the reason, in words.
std::string state_words(const Endpoint& endpoint) {
  static const std::map<std::string, std::string> kWords{{"used", "used"},
                                                         {"ejected", "not used for now"},
                                                         {"draining", "not used any more, its connections go on"},
                                                         {"terminating", "used though it is terminating"},
                                                         {"unused", "not used"}};
  const auto known = kWords.find(endpoint.state);
  const std::string words = known == kWords.end() ? endpoint.state : known->second;
  if (endpoint.why.empty()) return endpoint.state == "terminating" ? words + ": no ready endpoint is left" : words;
  return fmt::format("{}: {}", words, endpoint.why);
}

std::string where(const Endpoint& endpoint) {
  if (endpoint.local) return endpoint.node.empty() ? "this node" : endpoint.node + " (this node)";
  return endpoint.node;
}

std::string traffic(const Endpoint& endpoint) {
  const Counts& counts = endpoint.connections;
  if (counts.accepted == 0) return "never dialled";
  std::string words = fmt::format("{} open, {} dialled", counts.open, counts.accepted);
  if (counts.failed > 0) words += fmt::format(", {} failed", counts.failed);
  if (endpoint.connect_ms) words += fmt::format(", {} to connect", human_latency(endpoint.connect_ms));
  return words;
}

std::string setting_words(const Setting& setting) {
  const std::string what = fmt::format("{}: {}", setting.key, setting.value);
  if (!setting.error.empty()) {
    const std::string instead =
        setting.in_force.empty() ? "it is ignored" : fmt::format("{} is in force", setting.in_force);
    return fmt::format("{}  WRONG: {}; {}", what, setting.error, instead);
  }
  return setting.in_force.empty() || setting.in_force == setting.value
             ? what
             : fmt::format("{} ({} is in force)", what, setting.in_force);
}

/// How many endpoints of each other kind there are: "1 ejected, 2 unused".
std::string others(const PortDetail& port) {
  std::map<std::string, std::size_t> counts;
  for (const Endpoint& endpoint : port.endpoints) {
    if (!takes_connections(endpoint)) ++counts[endpoint.state];
  }
  std::string words;
  for (const auto& [state, count] : counts) {
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", count, state);
  }
  return words;
}

std::string summary_of(const ServiceDetail& service, const PortDetail& port) {
  const std::string name = full_name(service.namespace_name, service.name, port.summary.port);
  if (port.summary.removed) return fmt::format("{} is gone; only its open connections go on", name);
  if (port.endpoints.empty()) return fmt::format("{} has no endpoints", name);
  const auto used = std::count_if(port.endpoints.begin(), port.endpoints.end(), takes_connections);
  const std::string rest = others(port);
  return fmt::format("{}: {} of {} endpoints take new connections{}", name, used, port.endpoints.size(),
                     rest.empty() ? "" : fmt::format(" ({})", rest));
}

std::string port_section(const ServiceDetail& service, const PortDetail& port) {
  const ServicePort& summary = port.summary;
  std::string text = fmt::format("{}  {} port {}\n", full_name(service.namespace_name, service.name, summary.port),
                                 summary.protocol, port.number);
  text += fmt::format("  addresses:  {}\n",
                      summary.addresses.empty() ? "none" : fmt::format("{}", fmt::join(summary.addresses, ", ")));
  text += fmt::format("  balancing:  {}\n", summary.load_balancing);
  for (const Setting& setting : port.settings) text += fmt::format("  annotation: {}\n", setting_words(setting));
  for (const std::string& words : port.words) text += fmt::format("  {}\n", words);
  text += port.endpoints.empty() ? "  endpoints:  none\n" : "  endpoints:\n";
  std::size_t widest = 0;
  for (const Endpoint& endpoint : port.endpoints) widest = std::max(widest, columns_of(endpoint.address));
  for (const Endpoint& endpoint : port.endpoints) {
    const std::string place = where(endpoint);
    text += fmt::format("    {}  {}\n", left_aligned(endpoint.address, widest), state_words(endpoint));
    text += fmt::format("    {}  {}{}\n", std::string(widest, ' '), place.empty() ? "" : "on " + place + ", ",
                        traffic(endpoint));
  }
  return text;
}

/// Services that may have been meant: those with the same letters in their names, or else the one nearest to it.
std::vector<std::string> suggestions(const ExplainOptions& options, const Ask& ask) {
  std::vector<std::string> names;
  // What is searched for may stand in a namespace or an address as well.
  const auto collect = [&](const ServiceSelection& selection, std::size_t most, const std::string& part) {
    const auto collected = collect_services(ask, selection, most);
    const auto* const services = std::get_if<CollectedServices>(&collected);
    if (services == nullptr) return;
    for (const Json& item : services->items) {
      const ServicePort port = decode_service_port(item);
      if (port.name.find(part) == std::string::npos) continue;
      const std::string name = full_name(port.namespace_name, port.name, "");
      if (names.empty() || names.back() != name) names.push_back(name);
    }
  };
  // Enough to find a slip of the pen in most namespaces by one request.
  constexpr std::size_t kSearched = 500;
  collect({.pattern = options.service.name, .namespace_name = ""}, kSearched, options.service.name);
  if (!names.empty()) {
    // The very name in another namespace is likelier than a longer one.
    std::stable_partition(names.begin(), names.end(),
                          [&options](const std::string& name) { return name.ends_with("/" + options.service.name); });
    names.resize(std::min(names.size(), kSuggestions));
    return names;
  }
  collect({.pattern = "", .namespace_name = options.service.namespace_name}, kSearched, "");
  const std::string asked = full_name(options.service.namespace_name, options.service.name, "");
  const auto nearest = proxy::nearest_word(asked, names, std::max<std::size_t>(1, options.service.name.size() / 3));
  return nearest ? std::vector{*nearest} : std::vector<std::string>{};
}

std::string ports_of(const ServiceDetail& service) {
  std::vector<std::string> ports;
  for (const PortDetail& port : service.ports) {
    ports.push_back(port.summary.port.empty() ? fmt::format("{}", port.number)
                                              : fmt::format("{} ({})", port.summary.port, port.number));
  }
  return fmt::format("{}", fmt::join(ports, ", "));
}

int unknown_service(const ExplainOptions& options, const Ask& ask, const Output& output) {
  const std::string name = printable(full_name(options.service.namespace_name, options.service.name, ""));
  const auto meant = suggestions(options, ask);
  if (meant.empty()) {
    output.note(fmt::format("there is no service {}; kube-ferry get services lists those there are", name));
  } else {
    output.note(fmt::format("there is no service {}; did you mean {}?", name, fmt::join(meant, ", ")));
  }
  return EXIT_FAILURE;
}

}  // namespace

std::vector<PortDetail> matching_ports(const ServiceDetail& service, const std::string& port) {
  std::vector<PortDetail> matching;
  for (const PortDetail& candidate : service.ports) {
    const bool fits = port.empty() || candidate.summary.port == port || std::to_string(candidate.number) == port;
    if (fits) matching.push_back(candidate);
  }
  return matching;
}

std::string explanation(const ServiceDetail& service, const std::vector<PortDetail>& ports) {
  std::string text;
  std::vector<std::string> summaries;
  for (const PortDetail& port : ports) {
    text += port_section(service, port) + '\n';
    summaries.push_back(summary_of(service, port));
  }
  return text + fmt::format("{}\n", fmt::join(summaries, "; "));
}

int explain(const ExplainOptions& options, const Ask& ask, const Output& output) {
  const Answer answer = ask(target_of(options.service));
  if (const auto* const error = std::get_if<AskError>(&answer)) {
    if (error->is_not_found()) return unknown_service(options, ask, output);
    output.note(error->sentence);
    return EXIT_FAILURE;
  }
  const ServiceDetail service = decode_service_detail(std::get<Json>(answer));
  const auto ports = matching_ports(service, options.port);
  if (ports.empty()) {
    const std::string name = full_name(service.namespace_name, service.name, "");
    output.note(service.ports.empty() ? fmt::format("{} has no ports, so nothing is carried to it", name)
                                      : fmt::format("{} has no port {}; give one of {}", name, printable(options.port),
                                                    ports_of(service)));
    return EXIT_FAILURE;
  }
  output.out << explanation(service, ports);
  return EXIT_SUCCESS;
}

}  // namespace ferry::cli
