#pragma once

#include <string>
#include <vector>

#include "tests/watch/codec/recording.h"

namespace ferry::testing {

/// How a recording's body is to be read: "list services", "watch endpointslices", "object nodes", "status", "json"
/// or "text".
struct Reading {
  std::string name;
  std::string how;
  /// What it tells, a line a fact.
  std::vector<std::string> told;
};

/// The recordings with what each holds, from recordings.txt.
std::vector<Reading> expected_readings();

/// What the recording tells when read so, and whether every cut of it tells the same.
std::vector<std::string> tell(const Recording& recording, const std::string& how);

}  // namespace ferry::testing
