#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "proxy/cli/json.h"

namespace ferry::testing {

using Json = cli::Json;

struct FakeAnswer {
  unsigned status = 200;
  std::string body;

  friend bool operator==(const FakeAnswer&, const FakeAnswer&) = default;
};

/// The API of docs/api.md over services that a test makes up: its lists, searches, orders and pages.
class FakeApi {
 public:
  /// default/web with endpoints in every state, default/db without any, kube-system/dns over UDP, and so many others in
  /// the namespace load.
  explicit FakeApi(std::size_t others = 0);

  /// What GET of the target brings.
  FakeAnswer get(const std::string& target) const;

  /// In place of what it would answer to exactly this target.
  std::map<std::string, FakeAnswer> instead;
  Json status;
  /// As in the list, with the fields of a service's own page beside.
  std::vector<Json> service_ports;
  Json connections;

 private:
  FakeAnswer list(const std::map<std::string, std::string>& query) const;
  FakeAnswer service(const std::string& path) const;
};

}  // namespace ferry::testing
