#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/representation.h"
#include "tests/apiserver/table_columns.h"

namespace ferry::apiserver {
namespace {

/// meta.k8s.io Tables, as kubectl asks for them.
class TableRepresentation : public Representation {
 public:
  TableRepresentation(const Request& request, const Resource& resource, std::string_view version)
      : request_(request),
        columns_(table_columns(resource.plural)),
        api_version_(fmt::format("meta.k8s.io/{}", version)),
        include_object_(request.param("includeObject")) {
    if (include_object_.empty()) include_object_ = "Metadata";
    resource_ = &resource;
  }

  std::string object(const Object& object) override { return render(request_, table(object.version, {&object}, true)); }

  std::string list(const ListHead& head, const std::vector<ObjectPtr>& items) override {
    std::vector<const Object*> rows;
    for (const auto& item : items) rows.push_back(item.get());
    auto out = table(head.version, rows, true);
    if (!head.continue_token.empty()) out["metadata"]["continue"] = head.continue_token;
    if (head.remaining >= 0) out["metadata"]["remainingItemCount"] = head.remaining;
    return render(request_, out);
  }

  std::string event(std::string_view type, const Object& object) override {
    const auto out = table(object.version, {&object}, !std::exchange(columns_sent_, true));
    return event_line(type, out.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  std::string bookmark(Version version, bool ends_initial_events) override {
    Json object = {{"kind", resource_->kind}, {"apiVersion", resource_->api_version(resource_->versions.front())}};
    object["metadata"] = {{"resourceVersion", std::to_string(version)}};
    if (ends_initial_events) object["metadata"]["annotations"] = {{"k8s.io/initial-events-end", "true"}};
    auto out = table(version, {}, false);
    out["rows"].push_back({{"cells", Json::array()}, {"object", object}});
    return event_line("BOOKMARK", out.dump());
  }

 private:
  [[nodiscard]] Json table(Version version, const std::vector<const Object*>& objects, bool with_columns) const {
    Json out = {{"kind", "Table"}, {"apiVersion", api_version_}};
    out["metadata"]["resourceVersion"] = std::to_string(version);
    out["columnDefinitions"] = with_columns ? columns_.definitions() : Json(nullptr);
    out["rows"] = Json::array();
    for (const auto* object : objects) {
      Json row = {{"cells", columns_.cells(object->value)}};
      if (include_object_ == "Object") {
        row["object"] = {{"kind", resource_->kind},
                         {"apiVersion", resource_->api_version(resource_->versions.front())}};
        row["object"].update(object->value);
      } else if (include_object_ == "Metadata") {
        row["object"] = {
            {"kind", "PartialObjectMetadata"}, {"apiVersion", api_version_}, {"metadata", object->value["metadata"]}};
      }
      out["rows"].push_back(std::move(row));
    }
    return out;
  }

  Request request_;
  TableColumns columns_;
  std::string api_version_;
  std::string include_object_;
  const Resource* resource_ = nullptr;
  bool columns_sent_ = false;
};

}  // namespace

std::shared_ptr<Representation> make_table_representation(const Request& request, const Resource& resource,
                                                          std::string_view table_version) {
  return std::make_shared<TableRepresentation>(request, resource, table_version);
}

}  // namespace ferry::apiserver
