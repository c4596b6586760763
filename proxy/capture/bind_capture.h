#pragma once

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

 private:
  int backlog_;
};

}  // namespace ferry::proxy
