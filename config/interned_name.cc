#include "config/interned_name.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>

namespace ferry::config {

struct InternedName::Entry {
  explicit Entry(std::string_view from) : text(from) {}

  std::string text;
  std::atomic<std::uint32_t> owners{1};
};

struct InternedName::Pool {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    std::size_t operator()(const std::unique_ptr<Entry>& entry) const noexcept { return (*this)(entry->text); }
  };
  struct Equal {
    using is_transparent = void;
    static std::string_view text(std::string_view text) { return text; }
    static std::string_view text(const std::unique_ptr<Entry>& entry) { return entry->text; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return text(a) == text(b);
    }
  };

  std::mutex mutex;
  std::unordered_set<std::unique_ptr<Entry>, Hash, Equal> entries;

  /// Never destroyed: names may outlive main().
  static Pool& instance() {
    static auto* const pool = new Pool;
    return *pool;
  }
};

const std::string& InternedName::text() const noexcept {
  static const std::string kEmpty;
  return entry_ == nullptr ? kEmpty : entry_->text;
}

std::size_t InternedName::existing() {
  Pool& pool = Pool::instance();
  const std::lock_guard lock(pool.mutex);
  return pool.entries.size();
}

InternedName::Entry* InternedName::acquire(std::string_view text) {
  if (text.empty()) return nullptr;
  Pool& pool = Pool::instance();
  const std::lock_guard lock(pool.mutex);
  if (const auto found = pool.entries.find(text); found != pool.entries.end()) return share(found->get());
  return pool.entries.insert(std::make_unique<Entry>(text)).first->get();
}

InternedName::Entry* InternedName::share(Entry* entry) noexcept {
  if (entry != nullptr) entry->owners.fetch_add(1, std::memory_order_relaxed);
  return entry;
}

void InternedName::release(Entry* entry) noexcept {
  if (entry == nullptr) return;
  std::uint32_t owners = entry->owners.load(std::memory_order_relaxed);
  while (owners > 1) {
    if (entry->owners.compare_exchange_weak(owners, owners - 1, std::memory_order_acq_rel)) return;
  }
  // The last owner leaves under the lock, so that nobody finds the entry meanwhile.
  Pool& pool = Pool::instance();
  const std::lock_guard lock(pool.mutex);
  if (entry->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    pool.entries.erase(pool.entries.find(std::string_view(entry->text)));
  }
}

}  // namespace ferry::config
