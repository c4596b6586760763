#include "proxy/manual/complete.h"

#include <algorithm>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::manual {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Words = std::vector<std::string>;

class Complete : public ::testing::Test {
 protected:
  void SetUp() override { ::unsetenv("KUBE_FERRY_SOCKET"); }

  Completion complete(const Words& words) {
    return manual::complete(manual_, words, [this](const std::string& socket, const std::string& beginning) {
      asked_ = socket;
      Words names;
      for (const char* name : {"shop/checkout", "shop/web", "default/web"}) {
        if (std::string(name).starts_with(beginning)) names.emplace_back(name);
      }
      return names;
    });
  }
  Words texts(const Words& words) {
    Words texts;
    for (const auto& candidate : complete(words).candidates) texts.push_back(candidate.text);
    return texts;
  }

  const Manual manual_ = read_manual();
  std::string asked_;
};

TEST_F(Complete, TheFirstWordIsACommandOrAFlag) {
  EXPECT_THAT(texts({""}), ElementsAre("top", "get", "explain", "set", "upgrade", "probe", "check", "completion"));
  EXPECT_THAT(texts({"c"}), ElementsAre("check", "completion"));
  EXPECT_THAT(texts({"--healthz"}), ElementsAre("--healthz-bind-address"));
  EXPECT_THAT(texts({"--master", "http://a", "--kube"}), ElementsAre("--kubeconfig"));
  EXPECT_THAT(texts({"--master", "http://a", ""}), IsEmpty());
}

TEST_F(Complete, AFlagsValuesAreThoseItTakes) {
  EXPECT_THAT(texts({"--capture", ""}), ElementsAre("auto", "sk_lookup", "bind"));
  EXPECT_THAT(texts({"--capture=s"}), ElementsAre("sk_lookup"));
  EXPECT_THAT(texts({"get", "services", "-o", ""}), ElementsAre("wide", "json"));
  EXPECT_THAT(texts({"top", "--sort", "e"}), ElementsAre("endpoints", "ejected"));
  EXPECT_THAT(texts({"--workers", ""}), IsEmpty());
  EXPECT_FALSE(complete({"--workers", ""}).files);
  EXPECT_THAT(texts({"--no-such-flag=a"}), IsEmpty());
}

TEST_F(Complete, WordsAreThoseTheCommandTakes) {
  EXPECT_THAT(texts({"get", "e"}), ElementsAre("endpoints"));
  EXPECT_THAT(texts({"set", ""}), ElementsAre("log-level"));
  EXPECT_THAT(texts({"set", "log-level", "1"}), ElementsAre("1", "10"));
  EXPECT_THAT(texts({"set", "log-level", "4", ""}), IsEmpty());
  EXPECT_THAT(texts({"probe", ""}), ElementsAre("livez", "healthz"));
}

TEST_F(Complete, FilesStandWhereFilesAreWanted) {
  EXPECT_TRUE(complete({"--kubeconfig", ""}).files);
  EXPECT_TRUE(complete({"--config=/etc"}).files);
  EXPECT_TRUE(complete({"get", "services", "--socket", "/r"}).files);
  EXPECT_TRUE(complete({"check", "--source-file", ""}).files);
  EXPECT_FALSE(complete({""}).files);
}

TEST_F(Complete, ServicesAndNamespacesAreTheDaemons) {
  EXPECT_THAT(texts({"explain", "shop/"}), ElementsAre("shop/checkout", "shop/web"));
  EXPECT_EQ(asked_, "/run/kube-ferry/admin.sock");
  EXPECT_THAT(texts({"get", "endpoints", "d"}), ElementsAre("default/web"));
  EXPECT_THAT(texts({"get", "services", "-n", ""}), ElementsAre("default", "shop"));
  EXPECT_THAT(texts({"explain", "shop/web", ""}), IsEmpty());
}

TEST_F(Complete, TheSocketThatTheLineNamesIsAsked) {
  complete({"explain", "--socket", "/a", ""});
  EXPECT_EQ(asked_, "/a");
  complete({"explain", "--socket=/b", ""});
  EXPECT_EQ(asked_, "/b");
  ::setenv("KUBE_FERRY_SOCKET", "/c", 1);
  complete({"explain", ""});
  EXPECT_EQ(asked_, "/c");
}

TEST_F(Complete, CheckTakesTheDaemonsFlagsButThoseThatEndIt) {
  EXPECT_THAT(texts({"check", "--"}), Contains("--service-cidr"));
  EXPECT_THAT(texts({"check", "--"}), Contains("--output"));
  EXPECT_THAT(texts({"check", "--"}), Not(Contains("--cleanup")));
  EXPECT_THAT(texts({"check", "--capture="}), ElementsAre("auto", "sk_lookup", "bind"));
  EXPECT_THAT(texts({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
}

TEST_F(Complete, ACandidateHasAFewWordsBesideIt) {
  EXPECT_EQ(to_lines(complete({"--kubec"})), "--kubeconfig\tA kubeconfig file\n");
  EXPECT_EQ(to_lines(complete({"--config", ""})), ":files\n");
  for (const auto& candidate : complete({"--"}).candidates) EXPECT_LE(candidate.hint.size(), 60U) << candidate.hint;
}

}  // namespace
}  // namespace ferry::manual
