#pragma once

#include <map>
#include <string>
#include <vector>

namespace ferry::testing {

/// One response as recorded from a real API server.
struct Recording {
  /// "FOLDER/FILE.http"
  std::string name;
  int status = 0;
  /// By name in lower case.
  std::map<std::string, std::string> headers;
  /// As a client sees it: without chunk framing, still compressed where the server compressed it.
  std::string body;
  /// The chunks the body came in, where the recording kept their framing.
  std::vector<std::string> chunks;
};

/// Every recording there is, by name.
std::vector<std::string> list_recordings();
/// Fails the test that calls it where the file does not read as a response.
Recording read_recording(const std::string& name);

}  // namespace ferry::testing
