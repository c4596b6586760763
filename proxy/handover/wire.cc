#include "proxy/handover/wire.h"

#include <cstdint>
#include <string>
#include <utility>

namespace ferry::proxy {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// Thrown and caught here alone, together with what the JSON library throws.
struct Malformed : std::exception {};

json write(const config::IpAddress& address) { return address.to_string(); }
json write(milliseconds duration) { return duration.count(); }
json write(const Peer& peer) { return {{"address", write(peer.address)}, {"port", peer.port}}; }

json write(const ListenAddress& at) {
  return {{"address", write(at.address)}, {"port", at.port}, {"protocol", config::to_string(at.protocol)}};
}

json write(const config::Backend& endpoint) {
  return {{"address", write(endpoint.address)},
          {"port", endpoint.port},
          {"local", endpoint.local},
          {"terminating", endpoint.terminating}};
}

json write(const config::ServicePortName& name) {
  return {{"namespace", name.service.ns},
          {"name", name.service.name},
          {"port", name.port},
          {"protocol", config::to_string(name.protocol)}};
}

json write(SetChoice choice) {
  return {{"ipv6", choice.family == config::AddressFamily::kIpv6}, {"local", choice.scope == Scope::kLocal}};
}

json bytes(const std::string& text) { return json::binary({text.begin(), text.end()}); }

json write(const Direction::Pending& pending) {
  json written = json::object({{"finished", pending.sender_finished}});
  if (!pending.held.empty()) written["held"] = bytes(pending.held);
  return written;
}

config::IpAddress address_in(const json& from) {
  const auto address = config::IpAddress::parse(from.at("address").get<std::string>());
  if (!address) throw Malformed();
  return *address;
}

config::Protocol read_protocol(const json& from) {
  const auto protocol = config::parse_protocol(from.at("protocol").get<std::string>());
  if (!protocol) throw Malformed();
  return *protocol;
}

Peer read_peer(const json& from) { return {address_in(from), from.at("port").get<std::uint16_t>()}; }

ListenAddress read_listen_address(const json& from) {
  return {address_in(from), from.at("port").get<std::uint16_t>(), read_protocol(from)};
}

config::Backend read_backend(const json& from) {
  return {address_in(from), from.at("port").get<std::uint16_t>(), from.value("local", false),
          from.value("terminating", false)};
}

config::ServicePortName read_name(const json& from) {
  return {{from.at("namespace").get<std::string>(), from.at("name").get<std::string>()},
          from.at("port").get<std::string>(),
          read_protocol(from)};
}

SetChoice read_choice(const json& from) {
  return {from.value("ipv6", false) ? config::AddressFamily::kIpv6 : config::AddressFamily::kIpv4,
          from.value("local", false) ? Scope::kLocal : Scope::kCluster};
}

milliseconds read_duration(const json& from, const char* key) { return milliseconds(from.value(key, std::int64_t{0})); }

std::string read_bytes(const json& from) {
  const auto& binary = from.get_binary();
  return {binary.begin(), binary.end()};
}

Direction::Pending read_pending(const json& from) {
  Direction::Pending pending;
  pending.sender_finished = from.value("finished", false);
  if (from.contains("held")) pending.held = read_bytes(from.at("held"));
  return pending;
}

const char* const kSocketKinds[] = {"address", "listener", "link"};

json write(const HandedSocket& socket) {
  json written = json::object({{"kind", kSocketKinds[static_cast<std::size_t>(socket.kind)]}});
  if (socket.kind == HandedSocket::Kind::kAddress) written["at"] = write(socket.at);
  return written;
}

HandedSocket read_socket(const json& from) {
  const auto kind = from.at("kind").get<std::string>();
  for (const auto known : {HandedSocket::Kind::kAddress, HandedSocket::Kind::kListener, HandedSocket::Kind::kLink}) {
    if (kind != kSocketKinds[static_cast<std::size_t>(known)]) continue;
    HandedSocket socket;
    socket.kind = known;
    if (known == HandedSocket::Kind::kAddress) socket.at = read_listen_address(from.at("at"));
    return socket;
  }
  throw Malformed();
}

json write(const HandedFlow& flow) {
  json written = {{"at", write(flow.at)},         {"client", write(flow.client)},
                  {"choice", write(flow.choice)}, {"endpoint", write(flow.endpoint)},
                  {"idle", write(flow.idle)},     {"requests", flow.requests},
                  {"answers", flow.answers},      {"outstanding", flow.outstanding}};
  if (flow.unanswered) written["unanswered"] = bytes(*flow.unanswered);
  return written;
}

HandedFlow read_flow(const json& from) {
  HandedFlow flow;
  flow.at = read_listen_address(from.at("at"));
  flow.client = read_peer(from.at("client"));
  flow.choice = read_choice(from.at("choice"));
  flow.endpoint = read_backend(from.at("endpoint"));
  flow.idle = read_duration(from, "idle");
  flow.requests = from.value("requests", std::uint64_t{0});
  flow.answers = from.value("answers", std::uint64_t{0});
  flow.outstanding = from.value("outstanding", std::uint64_t{0});
  if (from.contains("unanswered")) flow.unanswered = read_bytes(from.at("unanswered"));
  return flow;
}

json write(const HandedAffinity& affinity) {
  return {{"port", write(affinity.port)},
          {"address", write(affinity.client)},
          {"endpoint", write(affinity.endpoint)},
          {"idle", write(affinity.idle)}};
}

HandedAffinity read_affinity(const json& from) {
  return {read_name(from.at("port")), address_in(from), read_backend(from.at("endpoint")), read_duration(from, "idle")};
}

json write(const HandedConnection& connection) {
  return {{"port", write(connection.port)},
          {"endpoint", write(connection.endpoint)},
          {"choice", write(connection.choice)},
          {"peer", write(connection.peer)},
          {"age", write(connection.age)},
          {"connected", write(connection.connected)},
          {"idle", write(connection.idle)},
          {"bytesToBackend", connection.bytes_to_backend},
          {"bytesToClient", connection.bytes_to_client},
          {"attempts", connection.attempts},
          {"halfClosed", connection.half_closed},
          {"backendTold", connection.backend_told},
          {"clientTold", connection.client_told},
          {"unanswered", connection.unanswered},
          {"toBackend", write(connection.to_backend)},
          {"toClient", write(connection.to_client)}};
}

HandedConnection read_connection(const json& from) {
  HandedConnection connection;
  connection.port = read_name(from.at("port"));
  connection.endpoint = read_backend(from.at("endpoint"));
  connection.choice = read_choice(from.at("choice"));
  connection.peer = read_peer(from.at("peer"));
  connection.age = read_duration(from, "age");
  connection.connected = read_duration(from, "connected");
  connection.idle = read_duration(from, "idle");
  connection.bytes_to_backend = from.value("bytesToBackend", std::uint64_t{0});
  connection.bytes_to_client = from.value("bytesToClient", std::uint64_t{0});
  connection.attempts = from.value("attempts", std::uint16_t{1});
  connection.half_closed = from.value("halfClosed", false);
  connection.backend_told = from.value("backendTold", false);
  connection.client_told = from.value("clientTold", false);
  connection.unanswered = from.value("unanswered", false);
  connection.to_backend = read_pending(from.at("toBackend"));
  connection.to_client = read_pending(from.at("toClient"));
  return connection;
}

template <typename T>
json encode_all(const char* kind, const std::vector<T>& all, std::size_t first, std::size_t count) {
  json items = json::array();
  for (std::size_t index = first; index < first + count; ++index) items.push_back(write(all[index]));
  return {{"kind", kind}, {"items", std::move(items)}};
}

/// `own` gives each its descriptors, of which it has `each`.
template <typename T, typename Read, typename Own>
std::optional<std::vector<T>> decode_all(const json& body, std::size_t descriptors, std::size_t each, Read read,
                                         Own own) {
  try {
    std::vector<T> all;
    for (const json& item : body.at("items")) all.push_back(read(item));
    if (all.size() * each != descriptors) return std::nullopt;
    for (std::size_t index = 0; index < all.size(); ++index) own(all[index], index * each);
    return all;
  } catch (const json::exception&) {
    return std::nullopt;
  } catch (const Malformed&) {
    return std::nullopt;
  }
}

}  // namespace

