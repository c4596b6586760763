#pragma once

#include <string>

namespace ferry::proxy {

/// What --version prints: the version, the commit, the features built in, and the libraries and compiler used.
std::string version_text();

}  // namespace ferry::proxy
