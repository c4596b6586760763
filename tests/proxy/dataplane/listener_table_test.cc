#include "proxy/dataplane/listener_table.h"

#include <cerrno>
#include <map>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>

namespace ferry::proxy {
namespace {

using std::chrono::milliseconds;

/// The table on a clock of its own, with the capture replaced: it fails with the errno in `capture_.broken`, where
/// there is one.
class ListenerTableTest : public ::testing::Test {
 protected:
  static ListenAddress at(std::uint16_t port) { return {config::IpAddress::from_v4_bytes({10, 0, 0, 1}), port}; }
  static std::shared_ptr<ServedPort> port_named(const std::string& name) {
    static const EjectionOptions kEjection;
    return std::make_shared<ServedPort>(config::ServicePortName{{"ns", name}, "", config::Protocol::kTcp}, 1,
                                        kEjection);
  }

  void claim(std::uint16_t port, const std::shared_ptr<ServedPort>& service, bool wanted) {
    table_.claim(
        Frontend{.at = at(port), .refused = !wanted, .admission = {}, .scope = Scope::kCluster, .insiders = nullptr},
        service);
  }

  /// Says what it is told, such as "refuse 80".
  class FakeCapture : public Capture {
   public:
    std::string_view name() const override { return "fake"; }
    SocketResult open(const ListenAddress& at, const Admission& /*admission*/) override {
      ++opened[at.port];
      if (const auto found = broken.find(at.port); found != broken.end()) return {UniqueFd(), found->second};
      return {UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), 0};
    }
    int admit(const ListenAddress& /*at*/, int /*fd*/, const Admission& /*admission*/) override { return 0; }
    void refuse(const ListenAddress& at, int /*fd*/) override { told.push_back("refuse " + std::to_string(at.port)); }
    void release(const ListenAddress& at) override { told.push_back("release " + std::to_string(at.port)); }
    std::vector<UniqueFd> inherit(std::vector<HandedSocket> /*sockets*/) override { return {}; }
    void take_effect() override {}
    void own(const config::IpAddress& address) override { told.push_back("own " + address.to_string()); }
    void let_go(const config::IpAddress& address) override { told.push_back("let go " + address.to_string()); }

    std::map<std::uint16_t, int> broken;
    std::map<std::uint16_t, int> opened;
    std::vector<std::string> told;
  };

  /// What the workers are told, such as "listen 80 a" and "unlisten 80".
  std::vector<std::string> settle() {
    Commands commands;
    table_.settle(now_, commands);
    return text_of(commands);
  }
  static std::vector<std::string> text_of(const Commands& commands) {
    std::vector<std::string> texts;
    for (const Command& command : commands) {
      if (const auto* const listen = std::get_if<Listen>(&command)) {
        texts.push_back("listen " + std::to_string(listen->socket->at.port) + " " + listen->port->name()->service.name);
      } else if (const auto* const unlisten = std::get_if<Unlisten>(&command)) {
        texts.push_back("unlisten " + std::to_string(unlisten->socket->at.port));
      }
    }
    return texts;
  }
  std::vector<std::string> closed(std::uint16_t port) {
    Commands commands;
    table_.closed(at(port), now_, commands);
    return text_of(commands);
  }
  std::vector<std::string> retry_after(milliseconds delay) {
    now_ += delay;
    Commands commands;
    table_.retry(now_, commands);
    return text_of(commands);
  }

  using Texts = std::vector<std::string>;

  DataplaneOptions options_;
  FakeCapture capture_;
  ListenerTable::TimePoint now_;
  ListenerTable table_{options_, capture_,
                       std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_st>())};
  std::shared_ptr<ServedPort> a_ = port_named("a");
  std::shared_ptr<ServedPort> b_ = port_named("b");
};

TEST_F(ListenerTableTest, NothingClaimedIsNothingDone) {
  EXPECT_EQ(settle(), Texts{});
  EXPECT_EQ(table_.next_retry(), std::nullopt);
  EXPECT_TRUE(table_.unserved().empty());
}

