#include "proxy/daemon/mapped_files.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {
namespace {

/// One word a page; see Documentation/admin-guide/mm/pagemap.rst of Linux.
using PagemapEntry = std::uint64_t;
constexpr PagemapEntry kPresent = PagemapEntry{1} << 63U;
/// Not a private copy.
constexpr PagemapEntry kOfFile = PagemapEntry{1} << 61U;

class Release {
 public:
  explicit Release(int pagemap) : pagemap_(pagemap) {}

  /// The pages of [begin, end).
  void pages(std::uintptr_t begin, std::uintptr_t end) {
    std::array<PagemapEntry, 512> entries;
    for (std::uintptr_t at = begin / page_ * page_; at < end;) {
      const std::size_t wanted = std::min(entries.size(), (end - at + page_ - 1) / page_);
      const ssize_t got = ::pread(pagemap_, entries.data(), wanted * sizeof(PagemapEntry),
                                  static_cast<off_t>(at / page_ * sizeof(PagemapEntry)));
      const std::size_t count = got > 0 ? static_cast<std::size_t>(got) / sizeof(PagemapEntry) : 0;
      if (count == 0) return;
      release_clean(at, entries.data(), count);
      at += count * page_;
    }
  }

  std::size_t released() const { return released_; }

 private:
  void release_clean(std::uintptr_t begin, const PagemapEntry* entries, std::size_t count) {
    constexpr PagemapEntry kClean = kPresent | kOfFile;
    const PagemapEntry* const end = entries + count;
    const auto clean = [](PagemapEntry entry) { return (entry & kClean) == kClean; };
    for (const PagemapEntry* first = std::find_if(entries, end, clean); first != end;) {
      const PagemapEntry* const last = std::find_if_not(first, end, clean);
      const auto at = begin + static_cast<std::size_t>(first - entries) * page_;
      const auto size = static_cast<std::size_t>(last - first) * page_;
      // NOLINTNEXTLINE(performance-no-int-to-ptr): the pagemap goes by numbers.
      if (::madvise(reinterpret_cast<void*>(at), size, MADV_DONTNEED) == 0) released_ += size;
      first = std::find_if(last, end, clean);
    }
  }

  const int pagemap_;
  const std::uintptr_t page_ = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  std::size_t released_ = 0;
};

}  // namespace

std::size_t release_mapped_files() {
  const UniqueFd pagemap(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  if (!pagemap) return 0;
  Release release(pagemap.get());
  // Nothing is loaded or unloaded while the linker calls. Of what it lists it writes to writable segments alone, which
  // it may make read-only afterwards.
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* into) {
        for (const ElfW(Phdr)* header = object->dlpi_phdr; header != object->dlpi_phdr + object->dlpi_phnum; ++header) {
          if (header->p_type != PT_LOAD || (header->p_flags & PF_W) != 0) continue;
          const std::uintptr_t begin = object->dlpi_addr + header->p_vaddr;
          static_cast<Release*>(into)->pages(begin, begin + header->p_memsz);
        }
        return 0;
      },
      &release);
  return release.released();
}

}  // namespace ferry::proxy
