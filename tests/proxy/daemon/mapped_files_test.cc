#include "proxy/daemon/mapped_files.h"

#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ferry::proxy {
namespace {

/// What this process has mapped of files, in KiB (proc_pid_status(5)).
std::size_t mapped_of_files() {
  std::ifstream status("/proc/self/status");
  std::string field;
  std::size_t value = 0;
  while (status >> field) {
    if (field == "RssFile:") status >> value;
  }
  return value;
}

/// A page of the program's constants that nothing else shares. Not volatile, for that would have it stand among the
/// variables, which are not looked at.
constexpr std::size_t kLargestPage = 65536;
alignas(kLargestPage) const char kPage[kLargestPage] = {'f'};

/// What stands there now, whatever the compiler knows of it.
char first_of_page() { return *const_cast<const volatile char*>(&kPage[0]); }

TEST(MappedFiles, WhatTheStartNeededIsLetGoOf) {
  const std::size_t before = mapped_of_files();
  const std::size_t released = release_mapped_files();
  EXPECT_GT(released, before * 1024 / 2);
  EXPECT_LT(mapped_of_files(), before / 2);
}

TEST(MappedFiles, TheProgramGoesOn) {
  release_mapped_files();
  EXPECT_EQ(first_of_page(), 'f');
  // Takes tables of the program, of libstdc++ and of libgcc, of which some were relocated.
  EXPECT_THROW(throw std::runtime_error("as before"), std::runtime_error);
  EXPECT_EQ(std::to_string(3.5), "3.500000");
}

TEST(MappedFiles, WhatSomebodyHasWrittenStays) {
  // As a debugger does that sets a breakpoint.
  auto* const page = const_cast<char*>(&kPage[0]);
  ASSERT_EQ(::mprotect(page, kLargestPage, PROT_READ | PROT_WRITE), 0);
  *const_cast<volatile char*>(page) = 'w';
  ASSERT_EQ(::mprotect(page, kLargestPage, PROT_READ), 0);
  release_mapped_files();
  EXPECT_EQ(first_of_page(), 'w');
  // Of what was written nothing is left, as after any other private page.
  ASSERT_EQ(::madvise(page, kLargestPage, MADV_DONTNEED), 0);
  EXPECT_EQ(first_of_page(), 'f');
}

}  // namespace
}  // namespace ferry::proxy
