#include "tests/apiserver/controllers/scheduler.h"

#include <gtest/gtest.h>

#include "tests/apiserver/controllers/binding.h"
#include "tests/apiserver/controllers/cluster_fixture.h"

namespace ferry::apiserver {
namespace {

Json with_host_port(const std::string& name, int port) {
  Json pod = pod_json(name);
  pod["spec"]["containers"][0]["ports"] = Json::array({{{"containerPort", 8080}, {"hostPort", port}}});
  return pod;
}

class SchedulerTest : public ClusterTest {
 protected:
  std::string node_of(const std::string& pod) {
    const ObjectPtr object = storage_.find("pods", kDefault, pod);
    return object ? text_at(object->value, {"spec", "nodeName"}) : "gone";
  }

  std::string scheduled_condition(const std::string& pod) {
    const ObjectPtr object = storage_.find("pods", kDefault, pod);
    for (const Json& condition : array_at(object->value, {"status", "conditions"})) {
      if (text_at(condition, {"type"}) == "PodScheduled") {
        return text_at(condition, {"status"}) + text_at(condition, {"reason"});
      }
    }
    return {};
  }
};

TEST_F(SchedulerTest, CreatingAPodReturnsWithoutANodeAndTheSchedulerBindsItAfterwards) {
  create("nodes", node_json("n1"));
  const Scheduler scheduler(loop_, storage_);
  create("pods", pod_json("a"));
  EXPECT_EQ(node_of("a"), "");
  settle();
  EXPECT_EQ(node_of("a"), "n1");
  EXPECT_EQ(scheduled_condition("a"), "True");
}

TEST_F(SchedulerTest, SpreadsPodsOverTheNodesInTheOrderTheyWereCreated) {
  for (const char* node : {"n1", "n2", "n3"}) create("nodes", node_json(node));
  const Scheduler scheduler(loop_, storage_);
  for (const char* pod : {"d", "c", "b", "a"}) create("pods", pod_json(pod));
  settle();
  EXPECT_EQ(node_of("d") + node_of("c") + node_of("b") + node_of("a"), "n1n2n3n1");
}

TEST_F(SchedulerTest, BindsThePodsThatWereThereBeforeIt) {
  create("nodes", node_json("n1"));
  create("pods", pod_json("a"));
  const Scheduler scheduler(loop_, storage_);
  settle();
  EXPECT_EQ(node_of("a"), "n1");
}

TEST_F(SchedulerTest, APodThatNoNodeCanTakeSaysSoAndIsBoundWhenANodeComes) {
  const Scheduler scheduler(loop_, storage_);
  create("pods", pod_json("a"));
  settle();
  EXPECT_EQ(node_of("a"), "");
  EXPECT_EQ(scheduled_condition("a"), "FalseUnschedulable");
  create("nodes", node_json("n1"));
  settle();
  EXPECT_EQ(node_of("a"), "n1");
  EXPECT_EQ(scheduled_condition("a"), "True");
}

TEST_F(SchedulerTest, APodThatWaitsIsNotWrittenAgainAndAgain) {
  const Scheduler scheduler(loop_, storage_);
  create("pods", pod_json("a"));
  settle();
  const Version version = storage_.version();
  settle();
  EXPECT_EQ(storage_.version(), version);
}

TEST_F(SchedulerTest, PodsWithTheSameHostPortGoToDifferentNodesAndTheThirdWaitsUntilOneIsFree) {
  create("nodes", node_json("n1"));
  create("nodes", node_json("n2"));
  const Scheduler scheduler(loop_, storage_);
  for (const char* pod : {"a", "b", "c"}) create("pods", with_host_port(pod, 8080));
  settle();
  EXPECT_EQ(node_of("a") + node_of("b") + node_of("c"), "n1n2");
  remove("pods", "b");
  settle();
  EXPECT_EQ(node_of("c"), "n2");
}

TEST_F(SchedulerTest, APodThatHasFinishedGivesItsHostPortBack) {
  create("nodes", node_json("n1"));
  const Scheduler scheduler(loop_, storage_);
  create("pods", with_host_port("a", 8080));
  settle();
  create("pods", with_host_port("b", 8080));
  settle();
  EXPECT_EQ(node_of("b"), "");
  edit("pods", "a", [](Json& pod) { pod["status"]["phase"] = "Succeeded"; });
  settle();
  EXPECT_EQ(node_of("b"), "n1");
}

TEST_F(SchedulerTest, HostPortsOfPodsBoundByOthersCount) {
  create("nodes", node_json("n1"));
  Json bound = with_host_port("a", 8080);
  bound["spec"]["nodeName"] = "n1";
  create("pods", bound);
  const Scheduler scheduler(loop_, storage_);
  create("pods", with_host_port("b", 8080));
  create("pods", with_host_port("c", 8081));
  settle();
  EXPECT_EQ(node_of("b"), "");
  EXPECT_EQ(node_of("c"), "n1");
}

TEST_F(SchedulerTest, APodBoundBySomebodyElseMeanwhileStaysWhereItIs) {
  create("nodes", node_json("n1"));
  const Scheduler scheduler(loop_, storage_);
  create("pods", pod_json("a"));
  edit("pods", "a", [](Json& pod) { pod["spec"]["nodeName"] = "elsewhere"; });
  settle();
  EXPECT_EQ(node_of("a"), "elsewhere");
}

TEST_F(SchedulerTest, LeavesThePodsOfAnotherSchedulerAndThoseThatAreGoingAlone) {
  create("nodes", node_json("n1"));
  const Scheduler scheduler(loop_, storage_);
  Json others = pod_json("others");
  others["spec"]["schedulerName"] = "mine";
  create("pods", others);
  Json finished = pod_json("finished");
  finished["status"]["phase"] = "Failed";
  create("pods", finished);
  Json named = pod_json("named");
  named["spec"]["schedulerName"] = "default-scheduler";
  create("pods", named);
  settle();
  EXPECT_EQ(node_of("others") + node_of("finished") + node_of("named"), "n1");
}

TEST_F(SchedulerTest, APodDeletedBeforeItsTurnIsForgotten) {
  create("nodes", node_json("n1"));
  const Scheduler scheduler(loop_, storage_);
  create("pods", pod_json("a"));
  remove("pods", "a");
  settle();
  EXPECT_EQ(node_of("a"), "gone");
}

TEST(Binding, APodThatHasANodeIsAConflictWhicheverNodeItIs) {
  Json pod = pod_json("a");
  const ObjectPtr free = Storage::make_object("pods", pod, 1);
  const Result<Json> bound = bind_pod(*free, "n1");
  ASSERT_TRUE(bound.has_value());
  EXPECT_EQ(text_at(*bound, {"spec", "nodeName"}), "n1");

  const ObjectPtr taken = Storage::make_object("pods", *bound, 2);
  for (const char* node : {"n1", "n2"}) {
    const Result<Json> again = bind_pod(*taken, node);
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code, 409);
    EXPECT_NE(again.error().message.find("pod a is already assigned to node \"n1\""), std::string::npos);
  }
}

TEST(Binding, APodThatIsBeingDeletedCannotBeBound) {
  Json pod = pod_json("a");
  pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  const Result<Json> bound = bind_pod(*Storage::make_object("pods", pod, 1), "n1");
  ASSERT_FALSE(bound.has_value());
  EXPECT_EQ(bound.error().code, 409);
}

}  // namespace
}  // namespace ferry::apiserver
