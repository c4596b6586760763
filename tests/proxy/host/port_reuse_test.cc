#include "proxy/host/port_reuse.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/own_network.h"
#include "tests/support/temporary_folder.h"

namespace ferry::proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(PortReuse, IsAllowedUnlessItIs) {
  const ferry::testing::TemporaryFolder folder;
  const std::string setting = folder.write("tcp_tw_reuse", "2\n");
  EXPECT_EQ(allow_port_reuse(setting), std::nullopt);
  EXPECT_EQ(content_of(setting), "1\n");
  EXPECT_EQ(allow_port_reuse(setting), std::nullopt);
}

TEST(PortReuse, IsAskedForWhereItCannotBeAllowed) {
  const ferry::testing::TemporaryFolder folder;
  const std::string missing = (folder.path() / "none" / "tcp_tw_reuse").string();
  EXPECT_THAT(allow_port_reuse(missing),
              Optional(HasSubstr("net.ipv4.tcp_tw_reuse is unknown and cannot be set to 1 from here (No such file")));
}

TEST(PortReuse, IsAllowedInThisNetworkAlone) {
  ferry::testing::enter_own_network();
  std::ofstream("/proc/sys/net/ipv4/tcp_tw_reuse") << "2";
  EXPECT_EQ(allow_port_reuse(), std::nullopt);
  EXPECT_EQ(content_of("/proc/sys/net/ipv4/tcp_tw_reuse"), "1\n");
}

}  // namespace
}  // namespace ferry::proxy
