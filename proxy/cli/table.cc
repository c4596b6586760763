#include "proxy/cli/table.h"

#include <algorithm>
#include <cstddef>

#include "proxy/cli/text.h"

namespace ferry::cli {

namespace {

constexpr std::size_t kBetween = 3;

const std::string& shown(const std::string& cell) {
  static const std::string kNothing = "-";
  return cell.empty() ? kNothing : cell;
}

}  // namespace

std::string Table::to_text() const {
  std::vector<std::size_t> widths;
  for (const TableColumn& column : columns) widths.push_back(columns_of(column.header));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], columns_of(shown(row.at(i))));
  }
  std::string text;
  const auto append = [&](std::size_t i, const std::string& cell) {
    if (i > 0) text.append(kBetween, ' ');
    text += columns[i].right ? right_aligned(cell, widths[i]) : left_aligned(cell, widths[i]);
  };
  const auto end_line = [&text] {
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  };
  for (std::size_t i = 0; i < columns.size(); ++i) append(i, columns[i].header);
  end_line();
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) append(i, shown(row.at(i)));
    end_line();
  }
  return text;
}

}  // namespace ferry::cli
