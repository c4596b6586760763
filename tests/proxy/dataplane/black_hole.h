#pragma once

#include <vector>

#include "proxy/relay/tcp_socket.h"
#include "tests/proxy/dataplane/dataplane_fixture.h"

namespace ferry::proxy::testing {

/// An endpoint that answers nothing: its queue is full, so the kernel drops every SYN.
class BlackHole {
 public:
  BlackHole() : listener_("127.0.0.1", 0, 0) {
    for (int i = 0; i < 3; ++i) {
      fillers_.push_back(start_connect(listener_.address(), listener_.port()).fd);
    }
  }
  config::Backend backend() const { return backend_at(listener_); }

 private:
  TestListener listener_;
  std::vector<UniqueFd> fillers_;
};

}  // namespace ferry::proxy::testing
