#include "tests/apiserver/recordings/cases.h"

#include <utility>

#include "tests/apiserver/json.h"

namespace ferry::testing {
namespace {

using apiserver::Release;
using Ask = std::function<Answer(ImitatedCluster&)>;

const std::string kServices = "/api/v1/services";
const std::string kDefaultServices = "/api/v1/namespaces/default/services";

Ask get(const std::string& target, std::vector<std::string> headers = {}) {
  return [request = Request{.method = "GET", .target = target, .body = {}, .headers = std::move(headers)}](
             ImitatedCluster& cluster) { return cluster.ask(request); };
}

Ask make(const Request& request) {
  return [request](ImitatedCluster& cluster) { return cluster.ask(request); };
}

/// Lists services by two and answers with one page.
Ask page(int number) {
  return [number](ImitatedCluster& cluster) {
    Answer answer = cluster.ask({.target = kServices + "?limit=2"});
    for (int at = 1; at < number; ++at) {
      const auto list = apiserver::Json::parse(answer.body);
      const std::string token = list["metadata"].value("continue", "");
      answer = cluster.ask({.target = std::string(kServices).append("?limit=2&continue=").append(token)});
    }
    return answer;
  };
}

/// A watch of a collection from its present version, which `timeoutSeconds` ends after `seconds`.
Ask watch(const std::string& path, const std::string& parameters, std::vector<Request> meanwhile = {},
          std::size_t lines = 1000) {
  return [=](ImitatedCluster& cluster) {
    const std::string version = std::to_string(cluster.storage().version());
    return cluster.watch({.target = path + "?watch=1&resourceVersion=" + version + "&" + parameters}, meanwhile, lines);
  };
}

/// A watch whose parameters say all.
Ask watch_as_is(const std::string& parameters) {
  return [=](ImitatedCluster& cluster) {
    return cluster.watch({.target = kServices + "?watch=1&" + parameters}, {}, 1000);
  };
}

std::vector<Request> relabel_there_and_back() {
  return {merge_patch("services/s2", R"({"metadata":{"labels":{"tier":"b"}}})"),
          merge_patch("services/s3", R"({"metadata":{"labels":{"x":"y"}}})"),
          merge_patch("services/s2", R"({"metadata":{"labels":{"tier":"a"}}})")};
}

/// The recorded server did not validate names: there it was Bad_Name.
Request create_renamed() {
  return {
      .method = "POST",
      .target = kDefaultServices,
      .body = R"({"kind":"Service","apiVersion":"v1","metadata":{"name":"bad-name"},"spec":{"ports":[{"port":80}]}})"};
}

/// What happened while the services were watched for 75 seconds.
std::vector<Request> service_changes(Release release) {
  std::vector<Request> changes = {create_service("w1", "a"),
                                  merge_patch("services/w1", R"({"spec":{"ports":[{"name":"http","port":81,
                                                                 "protocol":"TCP","targetPort":8080}]}})"),
                                  {.method = "DELETE", .target = kDefaultServices + "/w1"}};
  for (Request& change : relabel_there_and_back()) changes.push_back(std::move(change));
  if (release == Release::k1_36) changes.push_back(create_renamed());
  return changes;
}

std::vector<Request> slice_changes(Release release) {
  const std::string slice = discovery_path(release) + "/namespaces/default/endpointslices/w1-abc";
  return {create_slice(release, "w1-abc", "w1", "10.1.0.2"),
          {.method = "PATCH",
           .target = slice,
           .body = R"({"metadata":{"annotations":{"a":"b"}}})",
           .headers = {"Content-Type: application/merge-patch+json"}},
          {.method = "DELETE", .target = slice}};
}

Answer delete_w1(ImitatedCluster& cluster) {
  cluster.must({create_service("w1", "a")});
  return cluster.ask({.method = "DELETE", .target = kDefaultServices + "/w1"});
}

/// Makes an object of the seed anew.
Ask create_again(const std::string& object, const Request& request) {
  return [=](ImitatedCluster& cluster) {
    cluster.must({{.method = "DELETE", .target = object}});
    return cluster.ask(request);
  };
}

Answer replace_from_old_version(ImitatedCluster& cluster) {
  const Request get_it{.target = kDefaultServices + "/s1", .headers = {"Authorization: Bearer good"}};
  const std::string old = cluster.ask(get_it).body;
  cluster.must({merge_patch("services/s1", R"({"metadata":{"labels":{"x":"y"}}})")});
  return cluster.ask({.method = "PUT", .target = get_it.target, .body = old});
}

