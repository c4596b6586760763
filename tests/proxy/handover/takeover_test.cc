#include <array>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/handover/predecessor.h"
#include "proxy/handover/takeover_server.h"
#include "proxy/handover/wire.h"
#include "tests/support/temporary_folder.h"

namespace ferry::proxy {
namespace {

/// A process that lets others take its place, on a thread of its own.
class TakeoverTest : public ::testing::Test {
 protected:
  TakeoverTest() {
    dataplane_.start();
    server_.listen(path_);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~TakeoverTest() override {
    on_its_thread([this] {
      server_.stop();
      dataplane_.stop();
    });
    work_.reset();
    loop_.stop();
    thread_.join();
  }

  template <typename Work>
  void on_its_thread(Work work) {
    std::promise<void> done;
    boost::asio::post(loop_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  std::optional<Predecessor> find() { return find_predecessor(path_, "9.9.9", std::chrono::seconds{10}); }

  /// Says this instead of what a kube-ferry says; gives the reason for the refusal.
  std::string refusal_of(const nlohmann::json& hello) const {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{AF_UNIX, {}};
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_FALSE(send_message(socket.get(), hello, {}));
    std::array<std::uint8_t, 4096> bytes{};
    const ssize_t size = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (size <= 0) return "no answer";
    const auto answer = nlohmann::json::from_cbor(bytes.begin(), bytes.begin() + size);
    EXPECT_EQ(answer.value("kind", ""), "refusal");
    return answer.value("reason", "");
  }

  ferry::testing::TemporaryFolder folder_;
  std::string path_ = (folder_.path() / "take.sock").string();
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  std::shared_ptr<spdlog::logger> logger_ =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  Dataplane dataplane_{loop_.get_executor(), {}, logger_};
  TakeoverServer server_{loop_.get_executor(), dataplane_, "1.2.3", {[](auto tell) { tell({}); }, [] {}}, logger_};
  std::thread thread_;
};

TEST_F(TakeoverTest, WhoeverComesLearnsWhosePlaceItTakes) {
  const auto found = find();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pid, ::getpid());
  EXPECT_EQ(found->version, "1.2.3");
  EXPECT_EQ(found->capture, CaptureMethod::kBind);
}

TEST_F(TakeoverTest, NobodyThereIsNobodysPlaceToTake) {
  EXPECT_FALSE(find_predecessor((folder_.path() / "other.sock").string(), "9.9.9", std::chrono::seconds{10}));
}

TEST_F(TakeoverTest, ASocketThatNobodyListensAtAnyMoreIsNobody) {
  const std::string path = (folder_.path() / "left.sock").string();
  {
    TakeoverServer gone(loop_.get_executor(), dataplane_, "0", {}, logger_);
    gone.listen(path);
    ASSERT_EQ(::link(path.c_str(), (path + ".kept").c_str()), 0);
  }
  EXPECT_FALSE(std::filesystem::exists(path)) << "what it made is left behind";
  EXPECT_FALSE(find_predecessor(path + ".kept", "9.9.9", std::chrono::seconds{10}));
}

TEST_F(TakeoverTest, OnlyItsOwnerMayComeIn) {
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(TakeoverTest, OnlyOneTakesItsPlaceAtATime) {
  auto first = find();
  ASSERT_TRUE(first);
  try {
    find();
    FAIL() << "a second one is welcome";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "another process is about to take its place");
  }
  first.reset();
  // It has to notice first that the other one has gone.
  bool welcome = false;
  while (!welcome) {
    try {
      welcome = find().has_value();
    } catch (const std::runtime_error&) {
      std::this_thread::yield();
    }
  }
}

TEST_F(TakeoverTest, WhoHandsOverInAnotherWayIsRefused) {
  EXPECT_EQ(refusal_of({{"kind", "hello"}, {"protocol", 99}, {"network", network_namespace()}}),
            "it is of a version that hands over in another way");
}

TEST_F(TakeoverTest, WhoRunsInAnotherNetworkIsRefused) {
  EXPECT_EQ(refusal_of({{"kind", "hello"}, {"protocol", kHandoverProtocol}, {"network", 1}}),
            "it runs in another network namespace");
}

TEST_F(TakeoverTest, WhoTalksOfSomethingElseIsLeft) {
  EXPECT_EQ(refusal_of({{"kind", "take"}}), "no answer");
  EXPECT_TRUE(find());
}

}  // namespace
}  // namespace ferry::proxy
