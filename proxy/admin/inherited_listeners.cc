#include "proxy/admin/inherited_listeners.h"

#include <algorithm>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "proxy/relay/socket_address.h"

namespace ferry::proxy {

namespace {

sockaddr_storage local_address(int socket) {
  sockaddr_storage local{};
  socklen_t size = sizeof(local);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size) != 0) local.ss_family = AF_UNSPEC;
  return local;
}

template <typename Fits>
UniqueFd take_first(std::vector<UniqueFd>& sockets, Fits fits) {
  const auto found = std::find_if(sockets.begin(), sockets.end(),
                                  [&](const UniqueFd& socket) { return fits(local_address(socket.get())); });
  if (found == sockets.end()) return {};
  UniqueFd taken = std::move(*found);
  sockets.erase(found);
  return taken;
}

}  // namespace

void InheritedListeners::add(std::vector<UniqueFd> sockets) {
  for (UniqueFd& socket : sockets) sockets_.push_back(std::move(socket));
}

UniqueFd InheritedListeners::take(const boost::asio::ip::tcp::endpoint& address) {
  const auto wanted = config::IpAddress::parse(address.address().to_string());
  return take_first(sockets_, [&](const sockaddr_storage& local) {
    const auto own = address_of(local);
    return own && wanted && *own == *wanted && (address.port() == 0 || peer_of(local).port == address.port());
  });
}

UniqueFd InheritedListeners::take(const std::string& path) {
  UniqueFd taken = take_first(sockets_, [&](const sockaddr_storage& local) {
    return local.ss_family == AF_UNIX && path == reinterpret_cast<const sockaddr_un&>(local).sun_path;
  });
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) taken.reset();
  return taken;
}

}  // namespace ferry::proxy