Ask list_many(std::vector<std::string> headers) {
  return [headers = std::move(headers)](ImitatedCluster& cluster) {
    if (cluster.release() == Release::k1_36) cluster.must({create_renamed()});
    cluster.must({merge_patch("services/s3", R"({"metadata":{"labels":{"x":"y"}}})")});
    for (int i = 1; i <= 250; ++i) cluster.must({create_service("many-" + std::to_string(i), "c")});
    return cluster.ask({.target = kServices, .headers = headers});
  };
}

Answer continue_after_compaction(ImitatedCluster& cluster) {
  const Answer first = cluster.ask({.target = kServices + "?limit=2"});
  const std::string token = apiserver::Json::parse(first.body)["metadata"].value("continue", "");
  cluster.must({create_service("later", "a")});
  cluster.storage().compact();
  return cluster.ask({.target = kServices + "?limit=2&continue=" + token});
}

Answer list_exact_after_compaction(ImitatedCluster& cluster) {
  cluster.storage().compact();
  return cluster.ask({.target = kServices + "?resourceVersion=1&resourceVersionMatch=Exact"});
}

Answer watch_after_compaction(ImitatedCluster& cluster) {
  cluster.storage().compact();
  return cluster.watch({.target = kServices + "?watch=1&resourceVersion=1"}, {}, 1000);
}

Answer watch_until_shutdown(ImitatedCluster& cluster) {
  for (const char* name : {"bare", "s1", "s2", "s3", "s4", "s5"}) {
    cluster.must({{.method = "DELETE", .target = kDefaultServices + "/" + name}});
  }
  return cluster.watch_to_shutdown(
      {.target =
           kServices + "?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"},
      2);
}

const std::string kWatchList = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1";

/// The requests that were made of both servers.
std::vector<Case> common_cases(Release release) {
  const std::string slices = discovery_path(release) + "/endpointslices";
  const std::vector<std::string> bad_token = {"Authorization: Bearer wrong"};
  const std::string other_version =
      release == Release::k1_20 ? "/apis/discovery.k8s.io/v1" : "/apis/discovery.k8s.io/v1alpha1";
  return {
      {"00-api", get("/api")},
      {"00-apis", get("/apis"), Comparison::kGroups},
      {"00-discovery-group", get(discovery_path(release))},
      {"00-readyz", get("/readyz?verbose"), Comparison::kCheckList},
      {"00-version", get("/version"), Comparison::kShape},
      {"01-create-endpoints", create_again("/api/v1/namespaces/default/endpoints/s1", create_endpoints())},
      {"01-create-endpointslice", create_again(discovery_path(release) + "/namespaces/default/endpointslices/s1-abc",
                                               create_slice(release, "s1-abc", "s1", "10.1.0.1"))},
      {"01-create-service", create_again(kDefaultServices + "/s1", create_service("s1", "a"))},
      {"02-services-limit2-page1", page(1)},
      {"02-services-limit2-page2", page(2)},
      {"02-services-limit2-page3", page(3)},
      {"02-services-list-rv0-limit2", get(kServices + "?resourceVersion=0&limit=2"), Comparison::kItems},
      {"02-services-list-rv0", get(kServices + "?resourceVersion=0"), Comparison::kItems},
      {"03-endpoints", get("/api/v1/endpoints")},
      {"03-endpointslices", get(slices)},
      {"03-services-pretty", get(kServices + "?pretty=true")},
      {"04-watch-bookmarks-75s",
       watch(kServices, "allowWatchBookmarks=true&timeoutSeconds=1", service_changes(release)), Comparison::kBookmarks},
      {"05-delete-service", delete_w1},
      {"06-watch-no-rv-5s", watch_as_is("timeoutSeconds=1"), Comparison::kAnyOrder},
      {"06-watch-timeout5-idle", watch(kServices, "timeoutSeconds=1"), Comparison::kEvents},
      {"08-watch-fieldselector-name",
       watch(kServices, "fieldSelector=metadata.name%3Ds2&timeoutSeconds=1", relabel_there_and_back()),
       Comparison::kEvents},
      {"09-200-kube-proxy", get(kServices + "?limit=1", {"Authorization: Bearer good"}), Comparison::kDocument, true},
      {"09-400-bad-continue", get(kServices + "?continue=xxxx&limit=1")},
      {"09-400-bad-fieldselector", get(kServices + "?fieldSelector=spec.foo%3Dbar")},
      {"09-400-bad-json", make({.method = "POST", .target = kDefaultServices, .body = "{\"kind\""})},
      {"09-400-bad-rv-list", get(kServices + "?resourceVersion=abc")},
      {"09-400-bad-rv-watch", get(kServices + "?watch=1&resourceVersion=abc")},
      {"09-401-bad-token-watch", get(kServices + "?watch=1", bad_token), Comparison::kDocument, true},
      {"09-401-bad-token", get(kServices, bad_token), Comparison::kDocument, true},
      {"09-404-discovery-other-version", get(other_version + "/endpointslices")},
      {"09-404-object", get(kDefaultServices + "/nope")},
      {"09-404-resource", get("/api/v1/namespaces/default/nopes")},
      {"09-405-method", make({.method = "PUT", .target = kDefaultServices, .body = "{}"})},
      {"09-406-accept", get(kServices, {"Accept: application/xml"})},
      {"09-409-conflict", replace_from_old_version},
      {"09-409-exists", make(create_service("s1", "a"))},
      {"09-415-content-type",
       make({.method = "POST", .target = kDefaultServices, .body = "x", .headers = {"Content-Type: text/plain"}})},
      {"10-watch-future-rv-5s", watch_as_is("resourceVersion=999999999&timeoutSeconds=1"), Comparison::kEvents},
      {"11-list-big-gzip", list_many({"Accept-Encoding: gzip"}), Comparison::kItems},
      {"12-410-continue-compacted", continue_after_compaction},
      {"12-410-list-exact-compacted", list_exact_after_compaction},
  };
}

