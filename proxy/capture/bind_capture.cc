#include "proxy/capture/bind_capture.h"

#include <utility>

#include "proxy/relay/answer_socket.h"
#include "proxy/relay/source_filter.h"
#include "proxy/relay/udp_socket.h"

namespace ferry::proxy {

SocketResult BindCapture::open(const ListenAddress& at, const Admission& admission) {
  auto inherited = inherited_.extract(at);
  if (inherited.empty()) return open_anew(at, admission);
  SocketResult opened{std::move(inherited.mapped()), 0};
  opened.error = admit(at, opened.fd.get(), admission);
  if (opened.error != 0) opened.fd.reset();
  return opened;
}

std::vector<UniqueFd> BindCapture::inherit(std::vector<HandedSocket> sockets) {
  for (HandedSocket& socket : sockets) {
    if (socket.kind == HandedSocket::Kind::kAddress) inherited_[socket.at] = std::move(socket.fd);
  }
  return {};
}

SocketResult BindCapture::open_anew(const ListenAddress& at, const Admission& admission) const {
  const Prefixes* const only_from = admission.everyone ? nullptr : &admission.sources;
  SocketResult opened = at.protocol == config::Protocol::kTcp ? open_listener(at.address, at.port, backlog_, only_from)
                                                              : open_datagrams(at.address, at.port, only_from);
  // Answers from an address that is this host's by a rule alone need it; without the privilege there is no such rule.
  if (opened.fd) static_cast<void>(make_transparent(opened.fd.get(), at.address.family()));
  return opened;
}

int BindCapture::admit(const ListenAddress& at, int fd, const Admission& admission) {
  return admission.everyone ? admit_everyone(fd) : admit_only(fd, at.address.family(), admission.sources);
}

void BindCapture::refuse(const ListenAddress& at, int fd) {
  // Without the filter a connection more may be taken before the socket is closed, which does no harm.
  if (fd >= 0) static_cast<void>(admit_only(fd, at.address.family(), {}));
}

}  // namespace ferry::proxy