TEST_F(ListenerTableTest, AWantedClaimListensAndAnUnwantedOneDoesNot) {
  claim(80, a_, true);
  claim(81, b_, false);
  EXPECT_EQ(settle(), Texts{"listen 80 a"});
  EXPECT_EQ(table_.open_count(), 1U);
}

TEST_F(ListenerTableTest, RepeatingAClaimTouchesNothing) {
  claim(80, a_, true);
  settle();
  claim(80, a_, true);
  EXPECT_EQ(settle(), Texts{});
  EXPECT_EQ(capture_.opened[80], 1);
}

TEST_F(ListenerTableTest, WantedAgainWhileClosingOpensOnceClosed) {
  claim(80, a_, true);
  settle();
  claim(80, a_, false);
  EXPECT_EQ(settle(), Texts{"unlisten 80"});
  claim(80, a_, true);
  EXPECT_EQ(settle(), Texts{});
  EXPECT_EQ(closed(80), Texts{"listen 80 a"});
}

TEST_F(ListenerTableTest, TheSecondToClaimTakesTheOpenSocketOver) {
  claim(80, a_, true);
  claim(80, b_, true);
  EXPECT_EQ(settle(), Texts{"listen 80 a"});
  ASSERT_EQ(table_.unserved().size(), 1U);
  table_.release(at(80), *a_);
  EXPECT_EQ(settle(), Texts{"listen 80 b"});
  EXPECT_EQ(capture_.opened[80], 1);
  EXPECT_TRUE(table_.unserved().empty());
}

TEST_F(ListenerTableTest, AHolderWithoutEndpointsKeepsTheAddressClosed) {
  claim(80, a_, false);
  claim(80, b_, true);
  EXPECT_EQ(settle(), Texts{});
}

TEST_F(ListenerTableTest, FailuresBackOffUpToTheMaximum) {
  capture_.broken[80] = EACCES;
  claim(80, a_, true);
  settle();
  std::vector<std::int64_t> delays;
  for (int i = 0; i < 10; ++i) {
    const auto delay = std::chrono::duration_cast<milliseconds>(*table_.next_retry() - now_);
    EXPECT_EQ(retry_after(delay - milliseconds{1}), Texts{});
    EXPECT_EQ(capture_.opened[80], i + 1);
    retry_after(milliseconds{1});
    delays.push_back(delay.count());
  }
  EXPECT_EQ(delays, (std::vector<std::int64_t>{250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000}));
  EXPECT_EQ(table_.failures(), 11U);
  EXPECT_EQ(table_.unserved().at(0).reason, "Permission denied");
  capture_.broken.clear();
  EXPECT_EQ(retry_after(milliseconds{30000}), Texts{"listen 80 a"});
  EXPECT_EQ(table_.next_retry(), std::nullopt);
  EXPECT_TRUE(table_.unserved().empty());
}

TEST_F(ListenerTableTest, AFailedListenerNobodyWantsAnyMoreIsNotRetried) {
  capture_.broken[80] = EADDRINUSE;
  claim(80, a_, true);
  settle();
  table_.release(at(80), *a_);
  settle();
  EXPECT_EQ(table_.next_retry(), std::nullopt);
  EXPECT_TRUE(table_.unserved().empty());
}

TEST_F(ListenerTableTest, AfterStoppingNothingOpens) {
  claim(80, a_, true);
  settle();
  Commands commands;
  table_.stop(commands);
  EXPECT_EQ(text_of(commands), Texts{"unlisten 80"});
  EXPECT_EQ(closed(80), Texts{});
  claim(81, b_, true);
  EXPECT_EQ(settle(), Texts{});
}

TEST_F(ListenerTableTest, AddressesReadAsPeopleWriteThem) {
  EXPECT_EQ(to_string(at(80)), "10.0.0.1:80");
  EXPECT_EQ(to_string(ListenAddress{*config::IpAddress::parse("fd00::1"), 443}), "[fd00::1]:443");
}

}  // namespace
}  // namespace ferry::proxy