std::vector<Case> cases_of_36() {
  return {
      {"02-services-limit2-page4", page(4)},
      {"04-watch-bookmarks-75s-rawchunks",
       watch(discovery_path(Release::k1_36) + "/endpointslices", "allowWatchBookmarks=true&timeoutSeconds=1",
             slice_changes(Release::k1_36)),
       Comparison::kBookmarks},
      {"07-watchlist-empty-result", watch_as_is("labelSelector=a%3Dnone&allowWatchBookmarks=true&" + kWatchList),
       Comparison::kEvents},
      {"07-watchlist-no-bookmarks", watch_as_is(kWatchList), Comparison::kEvents},
      {"07-watchlist-no-match-param", watch_as_is("sendInitialEvents=true&timeoutSeconds=1")},
      {"07-watchlist", watch_as_is("allowWatchBookmarks=true&" + kWatchList), Comparison::kEvents},
      {"08-watch-labelselector-stops-matching",
       watch(kServices, "labelSelector=tier%3Da&timeoutSeconds=1", relabel_there_and_back()), Comparison::kEvents},
      {"10-list-future-rv", get(kServices + "?resourceVersion=999999999")},
      {"12-410-watch-rv1", watch_after_compaction, Comparison::kEvents},
      {"13-watch-sigterm-full", watch_until_shutdown, Comparison::kEvents},
  };
}

std::vector<Case> cases_of_20() {
  const std::string bookmarks = "allowWatchBookmarks=true&";
  return {
      {"07-watchlist-empty-result", watch_as_is("labelSelector=a%3Dnone&" + bookmarks + kWatchList)},
      {"07-watchlist-endpointslices",
       get(discovery_path(Release::k1_20) + "/endpointslices?watch=1&" + bookmarks + kWatchList)},
      {"07-watchlist-no-bookmarks", watch_as_is(kWatchList)},
      {"07-watchlist-no-match-param", watch_as_is("sendInitialEvents=true&timeoutSeconds=1"), Comparison::kAnyOrder},
      {"09-403-anonymous", get(kServices), Comparison::kDocument, true},
      {"09-404-group", get("/apis/nope.k8s.io/v1"), Comparison::kText},
      {"09-422-invalid", make(create_service("Bad_Name", ""))},
  };
}

}  // namespace

std::string folder_of(Release release) {
  return release == Release::k1_20 ? "kube-apiserver-1.20.2" : "apiserver-library-0.36.4";
}

std::vector<Case> cases_of(Release release) {
  std::vector<Case> cases = common_cases(release);
  for (Case& one : release == Release::k1_20 ? cases_of_20() : cases_of_36()) cases.push_back(std::move(one));
  return cases;
}

const std::map<std::string, std::string>& not_compared() {
  static const std::string kRoles = "the mock lets every user do everything: it has no roles";
  static const std::string kHeadersOnly =
      "the recording holds the header alone; 11-list-big-gzip asks for the same list";
  static const std::map<std::string, std::string> kReasons = {
      {"apiserver-library-0.36.4/11-list-big-identity-headers-only.http", kHeadersOnly},
      {"kube-apiserver-1.20.2/09-403-nobody-create.http", kRoles},
      {"kube-apiserver-1.20.2/09-403-nobody-watch.http", kRoles},
      {"kube-apiserver-1.20.2/09-403-nobody.http", kRoles},
      {"kube-apiserver-1.20.2/11-list-big-identity-headers-only.http", kHeadersOnly},
  };
  return kReasons;
}

}  // namespace ferry::testing
