#include "proxy/relay/pipe_pool.h"

#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace ferry::proxy {

std::unique_ptr<Pipe> PipePool::acquire() {
  if (!idle_.empty()) {
    std::unique_ptr<Pipe> pipe = std::move(idle_.back());
    idle_.pop_back();
    return pipe;
  }
  int ends[2];
  if (existing_.value() >= limit_ || ::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) {
    denied_.add();
    return nullptr;
  }
  auto pipe = std::make_unique<Pipe>();
  pipe->read_end = UniqueFd(ends[0]);
  pipe->write_end = UniqueFd(ends[1]);
  // Beyond fs.pipe-user-pages-soft this is refused to an unprivileged process; the default size works as well.
  static_cast<void>(::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes));
  existing_.add();
  return pipe;
}

void PipePool::give_back(std::unique_ptr<Pipe> pipe) {
  if (idle_.size() < kMostIdle) {
    idle_.push_back(std::move(pipe));
  } else {
    discard(std::move(pipe));
  }
}

void PipePool::discard(std::unique_ptr<Pipe> pipe) {
  pipe.reset();
  existing_.subtract();
}

}  // namespace ferry::proxy
