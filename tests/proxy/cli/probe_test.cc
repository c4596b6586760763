#include "proxy/cli/probe.h"

#include <chrono>
#include <sstream>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/cli/command.h"
#include "tests/support/scripted_server.h"

namespace ferry::cli {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Probe : public ::testing::Test {
 protected:
  /// Probes the server, which plays its script meanwhile.
  int probe_server(const std::string& page = "/livez", std::chrono::milliseconds timeout = 20s) {
    std::thread server([this] { loop_.run(); });
    const int code = probe({.address = address(), .page = page, .timeout = timeout}, {out_, err_});
    boost::asio::post(loop_, [this] { server_.stop(); });
    server.join();
    return code;
  }

  tcp::endpoint address() const { return {boost::asio::ip::address_v4::loopback(), server_.port()}; }

  boost::asio::io_context loop_{1};
  testing::ScriptedServer server_{loop_.get_executor()};
  const std::string url_ = server_.url();
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Probe, WhatIsWellIsExitCodeZeroAndALine) {
  server_.on_connection().request().send(testing::http_answer("{}"));
  EXPECT_EQ(probe_server(), 0);
  EXPECT_EQ(out_.str(), url_ + "/livez answered 200\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(Probe, AsksForThePageThatWasNamed) {
  server_.on_connection().request().send(testing::http_answer("{}"));
  EXPECT_EQ(probe_server("/healthz"), 0);
  ASSERT_EQ(server_.requests().size(), 1U);
  EXPECT_THAT(server_.requests().front(), StartsWith("GET /healthz HTTP/1.1\r\n"));
}

TEST_F(Probe, WhatIsNotWellIsAFailureWithTheReason) {
  server_.on_connection().request().send(testing::http_answer("{}", "503 Service Unavailable"));
  EXPECT_EQ(probe_server(), 1);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "kube-ferry: " + url_ +
                            "/livez answered 503: it has not read the cluster's state yet, or is stuck; its log "
                            "tells\n");
}

TEST_F(Probe, AnotherServersAnswerIsAFailure) {
  server_.on_connection().request().send(testing::http_answer("", "404 Not Found"));
  EXPECT_EQ(probe_server(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("answered 404; is kube-ferry's --healthz-bind-address another one?"));
}

TEST_F(Probe, SilenceEndsWithTheTimeout) {
  server_.on_connection().request().hang();
  EXPECT_EQ(probe_server("/livez", 50ms), 1);
  EXPECT_THAT(err_.str(), EndsWith("/livez did not answer within 50ms\n"));
}

TEST_F(Probe, AnAnswerThatStopsHalfWayEndsWithTheTimeout) {
  server_.on_connection().request().send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc").hang();
  EXPECT_EQ(probe_server("/livez", 50ms), 1);
  EXPECT_THAT(err_.str(), EndsWith("/livez did not answer within 50ms\n"));
}

TEST_F(Probe, WhatIsNoHttpIsAFailure) {
  server_.on_connection().request().send("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  EXPECT_EQ(probe_server(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("/livez is no answer (bad version); is kube-ferry's --healthz-bind-address"));
}

TEST_F(Probe, AServerThatHangsUpIsAFailure) {
  server_.on_connection().request();
  EXPECT_EQ(probe_server(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("/livez is no answer (end of stream)"));
}

TEST_F(Probe, WithoutADaemonTheAddressAndTheRemedyAreNamed) {
  tcp::acceptor mute(loop_, tcp::v4());
  mute.bind({boost::asio::ip::address_v4::loopback(), 0});
  const std::string address = "127.0.0.1:" + std::to_string(mute.local_endpoint().port());
  EXPECT_EQ(run_command({"probe", "healthz", "--healthz-bind-address", address}, {out_, err_}), 1);
  EXPECT_EQ(err_.str(), "kube-ferry: nobody answers at http://" + address +
                            "/healthz (Connection refused); start kube-ferry, or name its --healthz-bind-address\n");
}

}  // namespace
}  // namespace ferry::cli
