#include "proxy/steering/pins.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <linux/bpf.h>
#include <linux/magic.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

namespace {

namespace fs = std::filesystem;

bool is_bpf_filesystem(const std::string& path) {
  struct statfs where {};
  return ::statfs(path.c_str(), &where) == 0 && where.f_type == BPF_FS_MAGIC;
}

int ask_kernel(bpf_cmd what, bpf_attr& about) {
  return static_cast<int>(::syscall(SYS_bpf, what, &about, sizeof(about)));
}

/// At once, where the file is an attached program: the kernel takes its time with one that nobody refers to any more.
void detach(const std::string& path) {
  bpf_attr get{};
  get.pathname = reinterpret_cast<std::uintptr_t>(path.c_str());
  const UniqueFd link(ask_kernel(BPF_OBJ_GET, get));
  if (!link) return;
  bpf_attr attr{};
  attr.link_detach.link_fd = static_cast<__u32>(link.get());
  ask_kernel(BPF_LINK_DETACH, attr);
}

}  // namespace

Pins::Pins(std::string folder) : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  const std::string parent = fs::path(folder_).parent_path();
  if (!is_bpf_filesystem(parent)) throw std::runtime_error(parent + " is in no BPF file system");
  if (::mkdir(folder_.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    throw std::runtime_error(fmt::format("{}: {}", folder_, std::strerror(errno)));
  }
}

void Pins::remove(const std::string& name) const { ::unlink(path(name).c_str()); }

void Pins::keep_only(const std::set<std::string>& names) const {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename();
    if (names.count(name) == 0) remove(name);
  }
}

bool remove_pins(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return false;
  if (!is_bpf_filesystem(folder)) throw std::runtime_error(folder + " is in no BPF file system");
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) detach(entry.path());
  if (!error) fs::remove_all(folder, error);
  if (error) throw std::runtime_error(fmt::format("{}: {}", folder, error.message()));
  return true;
}

}  // namespace ferry::proxy
