#include "proxy/host/legacy_tables.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

// The C library's headers first: the kernel's leave out what those have declared.
// clang-format off
#include <netinet/in.h>
#include <sys/socket.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
// clang-format on

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

namespace {

constexpr std::size_t kMaxTable = 32 << 20;

struct V4 {
  static constexpr int kFamily = AF_INET;
  static constexpr int kLevel = SOL_IP;
  static constexpr int kGetInfo = IPT_SO_GET_INFO;
  static constexpr int kGetEntries = IPT_SO_GET_ENTRIES;
  static constexpr const char* kNames = "/proc/thread-self/net/ip_tables_names";
  using Info = ipt_getinfo;
  using Entries = ipt_get_entries;
  using Entry = ipt_entry;
};

struct V6 {
  static constexpr int kFamily = AF_INET6;
  static constexpr int kLevel = SOL_IPV6;
  static constexpr int kGetInfo = IP6T_SO_GET_INFO;
  static constexpr int kGetEntries = IP6T_SO_GET_ENTRIES;
  static constexpr const char* kNames = "/proc/thread-self/net/ip6_tables_names";
  using Info = ip6t_getinfo;
  using Entries = ip6t_get_entries;
  using Entry = ip6t_entry;
};

/// 0 when the kernel holds a table of that name, ENOENT when not, or an errno.
int find_table(const char* names, std::string_view table) {
  errno = 0;
  std::ifstream file(names);
  if (!file) return errno != 0 ? errno : ENOENT;
  for (std::string line; std::getline(file, line);) {
    if (line == table) return 0;
  }
  return ENOENT;
}

/// False when there are not as many bytes.
template <class Value>
bool read(std::string_view bytes, std::size_t at, Value& value) {
  if (at > bytes.size() || bytes.size() - at < sizeof(value)) return false;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return true;
}

template <std::size_t kSize>
std::string_view text(const char (&field)[kSize]) {
  return {field, ::strnlen(field, kSize)};
}

/// A chain begins with an entry whose target is called ERROR and carries the chain's name.
template <class Entry>
bool has_chain(std::string_view entries, std::string_view chain) {
  Entry entry{};
  xt_error_target head{};
  for (std::size_t at = 0; read(entries, at, entry); at += entry.next_offset) {
    const bool is_head = read(entries, at + entry.target_offset, head) &&
                         text(head.target.u.user.name) == XT_ERROR_TARGET && text(head.errorname) == chain;
    if (is_head) return true;
    if (entry.next_offset == 0) break;
  }
  return false;
}

template <class Version>
int find_chain(std::string_view table, std::string_view chain) {
  if (const int error = find_table(Version::kNames, table); error != 0) return error;
  const UniqueFd socket(::socket(Version::kFamily, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno;

  typename Version::Info info{};
  std::copy(table.begin(), table.begin() + std::min(table.size(), sizeof(info.name) - 1), info.name);
  socklen_t size = sizeof(info);
  if (::getsockopt(socket.get(), Version::kLevel, Version::kGetInfo, &info, &size) != 0) return errno;
  if (info.size > kMaxTable) return EFBIG;

  using Entries = typename Version::Entries;
  std::vector<char> answer(sizeof(Entries) + info.size);
  std::memcpy(answer.data() + offsetof(Entries, name), info.name, sizeof(info.name));
  std::memcpy(answer.data() + offsetof(Entries, size), &info.size, sizeof(info.size));
  size = static_cast<socklen_t>(answer.size());
  // EAGAIN: the table has become another since.
  if (::getsockopt(socket.get(), Version::kLevel, Version::kGetEntries, answer.data(), &size) != 0) return errno;
  const std::string_view entries(answer.data() + sizeof(Entries), info.size);
  return has_chain<typename Version::Entry>(entries, chain) ? 0 : ENOENT;
}

}  // namespace

int find_legacy_chain_v4(std::string_view table, std::string_view chain) { return find_chain<V4>(table, chain); }

int find_legacy_chain_v6(std::string_view table, std::string_view chain) { return find_chain<V6>(table, chain); }

}  // namespace ferry::proxy
