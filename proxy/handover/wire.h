#pragma once

#include <optional>
#include <vector>

#include "proxy/dataplane/handed.h"
#include "proxy/handover/message.h"

namespace ferry::proxy {

/// The first thing each side says; another number is another language.
constexpr int kHandoverProtocol = 1;

/// How what is handed over is written in messages: fields that are missing have their defaults, so that the versions at
/// both ends may differ. Each `decode_` takes a message apart, its descriptors in the order in which they were written;
/// none: it is not what it should be.

nlohmann::json encode(const std::vector<HandedSocket>& sockets, std::size_t first, std::size_t count);
std::optional<std::vector<HandedSocket>> decode_sockets(Message message);

nlohmann::json encode(const std::vector<HandedFlow>& flows, std::size_t first, std::size_t count);
std::optional<std::vector<HandedFlow>> decode_flows(Message message);

nlohmann::json encode(const std::vector<HandedAffinity>& affinities, std::size_t first, std::size_t count);
std::optional<std::vector<HandedAffinity>> decode_affinities(const Message& message);

/// Two descriptors each: the client's, the endpoint's.
nlohmann::json encode(const std::vector<HandedConnection>& connections, std::size_t first, std::size_t count);
std::optional<std::vector<HandedConnection>> decode_connections(Message message);

}  // namespace ferry::proxy
