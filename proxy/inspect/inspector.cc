#include "proxy/inspect/inspector.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "proxy/admin/json_response.h"
#include "proxy/inspect/history_book.h"
#include "proxy/inspect/service_detail.h"
#include "proxy/inspect/service_list.h"
#include "proxy/inspect/steering_parts.h"
#include "proxy/steering/snapshot_of.h"

namespace ferry::proxy {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;
using WallClock = std::chrono::system_clock;

namespace {

constexpr std::chrono::seconds kStreamInterval{1};
constexpr std::size_t kMostConnections = 1000;
constexpr std::string_view kServicePath = "/api/services/";

/// Connections and UDP flows together.
ConnectionCounters carried(const DataplaneTotals& totals) {
  const ConnectionCounters& tcp = totals.connections;
  const ConnectionCounters& udp = totals.flows;
  return {tcp.accepted + udp.accepted,
          tcp.open + udp.open,
          tcp.failed + udp.failed,
          tcp.retried + udp.retried,
          tcp.bytes_to_backend + udp.bytes_to_backend,
          tcp.bytes_to_client + udp.bytes_to_client};
}

/// "NAMESPACE/NAME". Throws std::invalid_argument.
config::NamespacedName parse_name(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size() ||
      text.find('/', slash + 1) != std::string::npos) {
    throw std::invalid_argument("a service is named NAMESPACE/NAME");
  }
  return {text.substr(0, slash), text.substr(slash + 1)};
}

Json connection_json(const ConnectionRecord& record, bool clients) {
  const config::ServicePortName& name = *record.service;
  return {
      {"client", clients ? Json(place_text(record.client.address, record.client.port)) : Json(nullptr)},
      {"namespace", name.service.ns},
      {"name", name.service.name},
      {"port", name.port},
      {"address", place_text(record.address.address, record.address.port)},
      {"endpoint", record.endpoint ? Json(place_text(record.endpoint->address, record.endpoint->port)) : Json(nullptr)},
      {"state", std::string(to_string(record.state))},
      {"attempts", record.attempts},
      {"bytesToBackend", record.bytes_to_backend},
      {"bytesToClient", record.bytes_to_client},
      {"ageMs", record.age.count()},
      {"idleMs", record.idle.count()},
      {"worker", record.worker}};
}

}  // namespace

struct Inspector::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, Dataplane& path, InspectorSources given)
      : loop(io), dataplane(path), sources(std::move(given)), timer(io) {}

  asio::io_context& loop;
  Dataplane& dataplane;
  InspectorSources sources;
  HistoryBook histories;
  asio::steady_timer timer;
  SteadyClock::time_point sampled = SteadyClock::now();
  WallClock::time_point started = WallClock::now();

  void sample();
  void await_sample();

  Json status() const;
  void answer_detail(const config::NamespacedName& name, const Routes::Reply& reply);
  void answer_connections(const Request& request, bool clients, const Routes::Reply& reply) const;
  void answer_stream(const Request& request, const Routes::Reply& reply);

  /// Has a wrong parameter answered by its sentence.
  template <typename Answer>
  Routes::Handler guarded(Answer answer) {
    return [self = shared_from_this(), answer](const Request& request, const Routes::Reply& reply) {
      try {
        answer(*self, request, reply);
      } catch (const std::invalid_argument& error) {
        reply(error_response(400, error.what()));
      }
    };
  }
};

void Inspector::State::sample() {
  const SteadyClock::time_point now = SteadyClock::now();
  const std::chrono::duration<double> interval = now - std::exchange(sampled, now);
  const DataplaneTotals totals = dataplane.overview().totals;
  histories.add(dataplane.ports(), carried(totals), snapshot_of(sources.steering), interval);
}

void Inspector::State::await_sample() {
  timer.expires_after(HistoryBook::kInterval);
  timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (cancelled.failed()) return;
    self->sample();
    self->await_sample();
  });
}

Json Inspector::State::status() const {
  const std::vector<Dataplane::Port> ports = dataplane.ports();
  std::size_t ejected = 0;
  for (const Dataplane::Port& port : ports) ejected += port.served->ejections().size();
  const Dataplane::Overview overview = dataplane.overview();
  return {{"version", sources.version},
          {"node", sources.node},
          {"startedAt", time_json(started)},
          {"now", time_json(WallClock::now())},
          {"synced", sources.synced()},
          {"healthy", sources.healthy()},
          {"lastChangeAt", time_json(sources.last_change())},
          {"watches", sources.watches()},
          {"files", sources.files()},
          {"servicePorts", ports.size()},
          {"endpointsEjected", ejected},
          {"unserved", overview.unserved},
          {"connections", connections_json(carried(overview.totals))},
          {"steering", steering_json(snapshot_of(sources.steering))},
          {"rates", rates_json(histories.all().last())},
          {"connectMs", connect_json(&histories.all())},
          {"history", history_json(histories.all())}};
}

