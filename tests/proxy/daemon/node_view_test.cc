#include "proxy/daemon/node_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

config::IpAddress address(const char* text) { return config::IpAddress::parse(text).value(); }
config::IpPrefix prefix(const char* text) { return config::IpPrefix::parse(text).value(); }

class NodeViewTest : public ::testing::Test {
 protected:
  NodeView view() const { return node_view(options_, host_, node_); }

  Options options_;
  std::vector<config::IpAddress> host_{address("127.0.0.1"), address("192.0.2.1"), address("192.0.2.2"),
                                       address("2001:db8::1")};
  std::optional<config::Node> node_;
};

TEST_F(NodeViewTest, WithoutANodeObjectTheHostSaysAll) {
  EXPECT_EQ(view().addresses, host_);
  EXPECT_EQ(view().node_port_addresses, host_);
  EXPECT_THAT(view().pods, IsEmpty());
}

TEST_F(NodeViewTest, TheNodeObjectAddsItsAddressesAndItsPods) {
  node_.emplace();
  node_->addresses = {address("192.0.2.2"), address("203.0.113.1")};
  node_->pod_cidrs = {prefix("10.1.0.0/24")};
  EXPECT_THAT(view().addresses, ElementsAre(address("127.0.0.1"), address("192.0.2.1"), address("192.0.2.2"),
                                            address("2001:db8::1"), address("203.0.113.1")));
  EXPECT_THAT(view().pods, ElementsAre(prefix("10.1.0.0/24")));
  options_.cluster_cidrs = {prefix("10.0.0.0/8")};
  EXPECT_THAT(view().pods, ElementsAre(prefix("10.0.0.0/8")));
}

TEST_F(NodeViewTest, RangesChooseTheAddressesOfNodePorts) {
  options_.node_port_addresses.ranges = {prefix("192.0.2.2/32"), prefix("2001:db8::/32")};
  EXPECT_THAT(view().node_port_addresses, ElementsAre(address("192.0.2.2"), address("2001:db8::1")));
}

TEST_F(NodeViewTest, PrimaryIsTheFirstOfEachFamilyThatTheNodeObjectNames) {
  options_.node_port_addresses.primary = true;
  EXPECT_THAT(view().node_port_addresses, IsEmpty());
  node_.emplace();
  node_->addresses = {address("192.0.2.2"), address("192.0.2.1"), address("2001:db8::1")};
  EXPECT_THAT(view().node_port_addresses, ElementsAre(address("192.0.2.2"), address("2001:db8::1")));
}

TEST_F(NodeViewTest, TheFlagNamesThePrimaryAddressOfItsFamilyInTheNodesPlace) {
  options_.node_port_addresses.primary = true;
  options_.bind_address = address("192.0.2.1");
  EXPECT_THAT(view().node_port_addresses, ElementsAre(address("192.0.2.1")));
  node_.emplace();
  node_->addresses = {address("192.0.2.2"), address("2001:db8::1")};
  EXPECT_THAT(view().node_port_addresses, ElementsAre(address("192.0.2.1"), address("2001:db8::1")));
  options_.bind_address = address("::");
  EXPECT_THAT(view().node_port_addresses, ElementsAre(address("192.0.2.2"), address("2001:db8::1")));
}

TEST_F(NodeViewTest, OwnConnectionsComeFromTheNodesAddressBeforeOthersAndNeverFromLoopback) {
  EXPECT_EQ(own_sources(host_, node_).front(), address("192.0.2.1"));
  node_.emplace();
  node_->addresses = {address("203.0.113.1"), address("192.0.2.2")};
  EXPECT_EQ(own_sources(host_, node_).front(), address("192.0.2.2"));
}

}  // namespace
}  // namespace ferry::proxy
