#include "proxy/daemon/node_link.h"

#include <set>
#include <utility>

#include <spdlog/spdlog.h>

#include "proxy/daemon/node_view.h"
#include "proxy/logging/logging.h"

namespace ferry::proxy {

NodeLink::NodeLink(std::function<std::shared_ptr<const Options>()> options, Parts parts)
    : options_(std::move(options)), parts_(parts), routes_(options_()->service_cidrs, component_logger("routes")) {}

void NodeLink::start(const boost::asio::any_io_executor& executor) {
  host_.emplace(executor, [this](const std::vector<config::IpAddress>&) { look_around(); });
  look_around();
}

void NodeLink::stop() { host_->stop(); }

void NodeLink::set_node(const std::optional<config::Node>& node) {
  if (!node) {
    spdlog::warn("the cluster has no node {}: {}", options_()->node_name,
                 node_ ? "it was deleted, so load balancers are told to go elsewhere"
                       : "zone and topology are unknown; --hostname-override names another");
    // One that was never there is a wrong name rather than a node on its way out.
    if (node_) parts_.health.set_node_eligible(false);
    return;
  }
  tell_what_changed(*node);
  parts_.health.set_node_eligible(!node->going_away);
  parts_.store.set_node({node->name, node->zone});
  node_ = node;
  look_around();
}

void NodeLink::tell_what_changed(const config::Node& node) const {
  if (!node_ || node_->zone != node.zone) {
    spdlog::info("node {}: {}", node.name, node.zone.empty() ? "in no zone" : "in zone " + node.zone);
  }
  if (node.going_away && (!node_ || !node_->going_away)) {
    spdlog::info("node {} is going away: load balancers are told to go elsewhere", node.name);
  }
}

void NodeLink::look_around() {
  NodeView view = node_view(*options_(), host_->now(), node_);
  if (view == view_) return;
  view_ = view;
  routes_.move_to(view.addresses, own_sources(host_->now(), node_));
  parts_.health_checks.move_to(view.node_port_addresses);
  parts_.dataplane.move_to(std::move(view));
}

void NodeLink::tidy_routes() {
  routes_.tidy([this] {
    std::set<config::ServicePortName> busy;
    for (const ServicePortSnapshot& port : parts_.dataplane.snapshot().service_ports) {
      if (port.connections.open > 0) busy.insert(*port.name);
    }
    return busy;
  });
}

}  // namespace ferry::proxy
