#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "proxy/cli/service_list.h"

namespace ferry::cli {

/// The services whose `namespace/name` begins so, each once and in order, `most` at most; none where nobody answers.
std::vector<std::string> service_names(const Ask& ask, const std::string& beginning, std::size_t most);

}  // namespace ferry::cli
