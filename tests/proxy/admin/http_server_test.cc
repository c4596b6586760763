#include "proxy/admin/http_server.h"

#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "tests/proxy/admin/http_client.h"

namespace ferry::proxy {
namespace {

using ferry::testing::ask;
using ferry::testing::RawClient;

constexpr const char* kGet = "GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// A server with the page /page on a thread of its own. Its end fails the test when the loop still has work.
class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpLimits limits = {}) {
    Routes routes;
    routes.add("/page", [] { return Response{.body = "hello"}; });
    server_ = std::make_unique<HttpServer>(loop_, std::move(routes), limits);
    server_->listen({boost::asio::ip::address_v4::loopback(), 0});
    address_ = server_->address();
    thread_ = std::thread([this] { loop_.run(); });
  }

  void TearDown() override {
    if (!thread_.joinable()) return;
    boost::asio::post(loop_, [this] { server_->stop(); });
    thread_.join();
    EXPECT_EQ(server_->connections(), 0U);
  }

  boost::asio::io_context loop_{1};
  std::unique_ptr<HttpServer> server_;
  boost::asio::ip::tcp::endpoint address_;
  std::thread thread_;
};

TEST_F(HttpServerTest, AnswersAPageWithItsLengthAndType) {
  start();
  EXPECT_EQ(ask(address_, kGet),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
}

TEST_F(HttpServerTest, ARequestMayComeByteByByte) {
  start();
  RawClient client(address_);
  for (const char* byte = kGet; *byte != '\0'; ++byte) client.send(std::string(1, *byte));
  EXPECT_TRUE(client.read_to_end().ends_with("hello"));
}

TEST_F(HttpServerTest, SeveralRequestsShareOneConnection) {
  start();
  RawClient client(address_);
  const std::string get = "GET /page HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(get);
  EXPECT_TRUE(client.read_until("hello").ends_with("hello"));
  client.send(get + kGet);
  EXPECT_TRUE(client.read_until("hello").ends_with("hello"));
  EXPECT_TRUE(client.read_to_end().ends_with("hello"));
}

TEST_F(HttpServerTest, AHeadRequestIsAnsweredWithoutTheBody) {
  start();
  const std::string answer = ask(address_, "HEAD /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, OtherMethodsAreRefusedWithThoseThatWork) {
  start();
  const std::string answer =
      ask(address_, "POST /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 "));
  EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos);
}

TEST_F(HttpServerTest, WhatIsNoHttpIsABadRequest) {
  start();
  EXPECT_TRUE(ask(address_, "\x16\x03\x01 hello there\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, AHeaderBeyondTheBoundIsRefused) {
  start({.max_header_bytes = 512});
  EXPECT_TRUE(ask(address_, "GET /page HTTP/1.1\r\nX: " + std::string(600, 'a')).starts_with("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, ABodyBeyondTheBoundIsRefused) {
  start({.max_body_bytes = 10});
  EXPECT_TRUE(
      ask(address_, "GET /page HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, AClientThatSaysNothingIsClosed) {
  start({.idle_time = std::chrono::milliseconds{20}});
  RawClient client(address_);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerTest, ARequestThatNeverEndsIsClosed) {
  start({.transfer_time = std::chrono::milliseconds{20}});
  RawClient client(address_);
  client.send("GET /page HTTP/1.1\r\n");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerTest, AClientThatLeavesInTheMiddleHarmsNobody) {
  start();
  {
    RawClient client(address_);
    client.send("GET /pa");
  }
  EXPECT_TRUE(ask(address_, kGet).ends_with("hello"));
}

TEST_F(HttpServerTest, SlowClientsNeverLockAProbeOut) {
  start({.max_connections = 2});
  RawClient first(address_);
  RawClient second(address_);
  first.send("GET");
  second.send("GET");
  EXPECT_TRUE(ask(address_, kGet).ends_with("hello"));
  EXPECT_EQ(first.read_to_end(), "");
}

TEST_F(HttpServerTest, StoppingCutsOpenConnections) {
  start();
  RawClient client(address_);
  client.send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
  client.read_until("hello");
  boost::asio::post(loop_, [this] { server_->stop(); });
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerTest, AnAddressInUseIsAnError) {
  start();
  boost::asio::io_context other;
  HttpServer second(other, Routes{});
  EXPECT_THROW(second.listen(address_), boost::system::system_error);
}

}  // namespace
}  // namespace ferry::proxy
