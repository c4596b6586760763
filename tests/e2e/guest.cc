#include "tests/e2e/guest.h"

#include <cerrno>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sched.h>

#include "tests/e2e/eventually.h"
#include "tests/support/own_network.h"

namespace ferry::testing {

Guest::Guest(const std::string& name, const Addresses& v4, const Addresses& v6)
    : keeper_({"unshare", "--net", "sleep", "600"}) {
  const std::string process = std::to_string(keeper_.pid());
  const std::string network = "/proc/" + process + "/ns/net";
  eventually("the guest has a network of its own", [&] {
    return std::filesystem::read_symlink(network) != std::filesystem::read_symlink("/proc/thread-self/ns/net");
  });
  network_ = proxy::UniqueFd(::open(network.c_str(), O_RDONLY | O_CLOEXEC));
  ip("link add " + name + " type veth peer name eth0 netns " + process);
  ip("link set " + name + " up");
  ip_inside("link set lo up");
  ip_inside("link set eth0 up");
  for (const auto& [addresses, length] : {std::pair(v4, "/32"), std::pair(v6, "/128")}) {
    if (addresses.own.empty()) continue;
    // Without nodad an IPv6 address could not be used for a second.
    const std::string at_once = length == std::string("/128") ? " nodad" : "";
    const std::string gateway = addresses.gateway + length;
    std::string gateway_here = gateway;
    gateway_here.append(" dev ").append(name).append(at_once);
    ip("address add " + gateway_here);
    ip("route add " + addresses.own + length + " dev " + name);
    ip_inside("address add " + addresses.own + length + " dev eth0" + at_once);
    ip_inside("route add " + gateway + " dev eth0");
    ip_inside("route add default via " + addresses.gateway + " dev eth0");
  }
}

std::vector<std::string> Guest::command(const std::vector<std::string>& words) const {
  std::vector<std::string> whole{"nsenter", "--net=/proc/" + std::to_string(keeper_.pid()) + "/ns/net"};
  whole.insert(whole.end(), words.begin(), words.end());
  return whole;
}

void Guest::ip_inside(const std::string& arguments) const {
  const bool v6 = arguments.find("::") != std::string::npos;
  std::vector<std::string> words{"ip", v6 ? "-6" : "-4"};
  std::istringstream rest(arguments);
  for (std::string word; rest >> word;) words.push_back(word);
  const Finished done = run(command(words));
  if (done.status != 0) throw std::runtime_error("in a guest: ip " + arguments + ": " + done.output);
}

void Guest::go_dark() const {
  const std::string rules =
      "add table ip dark; "
      "add chain ip dark input { type filter hook input priority 0; policy drop; }; "
      "add chain ip dark output { type filter hook output priority 0; policy drop; }";
  const Finished done = run(command({"nft", rules}));
  if (done.status != 0) throw std::runtime_error("in a guest: nft " + rules + ": " + done.output);
}

void Guest::enter() const {
  if (::setns(network_.get(), CLONE_NEWNET) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot enter a guest's network");
  }
}

}  // namespace ferry::testing
