#include "tests/apiserver/kubectl/command.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ferry::testing {
namespace {

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe: " + std::string(std::strerror(errno)));
  return {ends[0], ends[1]};
}

/// A file in memory, at its beginning: unlike a pipe it takes any amount before anybody reads.
int make_input(const std::string& text) {
  const int file = memfd_create("input", MFD_CLOEXEC);
  if (file < 0 || write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("no input: " + std::string(std::strerror(errno)));
  }
  lseek(file, 0, SEEK_SET);
  return file;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

void close_if_open(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

/// Appends what can be read; closes the stream at its end.
void drain(int& descriptor, std::string& text) {
  std::array<char, 16384> buffer{};
  const ssize_t count = read(descriptor, buffer.data(), buffer.size());
  if (count > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  } else if (count == 0 || errno != EINTR) {
    close_if_open(descriptor);
  }
}

}  // namespace

Command::Command(const std::vector<std::string>& arguments, const Environment& environment, const std::string& input) {
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  int in = make_input(input);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write, STDERR_FILENO);

  std::vector<std::string> words = arguments;
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.emplace_back(name).append("=").append(value);
  const int failed =
      posix_spawn(&pid_, words.front().c_str(), &actions, nullptr, pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  for (int* end : {&in, &out.write, &err.write}) close_if_open(*end);
  out_ = out.read;
  err_ = err.read;
  if (failed == 0) return;
  pid_ = -1;
  close_if_open(out_);
  close_if_open(err_);
  throw std::runtime_error("cannot start " + words.front() + ": " + std::strerror(failed));
}

Command::~Command() {
  if (pid_ > 0) kill(pid_, SIGKILL);
  join();
  close_if_open(out_);
  close_if_open(err_);
}

bool Command::wait_for_output(const std::string& text, std::chrono::seconds limit) {
  const Deadline deadline = std::chrono::steady_clock::now() + limit;
  const auto is_there = [&] {
    const std::size_t found = outcome_.out.find(text);
    return found != std::string::npos && outcome_.out.find('\n', found + text.size() - 1) != std::string::npos;
  };
  while (!is_there()) {
    if (!read_some(deadline)) return false;
  }
  return true;
}

Outcome Command::finish(std::chrono::seconds limit) {
  const Deadline deadline = std::chrono::steady_clock::now() + limit;
  while (read_some(deadline)) {
  }
  if (out_ >= 0 || err_ >= 0) kill(pid_, SIGKILL);
  join();
  return outcome_;
}

Outcome Command::stop() {
  if (pid_ > 0) kill(pid_, SIGTERM);
  return finish();
}

bool Command::read_some(Deadline deadline) {
  std::array<pollfd, 2> streams{pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
  if (out_ < 0 && err_ < 0) return false;
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  if (left <= 0) return false;
  if (poll(streams.data(), streams.size(), static_cast<int>(left)) <= 0) return errno == EINTR;
  if (streams[0].revents != 0) drain(out_, outcome_.out);
  if (streams[1].revents != 0) drain(err_, outcome_.err);
  return true;
}

void Command::join() {
  if (pid_ <= 0) return;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  outcome_.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
}

}  // namespace ferry::testing
