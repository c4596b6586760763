#include "watch/source/manifests.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace ferry::watch {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* kService = R"(apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  clusterIP: 127.96.0.10
  ports:
  - name: http
    port: 80
)";

constexpr const char* kSlice = R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  labels: {kubernetes.io/service-name: web}
addressType: IPv4
endpoints:
- addresses: [127.0.0.1]
ports:
- name: http
  port: 8080
)";

constexpr const char* kEndpoints = R"(apiVersion: v1
kind: Endpoints
metadata: {name: web, namespace: shop}
subsets:
- addresses: [{ip: 127.0.0.1}]
  ports: [{name: http, port: 8080}]
)";

class ManifestsTest : public ::testing::Test {
 protected:
  Manifests read(const std::string& text) { return read_manifests(folder_.write("file.yaml", text)); }

  /// The error without the path of the folder.
  std::string error_of(const std::string& text) { return error_at(folder_.write("file.yaml", text)); }
  std::string error_at(const std::filesystem::path& path) { return without_folder(thrown_by(path)); }

  static std::string thrown_by(const std::filesystem::path& path) {
    try {
      read_manifests(path);
    } catch (const ManifestError& error) {
      return error.what();
    }
    return "nothing";
  }

  std::string without_folder(std::string text) const {
    const std::string folder = folder_.path().string() + "/";
    const auto at = text.find(folder);
    if (at != std::string::npos) text.erase(at, folder.size());
    return text;
  }

  Texts remarks(const std::string& text) {
    Texts all;
    for (const std::string& remark : read(text).remarks) all.push_back(without_folder(remark));
    return all;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ManifestsTest, AnEmptyFileSaysNothing) {
  for (const char* text : {"", "\n", "---\n---\n", "# nothing\n"}) {
    const Manifests manifests = read(text);
    EXPECT_TRUE(manifests.services.empty() && manifests.slices.empty() && manifests.remarks.empty());
  }
}

TEST_F(ManifestsTest, ReadsServicesSlicesAndEndpointsOfOneFile) {
  const Manifests manifests = read(std::string(kService) + "---\n" + kSlice + "---\n" + kEndpoints);
  ASSERT_EQ(manifests.services.size(), 1U);
  EXPECT_EQ(manifests.services[0].name.to_string(), "default/web");
  EXPECT_EQ(manifests.services[0].ports, (std::vector<config::ServicePort>{{"http", config::Protocol::kTcp, 80, 0}}));
  ASSERT_EQ(manifests.slices.size(), 2U);
  EXPECT_EQ(manifests.slices[0].name.to_string(), "default/web-1");
  EXPECT_EQ(manifests.slices[0].service, "web");
  EXPECT_EQ(manifests.slices[1].name.to_string(), "shop/web");
  EXPECT_TRUE(manifests.remarks.empty());
}

TEST_F(ManifestsTest, ReadsJsonAndLists) {
  const Manifests manifests = read(R"({"kind":"List","apiVersion":"v1","items":[
    {"kind":"Service","apiVersion":"v1","metadata":{"name":"a","namespace":"x"},
     "spec":{"clusterIP":"127.96.0.1","ports":[{"port":80}]}},
    {"kind":"List","apiVersion":"v1","items":[]},
    {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1beta1","addressType":"IPv4","endpoints":[],
     "metadata":{"name":"a-1","namespace":"x","labels":{"kubernetes.io/service-name":"a"}}}]})");
  EXPECT_EQ(manifests.services.size(), 1U);
  EXPECT_EQ(manifests.slices.size(), 1U);
}

TEST_F(ManifestsTest, ReadsTheFilesOfAFolderInTheOrderOfTheirNames) {
  folder_.write("b.yml", kSlice);
  folder_.write("a.json", R"({"kind":"Service","apiVersion":"v1","metadata":{"name":"first"},
                              "spec":{"clusterIP":"127.96.0.1","ports":[{"port":80}]}})");
  folder_.write("c.yaml", kService);
  folder_.write("notes.txt", "}{");
  folder_.write(".hidden.yaml", "}{");
  const Manifests manifests = read_manifests(folder_.path());
  ASSERT_EQ(manifests.services.size(), 2U);
  EXPECT_EQ(manifests.services[0].name.name, "first");
  EXPECT_EQ(manifests.services[1].name.name, "web");
  EXPECT_EQ(manifests.slices.size(), 1U);
}

TEST_F(ManifestsTest, AFileThatIsNotThereIsNamed) {
  EXPECT_EQ(error_at(folder_.path() / "none.yaml"), "none.yaml: there is no such file or folder; name one that exists");
}

TEST_F(ManifestsTest, WhatIsNeitherFileNorFolderIsRefused) {
  EXPECT_EQ(thrown_by("/dev/null"), "/dev/null: this is neither a file nor a folder; name one or the other");
}

