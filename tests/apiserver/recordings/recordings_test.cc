#include <algorithm>
#include <cctype>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/apiserver/recordings/cases.h"
#include "tests/apiserver/recordings/normal_form.h"

namespace ferry::testing {
namespace {

using apiserver::Release;

std::string indented(const std::vector<Json>& documents) {
  std::string text;
  for (const Json& document : documents) text += document.dump(2) + "\n";
  return text;
}

/// One service of the recordings has a name that the mock, like a real server, does not accept.
std::string with_valid_name(std::string text) {
  const std::string bad = "Bad_Name";
  for (auto at = text.find(bad); at != std::string::npos; at = text.find(bad)) text.replace(at, bad.size(), "bad-name");
  return text;
}

bool by_name(const Json& a, const Json& b) {
  const auto name = [](const Json& value) {
    return (value.contains("object") ? value["object"] : value)["metadata"]["name"].get<std::string>();
  };
  return name(a) < name(b);
}

std::vector<Json> events(const Answer& answer, Comparison comparison) {
  std::vector<Json> found = normal_events(with_valid_name(answer.body), comparison == Comparison::kBookmarks);
  if (comparison == Comparison::kAnyOrder) std::stable_sort(found.begin(), found.end(), by_name);
  return found;
}

Json document(const Answer& answer, bool any_order) {
  Json found = normal_form(Json::parse(with_valid_name(plain_body(answer))));
  if (any_order) std::stable_sort(found["items"].begin(), found["items"].end(), by_name);
  return found;
}

/// Groups that both serve prefer the same version; discovery.k8s.io is one of them, with all versions recorded.
void compare_groups(const Answer& recorded, const Answer& answer) {
  const Json ours = document(answer, false);
  const Json theirs = document(recorded, false);
  EXPECT_EQ(ours["kind"], theirs["kind"]);
  bool discovery = false;
  for (const Json& group : ours["groups"]) {
    for (const Json& known : theirs["groups"]) {
      if (group["name"] != known["name"]) continue;
      EXPECT_EQ(group["preferredVersion"], known["preferredVersion"]);
      if (group["name"] != "discovery.k8s.io") continue;
      discovery = true;
      for (const Json& version : known["versions"]) {
        EXPECT_NE(std::find(group["versions"].begin(), group["versions"].end(), version), group["versions"].end());
      }
    }
  }
  EXPECT_TRUE(discovery);
}

void expect_check_list(const Answer& answer) {
  EXPECT_EQ(answer.body.rfind("[+]ping ok\n", 0), 0U) << answer.body;
  EXPECT_NE(answer.body.find("readyz check passed\n"), std::string::npos) << answer.body;
  EXPECT_EQ(answer.body.find("[-]"), std::string::npos) << answer.body;
}

void compare_bodies(const Answer& recorded, const Answer& answer, Comparison comparison) {
  switch (comparison) {
    case Comparison::kDocument:
    case Comparison::kItems: {
      const bool any_order = comparison == Comparison::kItems;
      EXPECT_EQ(document(answer, any_order).dump(2), document(recorded, any_order).dump(2));
      break;
    }
    case Comparison::kEvents:
    case Comparison::kBookmarks:
    case Comparison::kAnyOrder:
      EXPECT_EQ(indented(events(answer, comparison)), indented(events(recorded, comparison)));
      break;
    case Comparison::kShape:
      EXPECT_EQ(shape_of(Json::parse(answer.body)).dump(2), shape_of(Json::parse(recorded.body)).dump(2));
      break;
    case Comparison::kGroups:
      compare_groups(recorded, answer);
      break;
    case Comparison::kCheckList:
      expect_check_list(answer);
      expect_check_list(recorded);
      break;
    case Comparison::kText:
      EXPECT_EQ(answer.body, recorded.body);
      break;
  }
}

struct Named {
  Release release;
  Case test_case;
};

/// What ctest calls the case.
void PrintTo(const Named& named, std::ostream* out) { *out << folder_of(named.release) << "/" << named.test_case.name; }

class RecordedAnswer : public ::testing::TestWithParam<Named> {};

TEST_P(RecordedAnswer, IsWhatTheMockAnswersToo) {
  const auto& [release, test_case] = GetParam();
  const Answer recorded = read_recording(folder_of(release) + "/" + test_case.name + ".http");
  ImitatedCluster cluster(release, test_case.with_tokens);
  const Answer answer = test_case.ask(cluster);
  EXPECT_TRUE(answer.complete) << "the answer was cut";
  EXPECT_EQ(answer.status, recorded.status) << answer.body;
  EXPECT_EQ(headers_that_matter(answer), headers_that_matter(recorded));
  if (answer.status == recorded.status) compare_bodies(recorded, answer, test_case.comparison);
}

std::vector<Named> all_cases() {
  std::vector<Named> cases;
  for (const Release release : {Release::k1_36, Release::k1_20}) {
    for (Case& test_case : cases_of(release)) cases.push_back({release, std::move(test_case)});
  }
  return cases;
}

std::string test_name(const ::testing::TestParamInfo<Named>& info) {
  std::string name = (info.param.release == Release::k1_20 ? "Release20_" : "Release36_") + info.param.test_case.name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Recordings, RecordedAnswer, ::testing::ValuesIn(all_cases()), test_name);

TEST(Recordings, EachIsComparedOrListedWithTheReasonWhyItCannotBe) {
  std::vector<std::string> accounted;
  for (const Named& one : all_cases()) accounted.push_back(folder_of(one.release) + "/" + one.test_case.name + ".http");
  for (const auto& [name, reason] : not_compared()) accounted.push_back(name);
  std::sort(accounted.begin(), accounted.end());
  EXPECT_EQ(accounted, all_recordings());
}

}  // namespace
}  // namespace ferry::testing
