#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "proxy/manual/completion_command.h"
#include "proxy/manual/manual.h"
#include "proxy/manual/pages.h"
#include "proxy/options/version.h"

/// kube-ferry-manual: writes what is made of the code and read apart from it.
namespace {

constexpr const char* kUsage =
    "usage: kube-ferry-manual flags                       docs/flags.md\n"
    "       kube-ferry-manual annotations PAGE            docs/annotations.md, its table written anew\n"
    "       kube-ferry-manual man TEMPLATE                the man page\n"
    "       kube-ferry-manual completion bash|zsh|fish    as kube-ferry completion\n";

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

int run(const std::vector<std::string>& words) {
  using namespace ferry;
  if (words.size() == 1 && words[0] == "flags") {
    std::cout << manual::flags_page(manual::read_manual());
  } else if (words.size() == 2 && words[0] == "annotations") {
    std::cout << manual::annotations_page(read_file(words[1]));
  } else if (words.size() == 2 && words[0] == "man") {
    std::cout << manual::man_page(manual::read_manual(), read_file(words[1]), proxy::version());
  } else if (words.size() == 2 && words[0] == "completion") {
    return manual::completion_command({words[1]}, std::cout);
  } else {
    std::fputs(kUsage, stderr);
    return 2;
  }
  return std::cout.flush() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kube-ferry-manual: %s\n", error.what());
    return 1;
  }
}
