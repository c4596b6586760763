#pragma once

#include <string>
#include <vector>

namespace ferry::cli {

struct TableColumn {
  std::string header;
  /// Numbers stand under each other's last digit.
  bool right = false;

  friend bool operator==(const TableColumn&, const TableColumn&) = default;
};

/// Rows of printable cells under upper-case headers, as kubectl prints them: as wide as its widest cell each, three
/// spaces between, an empty cell as "-".
struct Table {
  std::vector<TableColumn> columns;
  /// Each as long as `columns`.
  std::vector<std::vector<std::string>> rows;

  /// The headers and the rows, each line with its end.
  std::string to_text() const;
};

}  // namespace ferry::cli
