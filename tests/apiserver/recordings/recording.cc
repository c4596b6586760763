#include "tests/apiserver/recordings/recording.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace ferry::testing {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("there is no recording " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void read_header_line(const std::string& line, Answer& answer) {
  const auto colon = line.find(": ");
  if (colon == std::string::npos) throw std::runtime_error("no header line: " + line);
  answer.headers.insert(line.substr(0, colon), line.substr(colon + 2));
}

/// Takes chunks apart where a recording has kept them; nullopt-like empty `rest` tells that it had not.
bool remove_chunks(const std::string& body, std::string& whole) {
  std::size_t at = 0;
  while (true) {
    const auto line_end = body.find("\r\n", at);
    if (line_end == std::string::npos || line_end == at) return false;
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(body.data() + at, body.data() + line_end, size, 16);
    if (error != std::errc() || end != body.data() + line_end) return false;
    at = line_end + 2;
    if (size == 0) return true;
    if (at + size + 2 > body.size()) return false;
    whole.append(body, at, size);
    at += size + 2;
  }
}

}  // namespace

std::string recordings_folder() { return FERRY_TEST_DATA "/recordings"; }

std::vector<std::string> all_recordings() {
  std::vector<std::string> names;
  const std::filesystem::path folder = recordings_folder();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".http") names.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Answer read_recording(const std::string& name) {
  const std::string text = read_file(std::filesystem::path(recordings_folder()) / name);
  const auto header_end = text.find("\r\n\r\n");
  if (header_end == std::string::npos) throw std::runtime_error("the recording " + name + " has no header");
  std::istringstream lines(text.substr(0, header_end));
  std::string line;
  std::getline(lines, line);
  Answer answer;
  answer.status = std::stoi(line.substr(std::string("HTTP/1.1 ").size()));
  while (std::getline(lines, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    read_header_line(line, answer);
  }
  answer.body = text.substr(header_end + 4);
  std::string unchunked;
  if (remove_chunks(answer.body, unchunked)) answer.body = std::move(unchunked);
  answer.complete = true;
  return answer;
}

}  // namespace ferry::testing
