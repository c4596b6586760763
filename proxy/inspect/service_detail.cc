#include "proxy/inspect/service_detail.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/balancer/endpoint_order.h"
#include "proxy/inspect/service_list.h"
#include "proxy/inspect/steering_parts.h"
#include "proxy/settings/duration.h"
#include "proxy/settings/service_settings.h"

namespace ferry::proxy {

namespace {

using config::EndpointUse;
using Clock = std::chrono::steady_clock;

std::string why_unused(EndpointUse use) {
  switch (use) {
    case EndpointUse::kUsed:
      return "";
    case EndpointUse::kUsedTerminating:
      return "terminates; used because no ready endpoint is left";
    case EndpointUse::kNotReady:
      return "is not ready";
    case EndpointUse::kTerminating:
      return "terminates";
    case EndpointUse::kOtherNode:
      return "hints say that endpoints of this node are to be used";
    case EndpointUse::kOtherZone:
      return "hints say that endpoints of this node's zone are to be used";
    case EndpointUse::kElsewhere:
      return "runs on another node, and the traffic policy is Local";
    case EndpointUse::kRefused:
      return "nothing may be carried to a loopback, link-local, multicast or service address";
  }
  return "";
}

std::string what_happened(EjectionCause cause) {
  switch (cause) {
    case EjectionCause::kRefused:
      return "refused a connection";
    case EjectionCause::kTimedOut:
      return "did not answer a dial";
    case EjectionCause::kUnreachable:
      return "could not be reached";
    case EjectionCause::kVanished:
      return "fell silent on a connection";
  }
  return "";
}

std::string in_seconds(Clock::duration duration) {
  return format_duration(std::chrono::ceil<std::chrono::seconds>(std::max(duration, Clock::duration::zero())));
}

std::string why_ejected(const Ejected& ejected, Clock::time_point now) {
  const std::string past = fmt::format("{} {} ago", what_happened(ejected.cause), in_seconds(now - ejected.failed_at));
  const std::string times = ejected.times > 1 ? fmt::format(", {} times in a row", ejected.times) : "";
  return ejected.until > now ? fmt::format("{}{}; left out for {} more", past, times, in_seconds(ejected.until - now))
                             : fmt::format("{}{}; the next connection tries it", past, times);
}

/// Everything about one endpoint that goes into its object.
struct EndpointView {
  config::DescribedEndpoint said;
  std::shared_ptr<const EndpointRecord> record;
  const Ejected* ejected = nullptr;
  /// No slice names it any more.
  bool gone = false;
};

std::pair<std::string, std::string> state_of(const EndpointView& view, Clock::time_point now) {
  const std::uint32_t open = view.record ? view.record->load.open() : 0;
  const bool used =
      !view.gone && (view.said.use == EndpointUse::kUsed || view.said.use == EndpointUse::kUsedTerminating);
  if (used && view.ejected != nullptr) return {"ejected", why_ejected(*view.ejected, now)};
  if (used) return {view.said.use == EndpointUse::kUsed ? "used" : "terminating", why_unused(view.said.use)};
  const std::string why = view.gone ? "is gone" : why_unused(view.said.use);
  if (open > 0) return {"draining", fmt::format("{}; {} connections go on", why, open)};
  return {"unused", why};
}

Json endpoint_json(const EndpointView& view, Clock::time_point now) {
  const auto [state, why] = state_of(view, now);
  const double latency = view.record ? view.record->load.connect_time.last() : 0;
  return {{"address", view.said.address.to_string()},
          {"port", view.said.port},
          {"node", view.said.node_name.text()},
          {"local", view.said.local},
          {"state", state},
          {"why", why},
          {"connections", connections_json(view.record ? view.record->connections() : ConnectionCounters{})},
          {"connectMs", latency == 0 ? Json(nullptr) : Json(std::round(latency) / 1000)}};
}

config::Backend place_of(const config::DescribedEndpoint& endpoint) {
  return {endpoint.address, endpoint.port, endpoint.local, false};
}

std::vector<EndpointView> endpoint_views(const std::vector<config::DescribedEndpoint>& said,
                                         const Dataplane::Port* port, const std::vector<Ejected>& ejected) {
  std::vector<EndpointView> views;
  for (const config::DescribedEndpoint& endpoint : said) views.push_back({endpoint, nullptr, nullptr, false});
  const auto find = [&views](const config::Backend& place) {
    return std::find_if(views.begin(), views.end(),
                        [&](const EndpointView& view) { return same_endpoint(place_of(view.said), place); });
  };
  if (port != nullptr) {
    for (const auto& record : port->served->endpoints().all()) {
      const auto view = find(record->endpoint);
      if (view != views.end()) {
        view->record = record;
      } else if (record->load.open() > 0) {
        views.push_back(
            {{record->endpoint.address, record->endpoint.port, {}, record->endpoint.local}, record, nullptr, true});
      }
    }
  }
  for (const Ejected& one : ejected) {
    if (const auto view = find(one.endpoint); view != views.end()) view->ejected = &one;
  }
  return views;
}

Json settings_json(const std::map<std::string, std::string>& annotations) {
  Json settings = Json::array();
  for (const ReadSetting& read : read_settings(annotations).read) {
    settings.push_back({{"key", "kube-ferry.io/" + read.key},
                        {"value", read.value},
                        {"inForce", read.in_force},
                        {"error", read.error}});
  }
  return settings;
}

std::string joined(const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, ", ")); }

