#include "proxy/cli/set.h"

#include <cstdlib>
#include <variant>

#include <spdlog/fmt/fmt.h>

namespace ferry::cli {

int set(const SetOptions& options, const Put& put, const Output& output) {
  const Answer answer = put("/api/log-level", std::to_string(options.log_level));
  if (const auto* const error = std::get_if<AskError>(&answer)) {
    output.note(error->sentence);
    return EXIT_FAILURE;
  }
  const Json& json = std::get<Json>(answer);
  const auto former = json.find("former");
  output.out << fmt::format("log level {}", options.log_level);
  if (former != json.end() && former->is_number_integer()) output.out << fmt::format(", was {}", former->get<int>());
  output.out << '\n';
  return EXIT_SUCCESS;
}

}  // namespace ferry::cli
