#include "watch/rest/secret_reader.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include <spdlog/spdlog.h>
#include <sys/stat.h>

namespace ferry::watch {
namespace {

constexpr off_t kMaxSize = off_t{1} << 20U;
constexpr std::string_view kBlanks = " \t\r\n";

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

SecretReader::SecretReader(Secret secret, std::chrono::milliseconds check_every)
    : secret_(std::move(secret)), check_every_(check_every), text_(trimmed(secret_.data)) {}

const std::string& SecretReader::current() {
  if (secret_.file.empty()) return text_;
  const auto now = std::chrono::steady_clock::now();
  if (!looked_ || now >= next_look_) {
    looked_ = true;
    next_look_ = now + check_every_;
    look();
  }
  return text_;
}

void SecretReader::look() {
  struct stat status {};
  if (::stat(secret_.file.c_str(), &status) != 0) {
    unreadable(std::strerror(errno));
    return;
  }
  const Stamp stamp{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
  if (stamp == stamp_) return;
  if (!S_ISREG(status.st_mode) || status.st_size > kMaxSize) {
    unreadable(S_ISREG(status.st_mode) ? "it is too large to be a secret" : "it is no file");
    return;
  }
  std::ifstream file(secret_.file, std::ios::binary);
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  file.read(text.data(), status.st_size);
  if (!file.is_open() || file.bad()) {
    unreadable(std::strerror(errno));
    return;
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  text = trimmed(text);
  if (text.empty()) {
    unreadable("the file is empty");
    return;
  }
  stamp_ = stamp;
  if (failing_) spdlog::info("{} can be read again", secret_.file);
  failing_ = false;
  if (text == text_) return;
  text_ = std::move(text);
  ++version_;
}

void SecretReader::unreadable(const std::string& why) {
  const char* const instead = text_.empty() ? "there is nothing to use instead" : "going on with what it held before";
  if (!failing_) spdlog::warn("cannot read {}: {}; {}", secret_.file, why, instead);
  failing_ = true;
}

}  // namespace ferry::watch