std::vector<std::string> words_about(const config::ServiceDescription& service, const config::ServicePort& port,
                                     const Dataplane::Port* served, const std::vector<EndpointView>& views,
                                     const SteeringView* steering, Clock::time_point now) {
  std::vector<std::string> words;
  if (!service.served) {
    words.emplace_back(service.service.type == config::ServiceType::kExternalName
                           ? "not served: an ExternalName is the DNS's"
                       : service.service.cluster_ips.empty()
                           ? "not served: it has no cluster address"
                           : "not served: its label service.kubernetes.io/service-proxy-name names another proxy");
    return words;
  }
  if (port.protocol == config::Protocol::kSctp) return {"not served: SCTP is not carried"};
  if (served == nullptr || !served->info) return {"not served yet"};
  const auto settings = read_settings(served->info->annotations).settings;
  std::size_t used = 0;
  std::size_t ejected = 0;
  for (const EndpointView& view : views) {
    const std::string state = state_of(view, now).first;
    used += state == "used" || state == "terminating" || state == "ejected" ? 1 : 0;
    ejected += state == "ejected" ? 1 : 0;
  }
  words.push_back(fmt::format("connections to {} are carried to {} of {} endpoints, {}",
                              joined(addresses_of(*served->info)), used, views.size(),
                              to_string(settings->load_balancing)));
  if (std::string steered = steering_words(steering, *served); !steered.empty()) words.push_back(std::move(steered));
  if (used == 0) words.emplace_back("while there is no endpoint to use, connections are refused or ignored");
  if (ejected > 0) {
    words.push_back(fmt::format("{} of them left out for now, because they did not take a connection", ejected));
  }
  if (served->info->session_affinity == config::SessionAffinity::kClientIp) {
    words.push_back(fmt::format("each client keeps its endpoint until {} after its last connection",
                                format_duration(served->info->affinity_timeout)));
  }
  for (const ReadSetting& read : read_settings(served->info->annotations).read) {
    if (!read.error.empty()) {
      words.push_back(fmt::format("annotation kube-ferry.io/{} is not understood: {}", read.key, read.error));
    }
  }
  return words;
}

const Dataplane::Port* port_named(const std::vector<Dataplane::Port>& ports, const config::ServicePortName& name) {
  const Dataplane::Port* found = nullptr;
  for (const Dataplane::Port& port : ports) {
    if (*port.served->name() == name && (found == nullptr || port.info)) found = &port;
  }
  return found;
}

/// A service port that the data path does not know.
Json unserved_port_json(const config::ServicePortName& name) {
  return {{"namespace", name.service.ns},
          {"name", name.service.name},
          {"port", name.port},
          {"number", 0},
          {"protocol", std::string(config::to_string(name.protocol))},
          {"addresses", Json::array()},
          {"removed", false},
          {"loadBalancing", std::string(to_string(LoadBalancing::kRoundRobin))},
          {"endpoints", {{"used", 0}, {"ejected", 0}, {"draining", 0}}},
          {"connections", connections_json({})},
          {"steering", nullptr},
          {"rates", rates_json({})},
          {"connectMs", connect_json(nullptr)},
          {"history", nullptr}};
}

Json endpoint_list_json(const std::vector<EndpointView>& views, Clock::time_point now) {
  Json list = Json::array();
  for (const EndpointView& view : views) list.push_back(endpoint_json(view, now));
  return list;
}

}  // namespace

Json service_detail_json(const config::ServiceDescription& service, const std::vector<Dataplane::Port>& ports,
                         const HistoryBook& histories, const SteeringView* steering, Clock::time_point now) {
  Json port_list = Json::array();
  for (std::size_t index = 0; index < service.ports.size(); ++index) {
    const config::DescribedPort& said = service.ports[index];
    const Dataplane::Port* const port = port_named(ports, said.name);
    const std::vector<Ejected> ejected = port ? port->served->ejections().list() : std::vector<Ejected>{};
    const std::vector<EndpointView> views = endpoint_views(said.endpoints, port, ejected);
    Json one = port ? service_port_json(*port, histories, steering, true) : unserved_port_json(said.name);
    one["number"] = service.service.ports[index].port;
    one["settings"] = settings_json(service.service.annotations);
    one["words"] = words_about(service, service.service.ports[index], port, views, steering, now);
    one["endpointList"] = endpoint_list_json(views, now);
    port_list.push_back(std::move(one));
  }
  return {{"namespace", service.service.name.ns}, {"name", service.service.name.name}, {"ports", std::move(port_list)}};
}

Json removed_service_json(const config::NamespacedName& name, const std::vector<Dataplane::Port>& ports,
                          const HistoryBook& histories) {
  Json port_list = Json::array();
  for (const Dataplane::Port& port : ports) {
    Json one = service_port_json(port, histories, nullptr, true);
    one["settings"] = Json::array();
    one["words"] = {"the service is gone; its connections go on"};
    one["endpointList"] = endpoint_list_json(endpoint_views({}, &port, {}), {});
    port_list.push_back(std::move(one));
  }
  return {{"namespace", name.ns}, {"name", name.name}, {"ports", std::move(port_list)}};
}

}  // namespace ferry::proxy
