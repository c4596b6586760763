#include "proxy/dataplane/worker_endpoints.h"

#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

config::Backend backend(const char* address) { return {.address = *config::IpAddress::parse(address), .port = 80}; }

TEST(WorkerEndpoints, AWorkerSeesTheConnectionsOfTheOthers) {
  EndpointTable table(2);
  WorkerEndpoints one;
  WorkerEndpoints other;
  const config::Backend dialled = backend("10.0.0.1");
  EXPECT_EQ(other.loads(table, 1).find(dialled), nullptr) << "nobody has dialled it";
  ASSERT_TRUE(one.of(dialled, table, 0).try_open(0));
  const EndpointLoad* const load = other.loads(table, 1).find(dialled);
  ASSERT_NE(load, nullptr);
  EXPECT_EQ(load->open(), 1U);
  // What is counted stays apart by worker.
  ASSERT_TRUE(other.of(dialled, table, 1).try_open(0));
  EXPECT_EQ(load->open(), 2U);
  EXPECT_EQ(one.of(dialled, table, 0).open, 1U);
  EXPECT_EQ(table.all().at(0)->connections().accepted, 2U);
}

TEST(WorkerEndpoints, WhoIsOnlyWeighedIsForgottenWhenItGoes) {
  EndpointTable table(2);
  WorkerEndpoints one;
  WorkerEndpoints other;
  const config::Backend gone = backend("10.0.0.1");
  one.of(gone, table, 0);
  ASSERT_NE(other.loads(table, 1).find(gone), nullptr);
  const auto nobody = [](const config::Backend&) { return false; };
  one.keep_only(nobody);
  other.keep_only(nobody);
  table.keep_only(nobody);
  EXPECT_EQ(other.loads(table, 1).find(gone), nullptr);
}

}  // namespace
}  // namespace ferry::proxy
