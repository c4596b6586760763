#pragma once

#include <string>
#include <vector>

#include <boost/beast/http/fields.hpp>

namespace ferry::testing {

/// An answer over HTTP: recorded, or given by the server under test.
struct Answer {
  int status = 0;
  boost::beast::http::fields headers;
  /// Chunking removed, content encoding not.
  std::string body;
  /// The answer ended as HTTP says it must: it was not cut.
  bool complete = false;
};

/// The folder of the recordings in the source tree.
std::string recordings_folder();

/// The names ("FOLDER/FILE.http") of all recordings, sorted.
std::vector<std::string> all_recordings();

/// Reads one. Throws std::runtime_error when there is none, or it is no answer over HTTP.
Answer read_recording(const std::string& name);

}  // namespace ferry::testing
