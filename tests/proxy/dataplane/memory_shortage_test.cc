#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/proxy/dataplane/dataplane_fixture.h"

namespace {

/// True on the thread of the test, which always gets its memory.
thread_local bool t_spared = false;
/// Allocations of other threads that still succeed before one fails; below 0: all do.
std::atomic<long> g_until_failure{-1};

bool is_to_fail() { return !t_spared && g_until_failure.load() >= 0 && g_until_failure.fetch_sub(1) == 0; }

}  // namespace

void* operator new(std::size_t size) {
  if (is_to_fail()) throw std::bad_alloc();
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace ferry::proxy::testing {
namespace {

class MemoryShortage : public DataplaneFixture {
 protected:
  MemoryShortage() {
    t_spared = true;
    DataplaneOptions options;
    options.workers = 1;
    use(options);
  }

  /// Lets the nth allocation of the workers from now on fail. Returns whether it came to that by the end of `work`.
  template <typename Work>
  static bool fail_nth(long nth, Work work) {
    g_until_failure = nth;
    work();
    return g_until_failure.exchange(-1) < 0;
  }

  TestListener listener_;
};

TEST_F(MemoryShortage, WhicheverAllocationFailsTheConnectionIsEndedAndTheNextIsServed) {
  long failures = 0;
  for (long nth = 0; nth < 200; ++nth) {
    // One of its own, for which everything has to be made.
    TestService service = new_service("scarce-" + std::to_string(nth), {backend_at(listener_)});
    service.port = free_port(service.addresses[0]);
    set(service);
    const std::uint64_t shed = totals().shed_for_memory;
    const bool failed = fail_nth(nth, [&] {
      const TestSocket client = connect(service);
      EXPECT_TRUE(wait_until([&] { return listener_.pending() || totals().shed_for_memory > shed; }));
      const TestSocket server = listener_.pending() ? listener_.accept() : TestSocket();
      if (server.fd() >= 0) server.send("!");
      // Either it is served or it is ended; nobody is left waiting.
      const std::string heard = client.receive(1);
      EXPECT_EQ(heard, totals().shed_for_memory > shed ? "" : "!") << nth;
    });
    EXPECT_TRUE(wait_until_none_open());
    // What was dialled for one that was ended.
    while (listener_.pending()) listener_.accept();
    failures += failed ? 1 : 0;
    EXPECT_EQ(totals().shed_for_memory - shed, failed ? 1U : 0U) << nth;

    const TestSocket next = connect(service);
    listener_.accept().send("next");
    EXPECT_EQ(next.receive(4), "next") << nth;
    remove(service);
    if (!failed) break;
  }
  EXPECT_GT(failures, 3) << "the path of a connection needs memory more than once";
  EXPECT_EQ(totals().dial_failures.refused, 0U);
}

}  // namespace
}  // namespace ferry::proxy::testing
