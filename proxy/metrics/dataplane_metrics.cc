#include "proxy/metrics/dataplane_metrics.h"

#include <cstring>
#include <map>
#include <string>

#include "proxy/metrics/path_families.h"
#include "proxy/metrics/service_metrics.h"
#include "proxy/metrics/steering_metrics.h"

namespace ferry::proxy {

namespace {

MetricFamilies connection_metrics(const ConnectionCounters& relayed, const SteeredCounters& steered) {
  PathFamilies by_path{
      counter_family("kube_ferry_connections_accepted_total", "Connections accepted from clients, or steered."),
      gauge_family("kube_ferry_connections_open", "Connections being dialled or open now."),
      counter_family("kube_ferry_connections_failed_total",
                     "Connections that no endpoint took: carried ones were reset for it."),
      counter_family("kube_ferry_bytes_total",
                     "Bytes carried, by direction; those of a steered connection once it has ended.")};
  by_path.include(relayed, steered, {});
  return {
      by_path.accepted,
      by_path.open,
      by_path.failed,
      counter("kube_ferry_dial_retries_total", "Dials beyond a connection's first.", number(relayed.retried)),
      by_path.bytes,
  };
}

MetricFamilies flow_metrics(const DataplaneTotals& totals) {
  auto bytes = counter_family("kube_ferry_udp_bytes_total", "Bytes in UDP datagrams carried, by direction.");
  add_sample(bytes, number(totals.flows.bytes_to_backend), {{"direction", "to_backend"}});
  add_sample(bytes, number(totals.flows.bytes_to_client), {{"direction", "to_client"}});
  return {
      counter("kube_ferry_udp_flows_total", "UDP flows opened: a client's datagrams to one service address.",
              number(totals.flows.accepted)),
      gauge("kube_ferry_udp_flows_open", "UDP flows open now.", number(totals.flows.open)),
      counter("kube_ferry_udp_flows_failed_total", "UDP flows for which there was no endpoint or no descriptor.",
              number(totals.flows.failed)),
      counter("kube_ferry_udp_flows_repicked_total", "Times a UDP flow was given another endpoint.",
              number(totals.flows.retried)),
      counter("kube_ferry_udp_flows_evicted_total", "UDP flows closed because there were too many.",
              number(totals.flows_evicted)),
      counter("kube_ferry_udp_datagrams_dropped_total", "UDP datagrams that could not be passed on.",
              number(totals.datagrams_dropped)),
      bytes,
  };
}

prometheus::MetricFamily dial_failure_metrics(const DialFailures& failures) {
  auto family =
      counter_family("kube_ferry_dial_failures_total",
                     "Dials that brought no connection, and refused datagrams, by what they met; local_shortage is "
                     "this node's.");
  add_sample(family, number(failures.refused), {{"kind", "refused"}});
  add_sample(family, number(failures.timed_out), {{"kind", "timed_out"}});
  add_sample(family, number(failures.unreachable), {{"kind", "unreachable"}});
  add_sample(family, number(failures.local_shortage), {{"kind", "local_shortage"}});
  return family;
}

void add_errors(prometheus::MetricFamily& family, const std::map<int, std::uint64_t>& counts) {
  for (const auto& [error, count] : counts) {
    const char* name = strerrorname_np(error);
    add_sample(family, number(count), {{"error", name != nullptr ? name : std::to_string(error)}});
  }
}

prometheus::MetricFamily shed_metrics(const DataplaneTotals& totals) {
  auto family = counter_family("kube_ferry_connections_shed_total",
                               "Connections ended at once for want of descriptors or of memory, by what was short.");
  add_sample(family, number(totals.shed), {{"reason", "descriptors"}});
  add_sample(family, number(totals.shed_for_memory), {{"reason", "memory"}});
  return family;
}

prometheus::MetricFamily dial_shortage_metrics(const std::map<int, std::uint64_t>& counts) {
  auto family = counter_family("kube_ferry_dial_shortages_total",
                               "Dials that failed for want of something of this node's, by error: EADDRNOTAVAIL and "
                               "EAGAIN are local ports, EMFILE and ENFILE descriptors, ENOBUFS and ENOMEM memory.");
  add_errors(family, counts);
  return family;
}

MetricFamilies resource_metrics(const DataplaneTotals& totals) {
  auto accept_errors = counter_family("kube_ferry_accept_errors_total", "Failures of accept(2), by error.");
  add_errors(accept_errors, totals.accept_errors);
  auto by_worker = counter_family("kube_ferry_worker_connections_accepted_total", "Connections accepted, by worker.");
  for (std::size_t worker = 0; worker < totals.accepted_by_worker.size(); ++worker) {
    add_sample(by_worker, number(totals.accepted_by_worker[worker]), {{"worker", std::to_string(worker)}});
  }
  return {
      counter("kube_ferry_half_close_timeouts_total",
              "Connections closed because one side had finished and the other stayed silent.",
              number(totals.half_close_timeouts)),
      counter("kube_ferry_proxy_protocol_errors_total",
              "Connections of --proxy-protocol-from reset because they did not begin with a header of version 2.",
              number(totals.proxy_header_errors)),
      counter("kube_ferry_proxy_protocol_strangers_total",
              "Connections made for a client outside loadBalancerSourceRanges, and reset.",
              number(totals.proxied_strangers)),
      counter("kube_ferry_ejections_total",
              "Times an endpoint was left out for a while because it had not taken a connection.",
              number(totals.ejections)),
      counter("kube_ferry_hedged_dials_total",
              "Second endpoints dialled because the first took longer than is usual for the service.",
              number(totals.hedges)),
      counter("kube_ferry_hedged_dials_won_total", "Those of them that were quicker than the first.",
              number(totals.hedges_won)),
      counter("kube_ferry_max_connections_waits_total",
              "Times a connection waited 10 ms because every endpoint had as many connections as it may have.",
              number(totals.place_waits)),
      counter("kube_ferry_idle_timeouts_total", "Connections closed because nothing had passed for too long.",
              number(totals.idle_timeouts)),
      counter("kube_ferry_drained_connections_total",
              "Connections closed because their endpoint had terminated or was gone.", number(totals.drained)),
      counter("kube_ferry_vanished_peers_total",
              "Connections reset because one side was silent that ought to have answered.",
              number(totals.vanished_peers)),
      counter("kube_ferry_connections_handed_over_total",
              "Connections given to another kube-ferry that has taken this one's place.", number(totals.given)),
      counter("kube_ferry_connections_taken_over_total",
              "Connections taken over from the kube-ferry whose place this one has taken; they count as accepted, too.",
              number(totals.taken_over)),
      counter("kube_ferry_resets_passed_total", "Connections ended by a reset from either side.",
              number(totals.resets_passed)),
      accept_errors,
      shed_metrics(totals),
      dial_shortage_metrics(totals.dial_shortages),
      gauge("kube_ferry_held_bytes", "Bytes held in memory for peers that are slow to take them.",
            number(totals.held_bytes)),
      gauge("kube_ferry_pipes", "Pipes for splicing, in use or pooled.", number(totals.pipes)),
      counter("kube_ferry_pipes_denied_total", "Times a stream was copied because no pipe was to be had.",
              number(totals.pipes_denied)),
      by_worker,
  };
}

MetricFamilies listener_metrics(const DataplaneSnapshot& snapshot) {
  auto not_served = gauge_family("kube_ferry_service_ports_not_served", "Service ports of protocols not carried.");
  add_sample(not_served, number(snapshot.sctp_ports_not_served), {{"protocol", "SCTP"}});
  return {
      gauge("kube_ferry_listeners", "Listening sockets that are open.", number(snapshot.listeners)),
      gauge("kube_ferry_unserved_addresses",
            "Service addresses that should have a listener and have none; the log names each.",
            number(snapshot.unserved.size())),
      gauge("kube_ferry_endpoints_ejected",
            "Endpoints that new connections leave out because they did not take one lately.",
            number(snapshot.endpoints_ejected)),
      gauge("kube_ferry_affinity_entries", "Clients remembered for their affinity.", number(snapshot.affinity_entries)),
      counter("kube_ferry_bind_failures_total", "Attempts to open a listener that failed.",
              number(snapshot.totals.listen_failures)),
      not_served,
  };
}

}  // namespace

MetricFamilies dataplane_metrics(const DataplaneSnapshot& snapshot, const SteeringSnapshot& steering,
                                 std::size_t most_endpoints) {
  MetricFamilies families = connection_metrics(snapshot.totals.connections, steering.totals);
  append(families, flow_metrics(snapshot.totals));
  families.push_back(dial_failure_metrics(snapshot.totals.dial_failures));
  append(families, resource_metrics(snapshot.totals));
  append(families, listener_metrics(snapshot));
  append(families, service_metrics(snapshot.service_ports, steering.service_ports, most_endpoints));
  append(families, steering_metrics(steering));
  return families;
}

}  // namespace ferry::proxy