json encode(const std::vector<HandedSocket>& sockets, std::size_t first, std::size_t count) {
  return encode_all("sockets", sockets, first, count);
}

std::optional<std::vector<HandedSocket>> decode_sockets(Message message) {
  return decode_all<HandedSocket>(
      message.body, message.descriptors.size(), 1, read_socket,
      [&](HandedSocket& socket, std::size_t at) { socket.fd = std::move(message.descriptors[at]); });
}

json encode(const std::vector<HandedFlow>& flows, std::size_t first, std::size_t count) {
  return encode_all("flows", flows, first, count);
}

std::optional<std::vector<HandedFlow>> decode_flows(Message message) {
  return decode_all<HandedFlow>(
      message.body, message.descriptors.size(), 1, read_flow,
      [&](HandedFlow& flow, std::size_t at) { flow.upstream = std::move(message.descriptors[at]); });
}

json encode(const std::vector<HandedAffinity>& affinities, std::size_t first, std::size_t count) {
  return encode_all("affinities", affinities, first, count);
}

std::optional<std::vector<HandedAffinity>> decode_affinities(const Message& message) {
  return decode_all<HandedAffinity>(message.body, 0, 0, read_affinity, [](HandedAffinity&, std::size_t) {});
}

json encode(const std::vector<HandedConnection>& connections, std::size_t first, std::size_t count) {
  return encode_all("connections", connections, first, count);
}

std::optional<std::vector<HandedConnection>> decode_connections(Message message) {
  return decode_all<HandedConnection>(message.body, message.descriptors.size(), 2, read_connection,
                                      [&](HandedConnection& connection, std::size_t at) {
                                        connection.client = std::move(message.descriptors[at]);
                                        connection.backend = std::move(message.descriptors[at + 1]);
                                      });
}

}  // namespace ferry::proxy
