#include "tests/apiserver/representation.h"

#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/slice_conversion.h"

namespace ferry::apiserver {
namespace {

/// The API's own JSON, at one version of the resource.
class JsonRepresentation : public Representation {
 public:
  JsonRepresentation(const Request& request, const Resource& resource, std::string_view version, Release release)
      : resource_(resource),
        head_(fmt::format(R"("kind":"{}","apiVersion":"{}")", resource.kind, resource.api_version(version))),
        api_version_(resource.api_version(version)),
        converts_(version == "v1beta1"),
        pretty_(request.pretty()),
        release_(release) {}

  std::string object(const Object& object) override {
    if (pretty_) return whole(object).dump(2, ' ', false, Json::error_handler_t::replace);
    return text(object) + "\n";
  }

  std::string list(const ListHead& head, const std::vector<ObjectPtr>& items) override {
    Json metadata = {{"resourceVersion", std::to_string(head.version)}};
    if (!head.continue_token.empty()) metadata["continue"] = head.continue_token;
    if (head.remaining >= 0) metadata["remainingItemCount"] = head.remaining;
    if (pretty_) return pretty_list(metadata, items);
    std::size_t size = 256;
    for (const auto& item : items) size += item->tail.size() + 2;
    std::string out;
    out.reserve(size);
    out += fmt::format(R"({{"kind":"{}List","apiVersion":"{}","metadata":{},"items":[)", resource_.kind, api_version_,
                       metadata.dump());
    for (const auto& item : items) {
      if (&item != &items.front()) out += ',';
      out += '{';
      out += tail(*item);
    }
    out += "]}\n";
    return out;
  }

  std::string event(std::string_view type, const Object& object) override { return event_line(type, text(object)); }

  std::string bookmark(Version version, bool ends_initial_events) override {
    Json metadata = {{"resourceVersion", std::to_string(version)}};
    if (ends_initial_events) metadata["annotations"] = {{"k8s.io/initial-events-end", "true"}};
    auto empty = Storage::make_object(resource_.plural, {{"metadata", metadata}}, version);
    if (release_ != Release::k1_20) return event("BOOKMARK", *empty);
    Object old_style = *empty;
    old_style.value["metadata"]["creationTimestamp"] = nullptr;
    old_style.tail = old_style.value.dump().substr(1);
    return event("BOOKMARK", old_style);
  }

 private:
  [[nodiscard]] std::string tail(const Object& object) const {
    return converts_ ? slice_to_v1beta1(object.value).dump(-1, ' ', false, Json::error_handler_t::replace).substr(1)
                     : object.tail;
  }

  [[nodiscard]] std::string text(const Object& object) const { return fmt::format("{{{},{}", head_, tail(object)); }

  [[nodiscard]] Json whole(const Object& object) const {
    Json out = {{"kind", resource_.kind}, {"apiVersion", api_version_}};
    out.update(converts_ ? slice_to_v1beta1(object.value) : object.value);
    return out;
  }

  [[nodiscard]] std::string pretty_list(const Json& metadata, const std::vector<ObjectPtr>& items) const {
    Json out = {{"kind", resource_.kind + "List"}, {"apiVersion", api_version_}, {"metadata", metadata}};
    auto& list = out["items"] = Json::array();
    for (const auto& item : items) list.push_back(converts_ ? slice_to_v1beta1(item->value) : item->value);
    return out.dump(2, ' ', false, Json::error_handler_t::replace);
  }

  const Resource& resource_;
  std::string head_;
  std::string api_version_;
  bool converts_;
  bool pretty_;
  Release release_;
};

/// The media types of an Accept header, blanks removed, in their order.
std::vector<std::string> media_types(std::string_view accept) {
  std::vector<std::string> types;
  std::string type;
  for (const char c : accept) {
    if (c == ',') {
      types.push_back(std::exchange(type, {}));
    } else if (c != ' ') {
      type += c;
    }
  }
  types.push_back(type);
  return types;
}

}  // namespace

std::string event_line(std::string_view type, std::string_view object) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
}

std::string Representation::error(const Status& status) { return event_line("ERROR", to_json(status).dump()); }

std::shared_ptr<Representation> make_json_representation(const Request& request, const Resource& resource,
                                                         std::string_view version, Release release) {
  return std::make_shared<JsonRepresentation>(request, resource, version, release);
}

Result<std::shared_ptr<Representation>> choose_representation(const Request& request, const Resource& resource,
                                                              std::string_view version, Release release) {
  for (const auto& type : media_types(request.accept)) {
    const auto media = type.substr(0, type.find(';'));
    if (media == "application/json" && type.find("as=Table") != std::string::npos) {
      if (type.find("g=meta.k8s.io") == std::string::npos) continue;
      return make_table_representation(request, resource,
                                       type.find("v=v1beta1") == std::string::npos ? "v1" : "v1beta1");
    }
    if (type.find("as=") != std::string::npos) continue;
    if (media.empty() || media == "*/*" || media == "application/*" || media == "application/json") {
      return make_json_representation(request, resource, version, release);
    }
  }
  Status status;
  status.code = 406;
  status.reason = "NotAcceptable";
  status.message = "406: Not Acceptable";
  if (release != Release::k1_20) {
    status.message +=
        "\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, "
        "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
  }
  status.details = Json::object();
  return status;
}

}  // namespace ferry::apiserver
