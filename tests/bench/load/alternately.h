#pragma once

#include <cstddef>
#include <vector>

#include <netinet/in.h>
#include <nlohmann/json.hpp>

namespace ferry::bench {

/// What a connection takes, each by itself: connect, 64 bytes each way, close. Both ends are this process's: it listens
/// at `server`, where all of the addresses lead, and connects to each of them by turns, `count` times. So what slows
/// the machine down slows all of them down, and the shortest times are those that nothing else was in the way of.
/// [{"p10_us": …, "p50_us": …}, …], by address. Throws std::system_error.
nlohmann::json alternately(const sockaddr_in& server, const std::vector<sockaddr_in>& addresses, std::size_t count);

}  // namespace ferry::bench