TEST_F(ManifestsTest, ASyntaxErrorIsToldWithItsLine) {
  EXPECT_EQ(error_of("a: 1\nb: [1, 2\nc: }\n").substr(0, 42), "file.yaml:3: this is not YAML or JSON: end");
}

TEST_F(ManifestsTest, ABadFieldIsToldWithItsOwnLine) {
  std::string text = std::string(kSlice) + "---\n" + kService;
  text.replace(text.find("port: 80\n"), 9, "port: 70000\n");
  EXPECT_EQ(error_of(text).substr(0, 35), "file.yaml:21: spec.ports[0].port: 7");
}

TEST_F(ManifestsTest, WhatIsNoObjectIsToldWithItsLine) {
  EXPECT_EQ(error_of("---\n- 1\n"), "file.yaml:2: a manifest is a map with apiVersion and kind");
  EXPECT_EQ(error_of("\nkind: Service\n"), "file.yaml:2: apiVersion or kind is missing");
  EXPECT_EQ(error_of("kind: Service\napiVersion: v1\n").substr(0, 12), "file.yaml:1:");
  EXPECT_EQ(error_of("kind: List\napiVersion: v1\nitems: 5\n"),
            "file.yaml:1: the items of a List are a list, and this is none");
  EXPECT_EQ(error_of("kind: List\napiVersion: v1\nitems: {a: {}}\n"),
            "file.yaml:1: the items of a List are a list, and this is none");
}

TEST_F(ManifestsTest, AListWithoutItemsIsEmpty) {
  EXPECT_TRUE(read("kind: List\napiVersion: v1\n").services.empty());
  EXPECT_TRUE(read("kind: List\napiVersion: v1\nitems:\n").services.empty());
}

TEST_F(ManifestsTest, AListThatHoldsItselfIsRefused) {
  EXPECT_EQ(error_of("&x\nkind: List\napiVersion: v1\nitems: [*x]\n"),
            "file.yaml:1: lists hold lists deeper than 8 levels");
}

TEST_F(ManifestsTest, AKeyWrittenTwiceIsRefused) {
  EXPECT_EQ(error_of(std::string(kService) + "spec: {}\n"), "file.yaml:1: the key 'spec' occurs twice in one map");
}

TEST_F(ManifestsTest, TextThatIsNotUtf8IsRefused) {
  EXPECT_NE(error_of("kind: Service\napiVersion: v1\nmetadata: {name: \"\xff\xfe\"}\n"), "nothing");
}

TEST_F(ManifestsTest, OtherKindsAreNotedAndLeftOut) {
  EXPECT_EQ(remarks("kind: Pod\napiVersion: v1\n---\nkind: Service\napiVersion: serving.knative.dev/v1\n"),
            (Texts{"file.yaml:1: a Pod of v1 is nothing a proxy reads; left out",
                   "file.yaml:4: a Service of serving.knative.dev/v1 is nothing a proxy reads; left out"}));
}

TEST_F(ManifestsTest, ANameThatOccursTwiceIsNoted) {
  EXPECT_EQ(remarks(std::string(kService) + "---\n" + kService),
            (Texts{"file.yaml:11: the Service default/web occurs a second time; the later one counts"}));
}

TEST_F(ManifestsTest, AServiceWithoutAnAddressIsNotedUnlessItIsMeantToHaveNone) {
  std::string text = kService;
  text.erase(text.find("  clusterIP"), std::string("  clusterIP: 127.96.0.10\n").size());
  EXPECT_EQ(remarks(text),
            (Texts{"file.yaml:1: the Service default/web has no clusterIP, so it is not served; give it one"}));
  text = kService;
  text.replace(text.find("127.96.0.10"), 11, "None");
  EXPECT_EQ(remarks(text), Texts{});
}

TEST_F(ManifestsTest, ASliceOfNoServiceIsNoted) {
  std::string text = kSlice;
  text.erase(text.find("  labels"), std::string("  labels: {kubernetes.io/service-name: web}\n").size());
  EXPECT_EQ(remarks(text), (Texts{"file.yaml:1: the EndpointSlice default/web-1 has no label "
                                  "kubernetes.io/service-name, so it belongs to no service; give it one"}));
}

TEST_F(ManifestsTest, AnEndpointThatIsLeftOutIsNotedWithItsLine) {
  std::string text = kSlice;
  text.replace(text.find("127.0.0.1"), 9, "host.name");
  const Texts noted = remarks(text);
  ASSERT_EQ(noted.size(), 1U);
  EXPECT_EQ(noted[0], "file.yaml:8: left out endpoints[0]: it has no IP address");
}

}  // namespace
}  // namespace ferry::watch
