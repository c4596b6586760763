#pragma once

#include <cstddef>

namespace ferry::proxy {

/// Lets go of the pages of the program and of its shared libraries that are as their files have them: of a process that
/// has started, most are symbols, relocations and code that nothing asks for again. They stay in the page cache while
/// the kernel has room for them, and one that is touched again costs a minor fault (madvise(2), MADV_DONTNEED). Pages
/// that somebody has written to, a debugger or a uprobe say, are kept. Returns the bytes let go of, zero where
/// /proc/self/pagemap cannot be read. May be called from any thread at any time.
std::size_t release_mapped_files();

}  // namespace ferry::proxy
