#pragma once

#include <chrono>

#include <netinet/in.h>

namespace ferry::bench {

/// Serves what clients ask for (Hello) over TCP, and echoes datagrams at the same address, until it is killed.
/// Responses are sent that much later than they could be. Prints "serving" once it does. Throws std::system_error.
void serve(const sockaddr_in& address, std::chrono::milliseconds delay);

}  // namespace ferry::bench
