#include "tests/apiserver/seed.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/yaml.h"

namespace ferry::apiserver {
namespace {

void create_namespace(Context& context, const std::string& name) {
  if (context.storage.find("namespaces", "", name)) return;
  Request request;
  request.body = Json{{"metadata", {{"name", name}}}}.dump();
  Route route;
  route.resource = find_resource("namespaces");
  route.version = "v1";
  handle_create(context, route, request);
}

void create_one(Context& context, const Json& document, const std::string& where) {
  const auto fail = [&](std::string_view why) { throw std::runtime_error(fmt::format("{}: {}", where, why)); };
  if (!document.is_object()) fail("wants a Kubernetes object");
  const auto kind = document.value("kind", Json());
  const auto api_version = document.value("apiVersion", Json());
  if (!kind.is_string() || !api_version.is_string()) fail("wants kind and apiVersion");
  if (kind == "List") {
    for (const auto& item : document.value("items", Json::array())) create_one(context, item, where);
    return;
  }
  Route route;
  route.resource = find_resource_by_kind(api_version.get<std::string>(), kind.get<std::string>());
  if (route.resource == nullptr) {
    fail(fmt::format("{} {} is not served here", api_version.get<std::string>(), kind.get<std::string>()));
  }
  const auto version = api_version.get<std::string>();
  route.version = version.substr(version.find('/') + 1);
  const auto metadata = document.value("metadata", Json());
  if (!metadata.is_object()) fail("wants metadata");
  if (route.resource->namespaced) {
    const auto ns = metadata.value("namespace", Json());
    route.ns = ns.is_string() ? ns.get<std::string>() : "default";
    create_namespace(context, route.ns);
  }
  Json object = document;
  // What an export of a cluster carries along.
  for (const char* field : {"resourceVersion", "uid", "creationTimestamp"}) object["metadata"].erase(field);
  Request request;
  request.body = object.dump();
  const auto message_of = [](const Response& response) {
    return Json::parse(response.body).value("message", "refused");
  };
  const auto created = handle_create(context, route, request);
  if (created.status != 201) fail(message_of(created));
  const auto status = document.value("status", Json());
  if (!status.is_object() || !route.resource->has_subresource("status")) return;
  // A creation through the API begins with no status; a seed goes on from one.
  route.name = Json::parse(created.body)["metadata"]["name"].get<std::string>();
  route.subresource = "status";
  request.content_type = "application/merge-patch+json";
  request.body = Json{{"status", status}}.dump();
  const auto patched = handle_patch(context, route, request);
  if (patched.status != 200) fail(message_of(patched));
}

}  // namespace

void create_standard_namespaces(Context& context) {
  for (const char* name : {"default", "kube-node-lease", "kube-public", "kube-system"}) create_namespace(context, name);
}

void seed_from_file(Context& context, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(fmt::format("--seed {}: cannot be read", path));
  std::stringstream text;
  text << file.rdbuf();
  const auto documents = parse_yaml(text.str());
  if (!documents) throw std::runtime_error(fmt::format("--seed {}: {}", path, documents.error().message));
  for (std::size_t i = 0; i < documents->size(); ++i) {
    create_one(context, (*documents)[i], fmt::format("--seed {}: document {}", path, i + 1));
  }
}

}  // namespace ferry::apiserver
