#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "tests/e2e/cluster.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/http_client.h"
#include "tests/e2e/objects.h"

namespace ferry::testing {
namespace {

/// The cluster as a person operates it: with kubectl where the machine has it, else with plain HTTP.
class Kubectl : public ClusterTest {
 protected:
  void SetUp() override {
    start_api_server();
    const Finished version = run({"kubectl", "version", "--client", "--output=json"}, environment());
    have_kubectl_ = version.status == 0;
    std::cout << (have_kubectl_ ? "kubectl is " + Json::parse(version.output)["clientVersion"]["gitVersion"].dump()
                                : std::string("no kubectl here: plain HTTP"))
              << std::endl;
  }

  /// Its cache and its configuration are this test's own.
  std::vector<std::string> environment() const { return {"HOME=" + folder(), "KUBECONFIG=" + folder() + "/none"}; }

  void kubectl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"kubectl", "--server=" + api().url()});
    const Finished finished = run(words, environment());
    ASSERT_EQ(finished.status, 0) << finished.output;
  }

  void apply(const Json& object, const std::string& collection) {
    if (have_kubectl_) {
      kubectl({"apply", "-f", write_file("manifest.json", object.dump())});
    } else {
      api().create(collection, object);
    }
  }

  void remove_service(const std::string& name) {
    have_kubectl_ ? kubectl({"delete", "service", name}) : static_cast<void>(api().remove(kServices + "/" + name));
  }

  bool have_kubectl_ = false;
};

TEST_F(Kubectl, WhatIsAppliedIsServedAndWhatIsDeletedIsRefused) {
  add_pod("a", "web");
  start_proxy();
  Json manifest = service_object("web", backend_port());
  apply(manifest, kServices);
  const std::string address = api().get(kServices + "/web")["spec"]["clusterIP"];
  const boost::asio::ip::tcp::endpoint web(boost::asio::ip::make_address(address), kServicePort);
  wait_for_answers(web, {"a"});

  remove_service("web");
  wait_until_refused(web);
}

}  // namespace
}  // namespace ferry::testing
