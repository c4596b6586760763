#include "tests/watch/codec/recording.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <gtest/gtest.h>

namespace ferry::testing {
namespace {

std::filesystem::path folder() { return std::filesystem::path(FERRY_TEST_DATA) / "recordings"; }

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// RFC 9112, 7.1; the recordings have neither extensions nor trailers.
std::vector<std::string> read_chunks(std::string_view framed) {
  std::vector<std::string> chunks;
  for (;;) {
    const std::size_t line = framed.find("\r\n");
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(framed.data(), framed.data() + std::min(line, framed.size()), size, 16);
    if (line == std::string_view::npos || error != std::errc{} || framed.size() < line + size + 4) {
      ADD_FAILURE() << "the chunk framing does not read";
      return chunks;
    }
    if (size == 0) return chunks;
    chunks.emplace_back(framed.substr(line + 2, size));
    framed.remove_prefix(line + size + 4);
  }
}

void read_head(std::string_view head, Recording& recording) {
  std::istringstream lines{std::string(head)};
  std::string line;
  std::getline(lines, line);
  EXPECT_TRUE(line.starts_with("HTTP/1.1 ")) << line;
  recording.status = std::stoi(line.substr(9, 3));
  while (std::getline(lines, line)) {
    if (line.ends_with('\r')) line.pop_back();
    const std::size_t colon = line.find(": ");
    ASSERT_NE(colon, std::string::npos) << line;
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    recording.headers[name] = line.substr(colon + 2);
  }
}

}  // namespace

std::vector<std::string> list_recordings() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder())) {
    if (entry.path().extension() != ".http") continue;
    names.push_back(std::filesystem::relative(entry.path(), folder()).generic_string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Recording read_recording(const std::string& name) {
  const std::string text = read_file(folder() / name);
  const std::size_t blank = text.find("\r\n\r\n");
  Recording recording;
  recording.name = name;
  if (blank == std::string::npos) {
    ADD_FAILURE() << name << " has no head";
    return recording;
  }
  read_head(std::string_view(text).substr(0, blank), recording);
  recording.body = text.substr(blank + 4);
  // Compressed bodies were recorded with their framing too.
  if (name.find("rawchunks") != std::string::npos || recording.headers.contains("content-encoding")) {
    recording.chunks = read_chunks(recording.body);
    recording.body.clear();
    for (const std::string& chunk : recording.chunks) recording.body += chunk;
  }
  // The recorder's note on how the stream ended; no part of it.
  if (const std::size_t note = recording.body.find("\n[curl exit "); note != std::string::npos) {
    recording.body.resize(note + 1);
  }
  const auto length = recording.headers.find("content-length");
  if (length != recording.headers.end()) {
    EXPECT_EQ(std::to_string(recording.body.size()), length->second) << name;
  }
  return recording;
}

}  // namespace ferry::testing
