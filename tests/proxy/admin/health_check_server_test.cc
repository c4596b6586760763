#include "proxy/admin/health_check_server.h"

#include <future>
#include <string>

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>

#include "proxy/admin/admin_server.h"
#include "tests/proxy/admin/http_client.h"

namespace ferry::proxy {
namespace {

using boost::asio::ip::tcp;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The server on an admin thread, at a loopback address of this test.
class HealthCheckServerTest : public ::testing::Test {
 protected:
  HealthCheckServerTest() {
    health_.set_synced();
    checks_.move_to({config::IpAddress::parse("127.0.0.1").value()});
    admin_.start();
  }
  ~HealthCheckServerTest() override {
    checks_.stop();
    admin_.stop();
  }

  static std::uint16_t free_port() {
    boost::asio::io_context loop;
    const tcp::acceptor probe(loop, {boost::asio::ip::address_v4::loopback(), 0});
    return probe.local_endpoint().port();
  }
  void set(std::uint16_t port, std::size_t count) { checks_.set({{{"ns", "web"}, port, count}}); }
  /// The whole answer; what was said before is in force when a further round through the loop is over.
  std::string ask(std::uint16_t port, const std::string& path = "/") {
    settle();
    ferry::testing::RawClient client({boost::asio::ip::address_v4::loopback(), port});
    client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return client.read_to_end();
  }
  void settle() {
    std::promise<void> done;
    boost::asio::post(admin_.loop(), [&done] { done.set_value(); });
    done.get_future().wait();
  }
  bool refuses(std::uint16_t port) {
    settle();
    try {
      const ferry::testing::RawClient client({boost::asio::ip::address_v4::loopback(), port});
      return false;
    } catch (const boost::system::system_error& error) {
      return error.code() == boost::asio::error::connection_refused;
    }
  }

  Health health_;
  AdminServer admin_;
  HealthCheckServer checks_{admin_.loop(), health_,
                            std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>())};
  const std::uint16_t port_ = free_port();
};

TEST_F(HealthCheckServerTest, AnswersAsKubeProxyDoesWhateverIsAskedFor) {
  set(port_, 3);
  const std::string answer = ask(port_, "/any/path?x=1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Load-Balancing-Endpoint-Weight: 3\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n{\n\t\"service\": {\n\t\t\"namespace\": \"ns\",\n\t\t\"name\": "
                                "\"web\"\n\t},\n\t\"localEndpoints\": 3,\n\t\"serviceProxyHealthy\": true\n}"));
}

TEST_F(HealthCheckServerTest, WithoutALocalEndpointItIsUnavailable) {
  set(port_, 0);
  EXPECT_THAT(ask(port_), StartsWith("HTTP/1.1 503"));
  set(port_, 1);
  EXPECT_THAT(ask(port_), StartsWith("HTTP/1.1 200"));
}

TEST_F(HealthCheckServerTest, AProxyThatDrainsIsUnavailableAndANodeThatGoesIsNot) {
  set(port_, 1);
  health_.set_node_eligible(false);
  EXPECT_THAT(ask(port_), StartsWith("HTTP/1.1 200"));
  health_.set_draining();
  const std::string answer = ask(port_);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(answer, HasSubstr("\"serviceProxyHealthy\": false"));
}

TEST_F(HealthCheckServerTest, APortThatIsNoLongerWantedIsClosedAndAChangedOneMoves) {
  set(port_, 1);
  ask(port_);
  const std::uint16_t other = free_port();
  set(other, 1);
  EXPECT_THAT(ask(other), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(refuses(port_));
  set(0, 0);
  EXPECT_TRUE(refuses(other));
}

TEST_F(HealthCheckServerTest, FollowsTheNodesAddresses) {
  set(port_, 1);
  ask(port_);
  checks_.move_to({config::IpAddress::parse("127.0.0.2").value()});
  EXPECT_TRUE(refuses(port_));
  checks_.move_to({config::IpAddress::parse("127.0.0.1").value()});
  EXPECT_THAT(ask(port_), StartsWith("HTTP/1.1 200"));
}

TEST_F(HealthCheckServerTest, APortInUseIsTriedAgainWithTheNextNews) {
  boost::asio::io_context loop;
  tcp::acceptor occupant(loop, {boost::asio::ip::address_v4::loopback(), port_});
  set(port_, 1);
  settle();
  occupant.close();
  EXPECT_TRUE(refuses(port_));
  set(port_, 2);
  EXPECT_THAT(ask(port_), HasSubstr("X-Load-Balancing-Endpoint-Weight: 2"));
}

}  // namespace
}  // namespace ferry::proxy
