#pragma once

#include <unordered_map>

#include "proxy/capture/capture.h"

namespace ferry::proxy {

/// A socket bound to each address and port. Needs no privilege for ports from 1024 on; a process of the host that has
/// the port at every address is in the way.
class BindCapture : public Capture {
 public:
  explicit BindCapture(int backlog) : backlog_(backlog) {}

  std::string_view name() const override { return "bind"; }
  SocketResult open(const ListenAddress& at, const Admission& admission) override;
  int admit(const ListenAddress& at, int fd, const Admission& admission) override;
  void refuse(const ListenAddress& at, int fd) override;
  void release(const ListenAddress& /*at*/) override {}
  std::vector<UniqueFd> inherit(std::vector<HandedSocket> sockets) override;
  void take_effect() override { inherited_.clear(); }

 private:
  SocketResult open_anew(const ListenAddress& at, const Admission& admission) const;

  int backlog_;
  std::unordered_map<ListenAddress, UniqueFd> inherited_;
};

}  // namespace ferry::proxy
