#pragma once

#include <chrono>
#include <cstddef>

#include <netinet/in.h>

namespace ferry::bench {

/// Serves what clients ask for (Hello) over TCP, and echoes datagrams at the same address, until it is killed.
/// Responses are sent that much later than they could be. No call reads or sends more than `buffer` bytes. Prints
/// "serving" once it does. Throws std::system_error.
void serve(const sockaddr_in& address, std::chrono::milliseconds delay, std::size_t buffer);

}  // namespace ferry::bench
