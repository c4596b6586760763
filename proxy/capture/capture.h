#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "config/ip_address.h"
#include "proxy/capture/listen_address.h"
#include "proxy/relay/tcp_socket.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// A descriptor by which connections come, on its way to the process that takes this one's place.
struct HandedSocket {
  enum class Kind : std::uint8_t {
    /// The socket that is open for an address.
    kAddress,
    /// A listener for what comes to addresses that have no socket of their own.
    kListener,
    /// What ties the BPF program to the network namespace.
    kLink,
  };
  Kind kind = Kind::kAddress;
  /// Of kAddress.
  ListenAddress at{};
  UniqueFd fd;
};

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

  /// Copies of the descriptors that it has beside those that open() gave.
  virtual std::vector<HandedSocket> bequeath() const { return {}; }
  /// The same of a process whose place this one takes, and those that open() gave there: open() uses them from now on.
  /// Returns listeners to which connections may still come that began before take_effect().
  virtual std::vector<UniqueFd> inherit(std::vector<HandedSocket> sockets) = 0;
  /// Only for who inherits: from now on connections come here. What was inherited and not opened is closed. Throws
  /// std::runtime_error.
  virtual void take_effect() = 0;

  /// Gives everything back. Nothing else but the destructor may be called any more.
  virtual void stop() {}
};

enum class CaptureMethod : std::uint8_t { kAuto, kSkLookup, kBind };

/// `heir`: inherit() and take_effect() will be called; without that no connection comes where the capture needs no
/// socket for each address.
/// `workers`: how many will ask for listeners, each with a queue of `backlog`. `owned`: ranges that are services'
/// altogether. kAuto: sk_lookup where it can be had, `why_not` says why it cannot. kSkLookup: throws
/// std::runtime_error instead.
std::unique_ptr<Capture> make_capture(CaptureMethod method, std::size_t workers, int backlog, const Prefixes& owned,
                                      bool heir, std::string& why_not);

}  // namespace ferry::proxy
