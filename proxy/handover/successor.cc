#include "proxy/handover/successor.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <spawn.h>
#include <spdlog/fmt/fmt.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

namespace asio = boost::asio;

struct Successor::State {
  explicit State(const asio::any_io_executor& executor) : end(executor) {}

  pid_t pid = 0;
  /// Readable once it has ended (pidfd_open(2)).
  asio::posix::stream_descriptor end;
  std::optional<std::string> ended;
};

namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> made;
  for (std::string& each : strings) made.push_back(each.data());
  made.push_back(nullptr);
  return made;
}

void check(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

/// What a process is started with beside its arguments: the standard descriptors alone, and signals as at a boot.
class SpawnSettings {
 public:
  SpawnSettings() {
    check(::posix_spawnattr_init(&attributes_), "posix_spawnattr_init");
    check(::posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init");
    check(::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1), "closefrom");
    sigset_t all{};
    sigset_t none{};
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  const posix_spawnattr_t* attributes() const { return &attributes_; }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

std::string how_it_ended(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return fmt::format("exit status {}", info.si_status);
  const char* const name = ::sigdescr_np(info.si_status);
  return fmt::format("signal {} ({})", info.si_status, name != nullptr ? name : "unknown");
}

}  // namespace

std::string program_path(const std::string& name) {
  std::error_code error;
  std::filesystem::path path;
  if (name.find('/') != std::string::npos) {
    path = std::filesystem::absolute(name, error);
  } else {
    path = std::filesystem::read_symlink("/proc/self/exe", error);
  }
  return error ? name : path.string();
}

Successor::Successor(const asio::any_io_executor& executor, const Invocation& invocation,
                     const std::vector<std::string>& environment, std::function<void()> on_end)
    : state_(std::make_shared<State>(executor)) {
  std::vector<std::string> arguments{invocation.program};
  arguments.insert(arguments.end(), invocation.arguments.begin(), invocation.arguments.end());
  std::vector<std::string> variables = environment;
  for (char** each = environ; *each != nullptr; ++each) variables.emplace_back(*each);
  const SpawnSettings settings;
  check(::posix_spawn(&state_->pid, invocation.program.c_str(), settings.actions(), settings.attributes(),
                      pointers(arguments).data(), pointers(variables).data()),
        invocation.program.c_str());
  UniqueFd end(static_cast<int>(::syscall(SYS_pidfd_open, state_->pid, 0)));
  if (!end) {
    const int error = errno;
    ::kill(state_->pid, SIGKILL);
    ::waitpid(state_->pid, nullptr, 0);
    check(error, "pidfd_open");
  }
  state_->end.assign(end.release());
  state_->end.async_wait(asio::posix::stream_descriptor::wait_read,
                         [state = state_, on_end = std::move(on_end)](const boost::system::error_code& code) {
                           if (code.failed()) return;
                           siginfo_t info{};
                           ::waitid(P_PID, static_cast<id_t>(state->pid), &info, WEXITED | WNOHANG);
                           state->ended = how_it_ended(info);
                           on_end();
                         });
}

Successor::~Successor() {
  boost::system::error_code ignored;
  state_->end.close(ignored);
}

int Successor::pid() const { return state_->pid; }

const std::optional<std::string>& Successor::ended() const { return state_->ended; }

void Successor::dismiss() {
  // It cannot have been waited for, so the number is still its own.
  if (!state_->ended) ::kill(state_->pid, SIGTERM);
}

}  // namespace ferry::proxy
