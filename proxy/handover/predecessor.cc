#include "proxy/handover/predecessor.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>

#include <poll.h>
#include <spdlog/fmt/fmt.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/handover/message.h"
#include "proxy/handover/wire.h"

namespace ferry::proxy {

namespace {

UniqueFd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("the path is too long for a socket");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw std::runtime_error(std::generic_category().message(errno));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    if (peer_of_same_user(socket.get())) return socket;
    throw std::runtime_error("whoever listens there is another user's process");
  }
  if (errno == ENOENT || errno == ECONNREFUSED) return {};
  throw std::runtime_error(std::generic_category().message(errno));
}

Message answer_on(int socket, std::chrono::milliseconds patience) {
  pollfd readable{socket, POLLIN, 0};
  if (::poll(&readable, 1, static_cast<int>(patience.count())) == 0) {
    throw std::runtime_error("the process that listens there does not answer");
  }
  auto received = receive_message(socket);
  if (const auto* const error = std::get_if<MessageError>(&received)) throw std::runtime_error(error->reason);
  return std::get<Message>(std::move(received));
}

}  // namespace

std::optional<int> peer_of_same_user(int socket) {
  ucred who{};
  socklen_t size = sizeof(who);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return std::nullopt;
  if (who.uid != 0 && who.uid != ::geteuid()) return std::nullopt;
  return who.pid;
}

std::uint64_t network_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/net", &status) == 0 ? status.st_ino : 0;
}

std::optional<Predecessor> find_predecessor(const std::string& path, const std::string& version,
                                            std::chrono::milliseconds patience) {
  Predecessor found{connect_to(path), 0, {}, CaptureMethod::kBind};
  if (!found.channel) return std::nullopt;
  prepare_message_socket(found.channel.get());
  const nlohmann::json hello = {
      {"kind", "hello"}, {"protocol", kHandoverProtocol}, {"version", version}, {"network", network_namespace()}};
  if (const auto error = send_message(found.channel.get(), hello, {})) throw std::runtime_error(error->reason);
  const Message answer = answer_on(found.channel.get(), patience);
  if (answer.kind() != "welcome") {
    throw std::runtime_error(answer.body.value("reason", "the process that listens there is no kube-ferry"));
  }
  found.pid = answer.body.value("pid", 0);
  found.version = answer.body.value("version", "");
  if (answer.body.value("capture", "") == "sk_lookup") found.capture = CaptureMethod::kSkLookup;
  return found;
}

}  // namespace ferry::proxy
