#include "tests/support/temporary_folder.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace ferry::testing {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "ferry-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, std::string_view text) const {
  const fs::path target = path_ / name;
  const fs::path draft = path_ / (name + ".draft");
  {
    std::ofstream file(draft, std::ios::binary);
    file << text;
    if (!file.flush()) throw std::runtime_error("cannot write " + draft.string());
  }
  fs::rename(draft, target);
  return target.string();
}

}  // namespace ferry::testing
