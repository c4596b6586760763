// kube-ferry's administration socket with made-up services, for tests of the commands that ask it.
// Usage: kube-ferry-fake-daemon SOCKET [SERVICES]; says "listening" and runs until it is killed.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>

#include "tests/proxy/cli/fake_daemon.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: kube-ferry-fake-daemon SOCKET [SERVICES]\n", stderr);
    return 2;
  }
  // Before there is another thread that could be the one to get them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  sigprocmask(SIG_BLOCK, &ending, nullptr);
  ferry::testing::FakeApi api(argc > 2 ? std::stoul(argv[2]) : 0);
  std::uint64_t asked = 0;
  // Something that changes from one answer to the next: how often it was asked.
  const auto respond = [&](const std::string& target) {
    if (target == "/api/status") api.status["connections"]["open"] = ++asked;
    return api.get(target);
  };
  const ferry::testing::FakeDaemon daemon(argv[1], respond);
  std::puts("listening");
  std::fflush(stdout);
  int number = 0;
  sigwait(&ending, &number);
  return 0;
}
