#pragma once

#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "proxy/relay/unique_fd.h"
#include "tests/e2e/child_process.h"

namespace ferry::testing {

/// A network of its own behind a veth pair, whose other end is in this test's network: a pod, another node, or somebody
/// outside.
class Guest {
 public:
  struct Addresses {
    std::string own;
    /// This network's end, and the guest's way to everywhere else.
    std::string gateway;
  };

  /// `v6` may be empty. Throws std::runtime_error when the kernel or ip(8) refuses.
  Guest(const std::string& name, const Addresses& v4, const Addresses& v6 = {});

  /// What `work` gives when a thread does it in the guest's network. Sockets opened there stay there.
  template <typename Work>
  auto inside(Work work) const {
    using Result = std::invoke_result_t<Work>;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<Result>) {
      in_thread(failure, work);
      if (failure) std::rethrow_exception(failure);
    } else {
      std::unique_ptr<Result> result;
      in_thread(failure, [&] { result = std::make_unique<Result>(work()); });
      if (failure) std::rethrow_exception(failure);
      return std::move(*result);
    }
  }

  /// The command that runs `words` in the guest's network.
  std::vector<std::string> command(const std::vector<std::string>& words) const;
  /// ip(8) there.
  void ip_inside(const std::string& arguments) const;
  /// From now on every IP packet from and to the guest is dropped there. It still answers ARP, as the router before a
  /// node without power does.
  void go_dark() const;

 private:
  void enter() const;

  template <typename Work>
  void in_thread(std::exception_ptr& failure, const Work& work) const {
    std::thread([&] {
      try {
        enter();
        work();
      } catch (...) {
        failure = std::current_exception();
      }
    }).join();
  }

  ChildProcess keeper_;
  proxy::UniqueFd network_;
};

}  // namespace ferry::testing
