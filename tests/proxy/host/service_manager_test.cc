#include "proxy/host/service_manager.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/notify_socket.h"

namespace ferry::proxy {
namespace {

using ferry::testing::NotifySocket;
using std::chrono::microseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kOwnPid = std::to_string(::getpid());

/// What a manager leaves in the environment of the process that it starts.
class FromEnvironment : public ::testing::Test {
 protected:
  ~FromEnvironment() override {
    for (const char* name : kNames) ::unsetenv(name);
  }
  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }
  static std::vector<std::string> left() {
    std::vector<std::string> names;
    for (const char* name : kNames) {
      if (std::getenv(name) != nullptr) names.emplace_back(name);
    }
    return names;
  }

 private:
  static constexpr std::array kNames{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                     "LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES"};
};

/// Which file a descriptor is of.
std::pair<dev_t, ino_t> file_of(int descriptor) {
  struct stat status {};
  EXPECT_EQ(::fstat(descriptor, &status), 0);
  return {status.st_dev, status.st_ino};
}

std::vector<UniqueFd> pipes(std::size_t count) {
  std::vector<UniqueFd> ends;
  while (ends.size() < count) {
    std::array<int, 2> pair{};
    if (::pipe2(pair.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    ends.emplace_back(pair[0]);
    ends.emplace_back(pair[1]);
  }
  ends.resize(count);
  return ends;
}

std::vector<int> numbers_of(const std::vector<UniqueFd>& descriptors) {
  std::vector<int> numbers;
  for (const UniqueFd& descriptor : descriptors) numbers.push_back(descriptor.get());
  return numbers;
}

TEST_F(FromEnvironment, WithoutAManagerNothingIsToldAndNothingFails) {
  const ServiceManager nobody = ServiceManager::from_environment();
  EXPECT_FALSE(nobody);
  EXPECT_EQ(nobody.watchdog(), std::nullopt);
  EXPECT_FALSE(nobody.notify("READY=1"));
  EXPECT_FALSE(nobody.store(std::array{STDIN_FILENO}, "listeners"));
  EXPECT_FALSE(nobody.remove("listeners"));
}

TEST_F(FromEnvironment, ASocketWithAPathHearsWhatIsToldLetterForLetter) {
  const NotifySocket systemd(NotifySocket::Kind::kPath);
  set("NOTIFY_SOCKET", systemd.address());
  const ServiceManager manager = ServiceManager::from_environment();
  EXPECT_TRUE(manager);
  EXPECT_FALSE(manager.notify("READY=1\nSTATUS=serving 3 services"));
  EXPECT_FALSE(manager.notify("WATCHDOG=1"));
  EXPECT_THAT(systemd.take(), ElementsAre("READY=1\nSTATUS=serving 3 services", "WATCHDOG=1"));
}

TEST_F(FromEnvironment, ASocketWithAnAbstractNameIsReachedToo) {
  const NotifySocket systemd(NotifySocket::Kind::kAbstract);
  set("NOTIFY_SOCKET", systemd.address());
  EXPECT_FALSE(ServiceManager::from_environment().notify("READY=1"));
  EXPECT_THAT(systemd.take(), ElementsAre("READY=1"));
}

TEST_F(FromEnvironment, WhatIsReadIsTakenOutSoThatNoChildTakesItForItsOwn) {
  const NotifySocket systemd;
  set("NOTIFY_SOCKET", systemd.address());
  set("WATCHDOG_USEC", "10000000");
  set("WATCHDOG_PID", kOwnPid);
  set("LISTEN_PID", kOwnPid);
  set("LISTEN_FDS", "0");
  set("LISTEN_FDNAMES", "");
  const ServiceManager manager = ServiceManager::from_environment();
  EXPECT_THAT(inherited_descriptors(), IsEmpty());
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(FromEnvironment, WhatIsTakenOutCanBeGivenToAProcessInThePlaceOfThisOne) {
  set("NOTIFY_SOCKET", "@kube-ferry-test");
  set("WATCHDOG_USEC", "3000000");
  EXPECT_EQ(ServiceManager::from_environment().environment(),
            (std::vector<std::string>{"NOTIFY_SOCKET=@kube-ferry-test", "WATCHDOG_USEC=3000000"}));
  EXPECT_EQ(ServiceManager::from_environment().environment(), std::vector<std::string>{});
}

TEST_F(FromEnvironment, TheWatchdogCountsForTheProcessThatItNames) {
  const NotifySocket systemd;
  const auto watchdog = [&systemd](const std::string& interval, const std::string& pid) {
    set("NOTIFY_SOCKET", systemd.address());
    set("WATCHDOG_USEC", interval);
    if (!pid.empty()) set("WATCHDOG_PID", pid);
    return ServiceManager::from_environment().watchdog();
  };
  EXPECT_EQ(watchdog("30000000", kOwnPid), microseconds(30'000'000));
  EXPECT_EQ(watchdog("30000000", ""), microseconds(30'000'000));
  EXPECT_EQ(watchdog("30000000", std::to_string(::getppid())), std::nullopt);
  EXPECT_EQ(watchdog("0", kOwnPid), std::nullopt);
  EXPECT_EQ(watchdog("30s", kOwnPid), std::nullopt);
}

TEST_F(FromEnvironment, AnAddressThatIsNoneIsRefusedWithASentence) {
  for (const std::string& address :
       {std::string("vsock:2:1234"), std::string("notify"), std::string("/"), "/" + std::string(200, 'x')}) {
    set("NOTIFY_SOCKET", address);
    try {
      ServiceManager::from_environment();
      ADD_FAILURE() << address;
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(std::string(error.what()), "NOTIFY_SOCKET is '" + address +
                                               "': it takes the path of a socket, from the root on, or '@' and an "
                                               "abstract name");
    }
  }
}

TEST(ServiceManager, SaysThatNobodyListens) {
  std::string address;
  {
    const NotifySocket systemd;
    address = systemd.address();
  }
  EXPECT_EQ(ServiceManager(address).notify("READY=1"), std::errc::no_such_file_or_directory);
}

TEST(ServiceManager, DoesNotWaitForAManagerThatDoesNotRead) {
  const NotifySocket systemd;
  const ServiceManager manager(systemd.address());
  std::error_code error;
  const auto begin = std::chrono::steady_clock::now();
  // The queue of a datagram socket is bounded (net.unix.max_dgram_qlen) and so are the sender's bytes.
  while (!error) error = manager.notify("WATCHDOG=1");
  EXPECT_EQ(error, std::errc::resource_unavailable_try_again);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  systemd.take();
  EXPECT_FALSE(manager.notify("WATCHDOG=1"));
}

TEST(ServiceManager, AReloadTellsWhenItBegan) {
  const NotifySocket systemd;
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
  };
  const auto before = now();
  EXPECT_FALSE(ServiceManager(systemd.address()).notify_reloading());
  const auto after = now();
  const std::string text = systemd.receive().text;
  const std::string begin = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_TRUE(text.starts_with(begin)) << text;
  EXPECT_GE(std::stoll(text.substr(begin.size())), before);
  EXPECT_LE(std::stoll(text.substr(begin.size())), after);
}

TEST(ServiceManager, TheManagerGetsCopiesOfDescriptorsUnderTheirName) {
  const NotifySocket systemd;
  const ServiceManager manager(systemd.address());
  const auto kept = pipes(2);
  EXPECT_FALSE(manager.store(numbers_of(kept), "tcp-listeners"));
  const auto message = systemd.receive();
  EXPECT_EQ(message.text, "FDSTORE=1\nFDPOLL=0\nFDNAME=tcp-listeners");
  ASSERT_THAT(message.descriptors, SizeIs(2));
  EXPECT_EQ(file_of(message.descriptors[0]), file_of(kept[0].get()));
  EXPECT_EQ(file_of(message.descriptors[1]), file_of(kept[1].get()));

  EXPECT_FALSE(manager.remove("tcp-listeners"));
  EXPECT_THAT(systemd.take(), ElementsAre("FDSTOREREMOVE=1\nFDNAME=tcp-listeners"));
}

TEST(ServiceManager, NoDescriptorsAreNoMessage) {
  const NotifySocket systemd;
  EXPECT_FALSE(ServiceManager(systemd.address()).store({}, "none"));
  EXPECT_THAT(systemd.take(), IsEmpty());
}

TEST(ServiceManager, MoreDescriptorsThanAMessageCarriesComeInSeveral) {
  const NotifySocket systemd;
  const auto kept = pipes(ServiceManager::kDescriptorsAMessage + 1);
  EXPECT_FALSE(ServiceManager(systemd.address()).store(numbers_of(kept), "many"));
  EXPECT_THAT(systemd.receive().descriptors, SizeIs(253));
  const auto last = systemd.receive();
  ASSERT_THAT(last.descriptors, SizeIs(1));
  EXPECT_EQ(file_of(last.descriptors[0]), file_of(kept.back().get()));
}

/// Descriptors that follow each other, as a manager hands them over; returns the number of the first. Far above what
/// the test has open. Nobody closes them but who receives them.
int lay_out(const std::vector<UniqueFd>& descriptors) {
  constexpr int kFirst = 700;
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    EXPECT_GE(::dup2(descriptors[i].get(), kFirst + static_cast<int>(i)), 0);
  }
  return kFirst;
}

TEST_F(FromEnvironment, DescriptorsAreReceivedWithTheirNamesAndStayInThisProcess) {
  const auto sent = pipes(3);
  const int first = lay_out(sent);
  set("LISTEN_PID", kOwnPid);
  set("LISTEN_FDS", "3");
  set("LISTEN_FDNAMES", "tcp::udp");
  const std::vector<ReceivedFd> received = inherited_descriptors(first);
  ASSERT_THAT(received, SizeIs(3));
  const std::array names{"tcp", "unknown", "udp"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(received[i].name, names.at(i));
    EXPECT_EQ(file_of(received[i].fd.get()), file_of(sent[i].get()));
    EXPECT_EQ(::fcntl(received[i].fd.get(), F_GETFD), FD_CLOEXEC);
  }
  EXPECT_THAT(inherited_descriptors(first), IsEmpty()) << "they are received once";
}

TEST_F(FromEnvironment, DescriptorsForAnotherProcessAreNotTouched) {
  const auto sent = pipes(1);
  const int first = lay_out(sent);
  set("LISTEN_PID", std::to_string(::getppid()));
  set("LISTEN_FDS", "1");
  EXPECT_THAT(inherited_descriptors(first), IsEmpty());
  EXPECT_EQ(::fcntl(first, F_GETFD), 0) << "open, and not close-on-exec";
  ::close(first);
}

TEST_F(FromEnvironment, ANumberOfDescriptorsThatAreNotThereIsNotBelieved) {
  const auto sent = pipes(1);
  const int first = lay_out(sent);
  for (const char* count : {"3", "-1", "18446744073709551615", "many", ""}) {
    set("LISTEN_PID", kOwnPid);
    set("LISTEN_FDS", count);
    EXPECT_LE(inherited_descriptors(first).size(), 1U) << count;
  }
}

}  // namespace
}  // namespace ferry::proxy
