#include "tests/e2e/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ferry::testing {

namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_with(std::vector<std::string> extra) {
  std::vector<std::string> result = std::move(extra);
  for (char** entry = environ; *entry != nullptr; ++entry) result.emplace_back(*entry);
  return result;
}

/// Puts them where the program that is executed next finds them. `copies` has room for as many.
void pass(const std::vector<int>& descriptors, std::vector<int>& copies) {
  // Out of the way first: one may stand where another belongs.
  constexpr int kBeyond = 1000;
  for (std::size_t index = 0; index < descriptors.size(); ++index) {
    copies[index] = fcntl(descriptors[index], F_DUPFD_CLOEXEC, kBeyond);
  }
  for (std::size_t index = 0; index < copies.size(); ++index) {
    dup2(copies[index], STDERR_FILENO + 1 + static_cast<int>(index));
  }
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command, std::vector<std::string> extra_environment,
                           const std::vector<int>& descriptors)
    : name_(command.at(0)) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe: " + std::string(std::strerror(errno)));
  // All memory is had before fork: between fork and exec only calls that are safe in a signal handler are allowed.
  std::vector<char*> arguments = pointers(command);
  std::vector<std::string> environment = environment_with(std::move(extra_environment));
  std::vector<char*> environment_pointers = pointers(environment);
  std::vector<int> copies(descriptors.size());
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    // What this process listens on must not live on in the child: Asio's sockets are not close-on-exec.
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    pass(descriptors, copies);
    execvpe(arguments[0], arguments.data(), environment_pointers.data());
    _exit(127);
  }
  close(ends[1]);
  output_fd_ = ends[0];
  if (pid_ < 0) {
    close(output_fd_);
    throw std::runtime_error("no process for " + name_ + ": " + std::strerror(errno));
  }
  reader_ = std::thread([this] { read_output(); });
}

ChildProcess::~ChildProcess() {
  if (!reap(false)) kill();
  reader_.join();
  close(output_fd_);
}

void ChildProcess::read_output() {
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t count = read(output_fd_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    const std::lock_guard lock(mutex_);
    if (count > 0) output_.append(buffer.data(), static_cast<std::size_t>(count));
    if (count <= 0) output_ended_ = true;
    changed_.notify_all();
    if (count <= 0) return;
  }
}

std::string ChildProcess::wait_for_output(const std::string& pattern, std::chrono::seconds limit) {
  const std::regex regex(pattern);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::unique_lock lock(mutex_);
  while (true) {
    // A line that is still being written could match with half a number in it.
    const std::string lines = output_.substr(0, output_.rfind('\n') + 1);
    std::smatch match;
    if (std::regex_search(lines, match, regex)) return match[match.size() > 1 ? 1 : 0];
    if (output_ended_) throw std::runtime_error(name_ + " ended before it said '" + pattern + "':\n" + output_);
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) {
      throw std::runtime_error(name_ + " never said '" + pattern + "':\n" + output_);
    }
  }
}

void ChildProcess::signal(int number) const { ::kill(pid_, number); }

bool ChildProcess::reap(bool block) {
  if (status_) return true;
  int status = 0;
  pid_t result = 0;
  do {
    result = waitpid(pid_, &status, block ? 0 : WNOHANG);
  } while (result < 0 && errno == EINTR);
  if (result != pid_) return false;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

int ChildProcess::wait(std::chrono::seconds limit) {
  {
    // The end of its output comes with the end of the process: programs under test have no children.
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit, [this] { return output_ended_; })) {
      throw std::runtime_error(name_ + " did not end:\n" + output_);
    }
  }
  reap(true);
  return *status_;
}

void ChildProcess::kill() {
  if (!reap(false)) {
    signal(SIGKILL);
    reap(true);
  }
}

bool ChildProcess::running() { return !reap(false); }

std::string ChildProcess::output() {
  const std::lock_guard lock(mutex_);
  return output_;
}

Finished run(std::vector<std::string> command, std::vector<std::string> extra_environment) {
  ChildProcess process(std::move(command), std::move(extra_environment));
  const int status = process.wait();
  return Finished{status, process.output()};
}

}  // namespace ferry::testing