void Inspector::State::answer_detail(const config::NamespacedName& name, const Routes::Reply& reply) {
  // Who is asked may have other things to do until after the end.
  sources.describe(name, [weak = weak_from_this(), name, reply](std::optional<config::ServiceDescription> service) {
    const std::shared_ptr<State> asked = weak.lock();
    if (!asked) return;
    asio::post(asked->loop, [weak, name, reply, service = std::move(service)] {
      const std::shared_ptr<State> self = weak.lock();
      if (!self) return;
      std::vector<Dataplane::Port> ports = self->dataplane.ports();
      std::erase_if(ports, [&name](const auto& port) { return port.served->name()->service != name; });
      if (service) {
        reply(json_response(
            service_detail_json(*service, ports, self->histories, self->sources.steering, SteadyClock::now())));
      } else if (!ports.empty()) {
        reply(json_response(removed_service_json(name, ports, self->histories)));
      } else {
        reply(error_response(404, "there is no service " + name.ns + "/" + name.name));
      }
    });
  });
}

void Inspector::State::answer_connections(const Request& request, bool clients, const Routes::Reply& reply) const {
  const std::size_t most = number_parameter(request, "limit", 100, kMostConnections);
  ConnectionListing::Wanted wanted = [](const config::ServicePortName&) { return true; };
  if (const std::string& service = request.parameter("service"); !service.empty()) {
    wanted = [name = parse_name(service)](const config::ServicePortName& port) { return port.service == name; };
  }
  dataplane.list_connections(std::move(wanted), most, [clients, reply](const ConnectionListing::Result& result) {
    Json items = Json::array();
    for (const ConnectionRecord& record : result.connections) items.push_back(connection_json(record, clients));
    const std::size_t shown = items.size();
    reply(json_response(
        {{"open", result.open}, {"shown", shown}, {"clientsHidden", !clients}, {"items", std::move(items)}}));
  });
}

void Inspector::State::answer_stream(const Request& request, const Routes::Reply& reply) {
  const std::string& view = request.parameter("view");
  const auto event = [view, reply](Response response) {
    while (response.body.ends_with('\n')) response.body.pop_back();
    response.body = "event: " + (response.status == 200 ? view : "error") + "\ndata: " + response.body + "\n\n";
    reply(std::move(response));
  };
  if (view == "status") {
    event(json_response(status()));
  } else if (view == "services") {
    event(
        json_response(service_list_json(dataplane.ports(), histories, sources.steering, ServiceQuery::parse(request))));
  } else if (view == "service") {
    answer_detail(parse_name(request.parameter("service")), event);
  } else {
    event(error_response(400, "view is status, services or service"));
  }
}

Inspector::Inspector(asio::io_context& loop, Dataplane& dataplane, InspectorSources sources)
    : state_(std::make_shared<State>(loop, dataplane, std::move(sources))) {}

Inspector::~Inspector() = default;

void Inspector::start() {
  state_->sample();
  state_->await_sample();
}

void Inspector::stop() {
  asio::post(state_->loop, [state = state_] { state->timer.cancel(); });
}

void Inspector::add_to(Routes& routes, std::function<bool()> clients) {
  routes.add_handler("/api/status", state_->guarded([](State& state, const Request&, const Routes::Reply& reply) {
    reply(json_response(state.status()));
  }));
  routes.add_handler("/api/services", state_->guarded([](State& state, const Request& request,
                                                         const Routes::Reply& reply) {
    const ServiceQuery query = ServiceQuery::parse(request);
    reply(json_response(service_list_json(state.dataplane.ports(), state.histories, state.sources.steering, query)));
  }));
  routes.add_handler("/api/services/*",
                     state_->guarded([](State& state, const Request& request, const Routes::Reply& reply) {
                       state.answer_detail(parse_name(request.path.substr(kServicePath.size())), reply);
                     }));
  routes.add_handler(
      "/api/connections",
      state_->guarded([clients = std::move(clients)](State& state, const Request& request, const Routes::Reply& reply) {
        state.answer_connections(request, clients(), reply);
      }));
  const auto stream = [self = state_](const Request& request, const Routes::Reply& reply) {
    try {
      self->answer_stream(request, reply);
    } catch (const std::invalid_argument& error) {
      reply({.body = "event: error\ndata: " + json_text(Json{{"error", error.what()}}) + "\n\n"});
    }
  };
  routes.add_stream("/api/stream", stream, kStreamInterval);
}

}  // namespace ferry::proxy
