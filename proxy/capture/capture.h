#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "config/ip_address.h"
#include "proxy/capture/listen_address.h"
#include "proxy/relay/tcp_socket.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// How the kernel is brought to hand us what is sent to service addresses, once routes bring it to this host. For the
/// control thread.
class Capture {
 public:
  Capture() = default;
  virtual ~Capture() = default;
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// "sk_lookup" or "bind".
  virtual std::string_view name() const = 0;

  /// What comes to the address is ours from now on, from those who are admitted. The socket it comes to, or the errno
  /// that stood in the way; neither: it comes to the workers' listeners.
  virtual SocketResult open(const ListenAddress& at, const Admission& admission) = 0;
  /// Others are admitted from now on. `fd`: of the socket that open() gave, if any. 0, or an errno: nothing changed.
  virtual int admit(const ListenAddress& at, int fd, const Admission& admission) = 0;
  /// Nothing new comes. Who asks is refused at once; for the socket `fd` (-1: none) at the latest when it is closed.
  virtual void refuse(const ListenAddress& at, int fd) = 0;
  /// The address and port are no concern of ours any more.
  virtual void release(const ListenAddress& at) = 0;

  /// The whole address is a service's: what is not open there is refused, whatever else of this host listens at every
  /// address. To be said as often as let_go() shall be.
  virtual void own(const config::IpAddress& /*address*/) {}
  virtual void let_go(const config::IpAddress& /*address*/) {}

  /// The sockets of which one worker accepts whatever comes to an address that has none of its own. Asked once for
  /// each worker.
  virtual std::vector<UniqueFd> take_listeners(std::size_t /*worker*/) { return {}; }
  /// The socket by which that worker answers datagrams from addresses of the family, where their own socket is bound
  /// elsewhere; -1: they are answered by their own. Lives as long as the capture.
  virtual int answer_socket(std::size_t /*worker*/, config::AddressFamily /*family*/) const { return -1; }

  /// Gives everything back. Nothing but the destructor may be called any more.
  virtual void stop() {}
};

enum class CaptureMethod : std::uint8_t { kAuto, kSkLookup, kBind };

/// `workers`: how many will ask for listeners, each with a queue of `backlog`. `owned`: ranges that are services'
/// altogether. kAuto: sk_lookup where it can be had, `why_not` says why it cannot. kSkLookup: throws
/// std::runtime_error instead.
std::unique_ptr<Capture> make_capture(CaptureMethod method, std::size_t workers, int backlog, const Prefixes& owned,
                                      std::string& why_not);

}  // namespace ferry::proxy
