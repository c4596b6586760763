#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/http_message.h"
#include "tests/apiserver/resource.h"
#include "tests/apiserver/server.h"
#include "tests/apiserver/storage.h"

namespace ferry::apiserver {

/// What a list says beside its items.
struct ListHead {
  Version version = 0;
  std::string continue_token;
  /// How many more there are; negative when that is not said.
  std::int64_t remaining = -1;
};

/// How one request wants its objects written: as the API's own JSON, as a table, as the JSON of 2014.
class Representation {
 public:
  virtual ~Representation() = default;
  virtual std::string object(const Object& object) = 0;
  virtual std::string list(const ListHead& head, const std::vector<ObjectPtr>& items) = 0;
  /// One line of a watch. `type` is ADDED, MODIFIED or DELETED.
  virtual std::string event(std::string_view type, const Object& object) = 0;
  /// A BOOKMARK line; empty where this representation has none.
  virtual std::string bookmark(Version version, bool ends_initial_events) = 0;
  /// An ERROR line.
  virtual std::string error(const Status& status);
};

/// The representation a request accepts, from its Accept header; a 406 when there is none.
Result<std::shared_ptr<Representation>> choose_representation(const Request& request, const Resource& resource,
                                                              std::string_view version, Release release);

std::shared_ptr<Representation> make_json_representation(const Request& request, const Resource& resource,
                                                         std::string_view version, Release release);
std::shared_ptr<Representation> make_table_representation(const Request& request, const Resource& resource,
                                                          std::string_view table_version);
std::shared_ptr<Representation> make_v1beta1_representation(const Resource& resource, bool capital_events);

/// One line of a watch around an object's text.
std::string event_line(std::string_view type, std::string_view object);

}  // namespace ferry::apiserver
