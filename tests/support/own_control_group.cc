#include "tests/support/own_control_group.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ferry::testing {

namespace {

void need(int result, const std::string& what) {
  if (result != 0) throw std::runtime_error(what + ": " + std::strerror(errno) + "; it takes root");
}

std::string mounted(const char* type) {
  std::string folder = (std::filesystem::temp_directory_path() / "kube-ferry-mount-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp: " + folder);
  need(::mount("none", folder.c_str(), type, 0, nullptr), std::string("mount of ") + type);
  return folder;
}

}  // namespace

OwnControlGroup::OwnControlGroup() {
  need(::unshare(CLONE_NEWNS), "mounts of its own");
  need(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "private mounts");
  root_ = mounted("cgroup2");
  bpf_ = mounted("bpf");
  group_ = root_ + "/kube-ferry-test-XXXXXX";
  need(::mkdtemp(group_.data()) == nullptr ? -1 : 0, group_);
  move_to(group_);
}

OwnControlGroup::~OwnControlGroup() {
  // What this process has started may outlive this object, and start others meanwhile.
  constexpr int kTries = 100;
  for (int tries = 0; tries < kTries; ++tries) {
    std::ifstream members(group_ + "/cgroup.procs");
    for (std::string process; std::getline(members, process);) std::ofstream(root_ + "/cgroup.procs") << process;
    if (::rmdir(group_.c_str()) == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  for (const std::string& folder : {root_, bpf_}) {
    ::umount2(folder.c_str(), MNT_DETACH);
    ::rmdir(folder.c_str());
  }
}

void OwnControlGroup::move_to(const std::string& group) {
  std::ofstream file(group + "/cgroup.procs");
  file << ::getpid() << std::flush;
  if (!file) throw std::runtime_error("this process cannot be moved to " + group);
}

}  // namespace ferry::testing
