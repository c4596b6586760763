#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

namespace ferry::proxy {

/// How this process was started, and so how another is that takes its place.
struct Invocation {
  /// Where the program is found when it is started again: what lies there by then is started.
  std::string program;
  /// Without the program's name.
  std::vector<std::string> arguments;
};

/// `name`: the first of main()'s arguments. What has a slash is a path, of which a symbolic link stays one; what has
/// none is where the kernel found it. Call it before the working directory changes.
std::string program_path(const std::string& name);

/// A process started to take this one's place, watched until it ends. It outlives this object: whoever has its place
/// taken ends.
class Successor {
 public:
  /// Starts it, with this process's environment and `environment` (NAME=VALUE) beside, and none of its descriptors but
  /// the standard three. `on_end` is called once ended() says how it ended, while this object lives. Throws
  /// std::system_error when it cannot be started, also on kernels before Linux 5.3 (pidfd_open(2)).
  Successor(const boost::asio::any_io_executor& executor, const Invocation& invocation,
            const std::vector<std::string>& environment, std::function<void()> on_end);
  ~Successor();
  Successor(const Successor&) = delete;
  Successor& operator=(const Successor&) = delete;

  int pid() const;
  /// How it ended, such as "exit status 1" or "signal 9 (Killed)"; none while it runs.
  const std::optional<std::string>& ended() const;
  /// Tells it to end (SIGTERM), unless it has.
  void dismiss();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ferry::proxy
