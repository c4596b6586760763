#pragma once

#include <netinet/in.h>

namespace ferry::bench {

/// Serves what clients ask for (Hello) over TCP, and echoes datagrams at the same address, until it is killed. Prints
/// "serving" once it does. Throws std::system_error.
void serve(const sockaddr_in& address);

}  // namespace ferry::bench
