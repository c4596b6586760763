#include "proxy/host/stale_rules.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/host/legacy_tables.h"
#include "tests/support/own_network.h"

namespace ferry::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StaleRulesTest : public ::testing::Test {
 protected:
  void SetUp() override { ferry::testing::enter_own_network(); }

  static void run(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }
  /// iptables-legacy is no part of every system, nor are its modules of every kernel.
  static bool has_legacy(const std::string& program) {
    return std::system((program + " -t nat -L >/dev/null 2>&1").c_str()) == 0;
  }
  static std::vector<std::string> places() {
    const StaleRules found = find_stale_rules();
    EXPECT_EQ(found.error, 0);
    return found.places;
  }
};

TEST_F(StaleRulesTest, AnEmptyNetworkHasNone) { EXPECT_THAT(places(), IsEmpty()); }

TEST_F(StaleRulesTest, NftablesTableIsFoundInEitherFamily) {
  run("nft add table ip6 kube-proxy");
  EXPECT_THAT(places(), ElementsAre("table kube-proxy of nftables (IPv6)"));
  run("nft add table ip kube-proxy");
  EXPECT_THAT(places(), ElementsAre("table kube-proxy of nftables (IPv4)", "table kube-proxy of nftables (IPv6)"));
  run("nft delete table ip kube-proxy");
  run("nft delete table ip6 kube-proxy");
  EXPECT_THAT(places(), IsEmpty());
}

TEST_F(StaleRulesTest, ChainsOfIptablesAreFoundInNftables) {
  run("nft add table ip nat");
  run("nft add chain ip nat KUBE-SERVICES");
  EXPECT_THAT(places(), ElementsAre("chain KUBE-SERVICES of iptables (IPv4)"));
  run("nft add table ip6 nat");
  run("nft add chain ip6 nat KUBE-SERVICES");
  EXPECT_THAT(places(),
              ElementsAre("chain KUBE-SERVICES of iptables (IPv4)", "chain KUBE-SERVICES of iptables (IPv6)"));
}

TEST_F(StaleRulesTest, TheKubeletsChainsAndOthersTablesAreNotKubeProxys) {
  run("nft add table ip nat");
  for (const char* const chain : {"KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-KUBELET-CANARY", "KUBE-SERVICES-2"}) {
    run(std::string("nft add chain ip nat ") + chain);
  }
  run("nft add table ip kube");
  run("nft add table inet kube-proxy");
  run("nft add table ip filter");
  run("nft add chain ip filter KUBE-SERVICES");
  EXPECT_THAT(places(), IsEmpty());
}

TEST_F(StaleRulesTest, TheDeviceOfIpvsIsFound) {
  ferry::testing::ip("link add kube-ipvs0 type veth peer name other");
  EXPECT_THAT(places(), ElementsAre("device kube-ipvs0 of IPVS"));
}

TEST_F(StaleRulesTest, LookingMakesNoTable) {
  EXPECT_THAT(places(), IsEmpty());
  EXPECT_EQ(find_legacy_chain_v4("nat", "PREROUTING"), ENOENT);
  EXPECT_EQ(find_legacy_chain_v6("nat", "PREROUTING"), ENOENT);
}

TEST_F(StaleRulesTest, ChainsOfIptablesLegacyAreFound) {
  if (!has_legacy("iptables-legacy") || !has_legacy("ip6tables-legacy")) GTEST_SKIP() << "needs iptables-legacy";
  EXPECT_THAT(places(), IsEmpty());
  run("iptables-legacy -t nat -N KUBE-SERVICES-2");
  run("iptables-legacy -t nat -A KUBE-SERVICES-2 -p tcp -m comment --comment KUBE-SERVICES -j RETURN");
  run("iptables-legacy -t filter -N KUBE-SERVICES");
  EXPECT_THAT(places(), IsEmpty());
  run("iptables-legacy -t nat -N KUBE-SERVICES");
  EXPECT_THAT(places(), ElementsAre("chain KUBE-SERVICES of iptables-legacy (IPv4)"));
  run("ip6tables-legacy -t nat -N KUBE-SERVICES");
  EXPECT_THAT(places(), ElementsAre("chain KUBE-SERVICES of iptables-legacy (IPv4)",
                                    "chain KUBE-SERVICES of iptables-legacy (IPv6)"));
  run("iptables-legacy -t nat -X KUBE-SERVICES");
  EXPECT_THAT(places(), ElementsAre("chain KUBE-SERVICES of iptables-legacy (IPv6)"));
}

}  // namespace
}  // namespace ferry::proxy
