#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/json.h"

namespace ferry::apiserver {

/// One column of `kubectl get`: its head, and what stands in it for an object.
struct TableColumn {
  std::string name;
  std::string type;
  std::string format;
  /// 0 is always shown, 1 with `-o wide`.
  int priority = 0;
  std::function<Json(const Json& object)> cell;
};

class TableColumns {
 public:
  explicit TableColumns(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}
  [[nodiscard]] Json definitions() const;
  [[nodiscard]] Json cells(const Json& object) const;

 private:
  std::vector<TableColumn> columns_;
};

/// The columns a real server prints for a resource; name and age for one it does not know.
TableColumns table_columns(std::string_view resource);

}  // namespace ferry::apiserver
