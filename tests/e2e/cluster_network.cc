#include "tests/e2e/cluster_network.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <stdexcept>

#include "tests/e2e/cluster.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/http_client.h"
#include "tests/support/own_network.h"

namespace ferry::testing {

namespace {

using boost::asio::ip::tcp;
using boost::asio::ip::udp;

constexpr std::uint16_t kPodPort = 9000;
constexpr const char* kServiceRanges = "10.96.0.0/16,fd00:96::/112";

template <typename Endpoint>
Endpoint parse(const std::string& target) {
  const std::size_t colon = target.rfind(':');
  std::string host = target.substr(0, colon);
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  return {boost::asio::ip::make_address(host), static_cast<std::uint16_t>(std::stoul(target.substr(colon + 1)))};
}

Tally from_place(const Guest* from, const std::function<Tally()>& work) {
  return from == nullptr ? work() : from->inside(work);
}

std::set<std::string> names_in(const Tally& tally) {
  std::set<std::string> names;
  for (const auto& entry : tally.answers) names.insert(entry.first);
  return names;
}

bool has_only_error(const Tally& tally, const std::string& text) {
  return tally.succeeded() == 0 && tally.errors.size() == 1 &&
         tally.errors.begin()->first.find(text) != std::string::npos;
}

/// Waits until the tally is as wanted; says the last one when it never is.
void wait_until(const std::string& what, const std::function<Tally()>& calls,
                const std::function<bool(const Tally&)>& wanted) {
  Tally last;
  try {
    eventually(
        what, [&] { return wanted(last = calls()); }, std::chrono::seconds(60));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(std::string(error.what()) + "; the last calls: " + last.to_string());
  }
}

std::string bracketed(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

}  // namespace

void ClusterNetwork::SetUp() {
  enter_own_network();
  ip("link set lo up");
  const auto add_guest = [this](const std::string& name, const std::string& v4, const std::string& gateway,
                                const std::string& v6 = {}) {
    guests_[name] = std::make_unique<Guest>(name, Guest::Addresses{v4, gateway},
                                            v6.empty() ? Guest::Addresses{} : Guest::Addresses{v6, "fd00:244::1"});
  };
  add_guest("client", "10.244.0.2", "10.244.0.1", "fd00:244::2");
  add_guest("here-1", "10.244.0.3", "10.244.0.1", "fd00:244::3");
  add_guest("here-2", "10.244.0.4", "10.244.0.1");
  add_guest("node-2", "192.0.2.2", "192.0.2.1");
  add_guest("outside", "192.0.2.9", "192.0.2.1");
  ip("route add 10.244.1.0/24 via 192.0.2.2 dev node-2 onlink");
  add_pod("here-1", *guests_["here-1"], "10.244.0.3", "node-1");
  add_pod("here-2", *guests_["here-2"], "10.244.0.4", "node-1");
  add_pod_on_node_2("there-1", "10.244.1.3");
  add_pod_on_node_2("there-2", "10.244.1.4");
  launch_api_server("127.0.0.1:0");
}

ClusterNetwork::~ClusterNetwork() {
  if (HasFailure()) {
    if (api_server_) std::cerr << "--- kube-ferry-apiserver said:\n" << api_server_->output();
    if (proxy_) std::cerr << "--- kube-ferry said:\n" << proxy_->output();
  }
}

void ClusterNetwork::add_pod(const std::string& name, const Guest& where, const std::string& address,
                             const std::string& node) {
  // "[::]" hears both families; pods that share a network have their own address each.
  const std::string at = node == "node-2" ? address : "::";
  const auto listen = boost::asio::ip::make_address(at);
  pods_[name] =
      Pod{&where, address, node,
          where.inside([&] { return std::make_unique<EchoServer>(name, tcp::endpoint(listen, kPodPort)); }),
          where.inside([&] { return std::make_unique<DatagramEcho>(name, udp::endpoint(listen, kPodPort)); })};
}

void ClusterNetwork::launch_api_server(const std::string& listen) {
  api_server_ = std::make_unique<ChildProcess>(std::vector<std::string>{program("kube-ferry-apiserver"), "--listen",
                                                                        listen, "--controllers",
                                                                        "--service-cluster-ip-range", kServiceRanges});
  api_ = Api(api_server_->wait_for_output("(http://[0-9.]+:[0-9]+)\n"));
  for (const auto& [name, address, zone] :
       {std::tuple("node-1", "192.0.2.1", "a"), std::tuple("node-2", "192.0.2.2", "b")}) {
    Json node = node_object(name);
    node["metadata"]["labels"] = {{"topology.kubernetes.io/zone", zone}};
    api_.create(kNodes, node);
    api_.merge_patch(kNodes + "/" + name + "/status",
                     Json{{"status", {{"addresses", Json::array({{{"type", "InternalIP"}, {"address", address}}})}}}});
  }
}

void ClusterNetwork::restart_api_server() { launch_api_server(api_.url().substr(std::string("http://").size())); }

void ClusterNetwork::start_proxy(const std::vector<std::string>& flags) {
  std::vector<std::string> all{"--service-cidr", kServiceRanges};
  all.insert(all.end(), flags.begin(), flags.end());
  start_proxy_without_ranges(all);
}

void ClusterNetwork::start_proxy_without_ranges(const std::vector<std::string>& flags) {
  std::vector<std::string> command = {program("kube-ferry"),
                                      "--master",
                                      api_.url(),
                                      "--hostname-override",
                                      "node-1",
                                      "--cluster-cidr",
                                      "10.244.0.0/16,fd00:244::/64",
                                      "--healthz-bind-address",
                                      "127.0.0.1:0",
                                      "--metrics-bind-address",
                                      "127.0.0.1:0",
                                      "--admin-socket=",
                                      "--steering=off",
                                      "--steering-pin-path=/none"};
  command.insert(command.end(), flags.begin(), flags.end());
  proxy_.reset();
  proxy_command_ = command;
  proxy_ = std::make_unique<ChildProcess>(command);
  metrics_url_ = proxy_->wait_for_output("metrics[^\n]*(http://127\\.0\\.0\\.1:[0-9]+)");
}

void ClusterNetwork::upgrade_proxy() {
  auto next = std::make_unique<ChildProcess>(proxy_command_);
  const int status = proxy_->wait();
  if (status != 0) throw std::runtime_error("the proxy before has ended with " + std::to_string(status));
  proxy_ = std::move(next);
}

std::string ClusterNetwork::metrics() const { return http("GET", metrics_url_ + "/metrics").body; }

Json ClusterNetwork::create_service(const std::string& name, const Json& spec, const Json& metadata) {
  Json service{
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata", {{"name", name}}},
      {"spec",
       {{"ports",
         Json::array({{{"name", "stream"}, {"port", 80}, {"targetPort", kPodPort}},
                      {{"name", "datagrams"}, {"port", 80}, {"targetPort", kPodPort}, {"protocol", "UDP"}}})}}}};
  service["metadata"].merge_patch(metadata);
  service["spec"].merge_patch(spec);
  const std::string type = service["spec"].value("type", "ClusterIP");
  if (type == "NodePort" || type == "LoadBalancer") {
    for (Json& port : service["spec"]["ports"]) port["nodePort"] = next_node_port_;
    ++next_node_port_;
  }
  return api_.create(kServices, service);
}

Json ClusterNetwork::endpoint(const std::string& pod, const Json& more) const {
  const Pod& known = pods_.at(pod);
  Json made{{"addresses", Json::array({known.address})},
            {"nodeName", known.node},
            {"zone", known.node == "node-1" ? "a" : "b"},
            {"conditions", {{"ready", true}, {"serving", true}, {"terminating", false}}}};
  made.merge_patch(more);
  return made;
}

void ClusterNetwork::set_slice(const std::string& name, const std::string& service,
                               const std::vector<Json>& endpoints) const {
  Json slice{{"apiVersion", "discovery.k8s.io/v1"},
             {"kind", "EndpointSlice"},
             {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/service-name", service}}}}},
             {"addressType", "IPv4"},
             {"ports", Json::array({{{"name", "stream"}, {"port", kPodPort}, {"protocol", "TCP"}},
                                    {{"name", "datagrams"}, {"port", kPodPort}, {"protocol", "UDP"}}})},
             {"endpoints", endpoints}};
  try {
    api_.merge_patch(kSlices + "/" + name, slice);
  } catch (const std::runtime_error&) {
    api_.create(kSlices, slice);
  }
}

void ClusterNetwork::set_pods(const std::string& service, const std::vector<std::string>& pods) const {
  std::vector<Json> endpoints;
  for (const std::string& name : pods) endpoints.push_back(endpoint(name));
  set_slice(service, service, endpoints);
}

std::string ClusterNetwork::cluster_address(const Json& service) {
  return bracketed(service["spec"]["clusterIP"].get<std::string>()) + ":80";
}

std::string ClusterNetwork::node_port_of(const Json& service, const std::string& address) {
  return bracketed(address) + ":" + std::to_string(service["spec"]["ports"][0]["nodePort"].get<int>());
}

Tally ClusterNetwork::call(const Guest* from, const std::string& target, std::size_t count) {
  return from_place(from, [&] { return call_times(parse<tcp::endpoint>(target), count); });
}

Tally ClusterNetwork::ask(const Guest* from, const std::string& target, std::size_t count) {
  return from_place(from, [&] { return ask_times(parse<udp::endpoint>(target), count); });
}

void ClusterNetwork::wait_for_answers(const Guest* from, const std::string& target, const std::set<std::string>& pods) {
  const std::size_t count = 4 * pods.size() + 4;
  const auto wanted = [&](const Tally& tally) { return tally.failed == 0 && names_in(tally) == pods; };
  wait_until(
      "the right pods answer calls", [&] { return call(from, target, count); }, wanted);
  wait_until(
      "the right pods answer questions", [&] { return ask(from, target, count); }, wanted);
}

void ClusterNetwork::wait_until_refused(const Guest* from, const std::string& target) {
  wait_until(
      "connections are refused", [&] { return call(from, target, 1); },
      [](const Tally& tally) { return has_only_error(tally, "connect: Connection refused"); });
  wait_until(
      "datagrams are refused", [&] { return ask(from, target, 1); },
      [](const Tally& tally) { return has_only_error(tally, "Connection refused"); });
}

void ClusterNetwork::wait_until_ignored(const Guest* from, const std::string& target) {
  wait_until(
      "connections are ignored", [&] { return call(from, target, 1); },
      [](const Tally& tally) { return has_only_error(tally, "connect: no answer in time"); });
  wait_until(
      "datagrams are ignored", [&] { return ask(from, target, 1); },
      [](const Tally& tally) { return has_only_error(tally, "no answer in time"); });
}

void ClusterNetwork::add_pod_on_node_2(const std::string& name, const std::string& address) {
  const Guest& node = *guests_.at("node-2");
  node.ip_inside("address add " + address + "/32 dev lo");
  add_pod(name, node, address, "node-2");
}

void ClusterNetwork::restart_pod(const std::string& name) {
  const Guest& where = *pods_.at(name).where;
  const std::string address = pods_.at(name).address;
  const std::string node = pods_.at(name).node;
  add_pod(name, where, address, node);
}

void ClusterNetwork::stop_pod(const std::string& name) {
  pods_.at(name).stream.reset();
  pods_.at(name).datagrams.reset();
}

}  // namespace ferry::testing
