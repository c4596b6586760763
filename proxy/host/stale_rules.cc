#include "proxy/host/stale_rules.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

// The C library's headers first: the kernel's leave out what those have declared.
// clang-format off
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
// clang-format on

#include "proxy/host/legacy_tables.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

namespace {

constexpr const char* kTable = "kube-proxy";
constexpr const char* kChain = "KUBE-SERVICES";
constexpr const char* kDevice = "kube-ipvs0";

struct Family {
  std::uint8_t number = 0;
  const char* name = "";
};
constexpr std::array<Family, 2> kFamilies{{{NFPROTO_IPV4, "IPv4"}, {NFPROTO_IPV6, "IPv6"}}};

/// One question about nftables, with room for two names.
struct Question {
  nlmsghdr header{};
  nfgenmsg about{};
  std::array<char, 128> attributes{};

  Question(std::uint8_t type, std::uint8_t family) {
    header.nlmsg_len = NLMSG_LENGTH(sizeof(nfgenmsg));
    header.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type);
    header.nlmsg_flags = NLM_F_REQUEST;
    about.nfgen_family = family;
    about.version = NFNETLINK_V0;
  }

  void add(std::uint16_t type, std::string_view name) {
    const std::size_t used = NLMSG_ALIGN(header.nlmsg_len) - NLMSG_LENGTH(sizeof(nfgenmsg));
    nlattr attribute{};
    attribute.nla_type = type;
    // With the zero at its end.
    attribute.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + name.size() + 1);
    std::memcpy(attributes.data() + used, &attribute, sizeof(attribute));
    std::memcpy(attributes.data() + used + NLA_HDRLEN, name.data(), name.size());
    header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof(nfgenmsg)) + used + NLA_ALIGN(attribute.nla_len));
  }
};

/// 0: there is what the question names; ENOENT: there is not; another errno.
int ask(const Question& question) {
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket || ::send(socket.get(), &question, question.header.nlmsg_len, 0) < 0) return errno;
  struct {
    nlmsghdr header{};
    int error = 0;
    std::array<char, 4096> rest{};
  } answer;
  // The kernel has answered by the time that it took the question.
  const ssize_t size = ::recv(socket.get(), &answer, sizeof(answer), MSG_DONTWAIT);
  if (size < 0) return errno;
  if (static_cast<std::size_t>(size) < sizeof(nlmsghdr) + sizeof(int)) return EPROTO;
  return answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error : 0;
}

/// A kernel without nftables has none of its rules.
bool is_absence(int error) {
  return error == ENOENT || error == EINVAL || error == EOPNOTSUPP || error == EPROTONOSUPPORT || error == EAFNOSUPPORT;
}

class Search {
 public:
  void note(int error, const std::string& place) {
    if (error == 0) {
      found_.places.push_back(place);
    } else if (!is_absence(error) && found_.error == 0) {
      found_.error = error;
    }
  }
  StaleRules result() && { return std::move(found_); }

 private:
  StaleRules found_;
};

}  // namespace

StaleRules find_stale_rules() {
  Search search;
  for (const Family& family : kFamilies) {
    const std::string which = std::string(" (") + family.name + ")";
    Question table(NFT_MSG_GETTABLE, family.number);
    table.add(NFTA_TABLE_NAME, kTable);
    search.note(ask(table), std::string("table ") + kTable + " of nftables" + which);

    Question chain(NFT_MSG_GETCHAIN, family.number);
    chain.add(NFTA_CHAIN_TABLE, "nat");
    chain.add(NFTA_CHAIN_NAME, kChain);
    search.note(ask(chain), std::string("chain ") + kChain + " of iptables" + which);

    const int legacy = family.number == NFPROTO_IPV4 ? find_legacy_chain_v4("nat", kChain)  //
                                                     : find_legacy_chain_v6("nat", kChain);
    // None but kube-proxy's grow to such a size.
    if (legacy == EFBIG)
      search.note(0, "table nat of iptables-legacy" + which + ", too large to look through");
    else
      search.note(legacy, std::string("chain ") + kChain + " of iptables-legacy" + which);
  }
  search.note(::if_nametoindex(kDevice) != 0 ? 0 : ENOENT, std::string("device ") + kDevice + " of IPVS");
  return std::move(search).result();
}

}  // namespace ferry::proxy
