#include "proxy/relay/direction.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include <fcntl.h>
#include <sys/socket.h>

namespace ferry::proxy {

namespace {

/// A read of this size pays for the two splices that replace one recv and one send.
constexpr std::size_t kLargeRead = 32 * 1024;
constexpr std::uint8_t kLargeReadsBeforeSplice = 3;
constexpr std::size_t kSmallSplice = 8 * 1024;
constexpr std::uint8_t kSmallSplicesBeforeCopy = 3;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

template <typename Call>
ssize_t uninterrupted(Call call) {
  ssize_t result = call();
  while (result < 0 && errno == EINTR) {
    result = call();
  }
  return result;
}

}  // namespace

/// Bytes read and not yet taken, in one block with their header.
struct Direction::Held {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
};

void Direction::HeldDeleter::operator()(Held* held) const noexcept { ::operator delete(held); }

Direction::Result Direction::pump(Leg& from, Leg& to, RelayResources& resources) {
  const Result result = move_bytes(from, to, resources);
  if (pipe_ && piped_ == 0) {
    resources.pipes.give_back(std::move(pipe_));
  }
  return result;
}

Direction::Result Direction::move_bytes(Leg& from, Leg& to, RelayResources& resources) {
  Result result;
  std::size_t read = 0;
  for (;;) {
    if (const Step flushed = flush(to, resources, result.moved); flushed != Step::kMoved) {
      result.state = flushed == Step::kFailed ? State::kBroken : State::kWaiting;
      return result;
    }
    if (sender_finished_) {
      result.state = State::kFinished;
      return result;
    }
    if (!from.readable || !to.writable) {
      return result;
    }
    if (std::max(read, result.moved) >= resources.budget) {
      result.state = State::kMore;
      return result;
    }
    const Step step =
        ready_to_splice(resources) ? splice_in(from, resources.budget, read) : copy(from, to, resources, result.moved);
    if (step == Step::kFailed) {
      result.state = State::kBroken;
      return result;
    }
  }
}

Direction::Pending Direction::pending() const {
  Pending pending{{}, sender_finished_};
  if (held_) pending.held.assign(held_->bytes() + held_->begin, held_->end - held_->begin);
  return pending;
}

void Direction::resume(const Pending& pending, RelayResources& resources) {
  sender_finished_ = pending.sender_finished;
  if (!pending.held.empty()) keep(pending.held.data(), pending.held.size(), resources);
}

void Direction::release(RelayResources& resources) {
  drop_held(resources);
  if (pipe_) {
    resources.pipes.discard(std::move(pipe_));
  }
}

Direction::Step Direction::flush(Leg& to, RelayResources& resources, std::size_t& moved) {
  if (!held_ && piped_ == 0) {
    return Step::kMoved;
  }
  if (!to.writable) {
    return Step::kBlocked;
  }
  return held_ ? flush_held(to, resources, moved) : flush_pipe(to, moved);
}

Direction::Step Direction::flush_held(Leg& to, RelayResources& resources, std::size_t& moved) {
  const std::size_t size = held_->end - held_->begin;
  const ssize_t sent =
      uninterrupted([&] { return ::send(to.fd.get(), held_->bytes() + held_->begin, size, MSG_NOSIGNAL); });
  if (sent < 0 && !would_block(errno)) {
    return Step::kFailed;
  }
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  moved += taken;
  if (taken == size) {
    drop_held(resources);
    return Step::kMoved;
  }
  held_->begin += static_cast<std::uint32_t>(taken);
  to.writable = false;
  return Step::kBlocked;
}

Direction::Step Direction::flush_pipe(Leg& to, std::size_t& moved) {
  while (piped_ > 0) {
    const ssize_t sent = uninterrupted([&] {
      return ::splice(pipe_->read_end.get(), nullptr, to.fd.get(), nullptr, piped_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    });
    if (sent < 0 && would_block(errno)) {
      to.writable = false;
      return Step::kBlocked;
    }
    if (sent <= 0) {
      return Step::kFailed;
    }
    piped_ -= static_cast<std::uint32_t>(sent);
    moved += static_cast<std::size_t>(sent);
  }
  return Step::kMoved;
}

Direction::Step Direction::copy(Leg& from, Leg& to, RelayResources& resources, std::size_t& moved) {
  // At the bound nothing more is kept: the bytes are only looked at, and taken out once the receiver has them.
  const bool peek = resources.held.value() + RelayResources::kBufferBytes > resources.max_held;
  char* const buffer = resources.buffer.data();
  const ssize_t received =
      uninterrupted([&] { return ::recv(from.fd.get(), buffer, RelayResources::kBufferBytes, peek ? MSG_PEEK : 0); });
  if (received < 0) {
    from.readable = false;
    return would_block(errno) ? Step::kBlocked : Step::kFailed;
  }
  if (received == 0) {
    sender_finished_ = true;
    return Step::kMoved;
  }
  const auto size = static_cast<std::size_t>(received);
  const ssize_t sent = uninterrupted([&] { return ::send(to.fd.get(), buffer, size, MSG_NOSIGNAL); });
  if (sent < 0 && !would_block(errno)) {
    return Step::kFailed;
  }
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  moved += taken;
  to.writable = taken == size;
  if (peek && taken > 0 && ::recv(from.fd.get(), nullptr, taken, MSG_TRUNC) != static_cast<ssize_t>(taken)) {
    return Step::kFailed;
  }
  if (taken < size && peek) {
    return Step::kBlocked;
  }
  if (size < RelayResources::kBufferBytes && !from.urgent) {
    // A short read has taken all there was (epoll(7)); with the FIN already here, nothing will follow.
    from.readable = from.failed;
    sender_finished_ = from.ending && !from.failed;
  }
  if (taken < size) {
    keep(buffer + taken, size - taken, resources);
  } else {
    // Still splicing, and copied only for want of a pipe: what argues for splicing changes nothing.
    if (!splicing_) {
      count_read(size >= kLargeRead, kLargeReadsBeforeSplice);
    }
  }
  return Step::kMoved;
}

bool Direction::ready_to_splice(RelayResources& resources) {
  if (splicing_ && !pipe_) {
    pipe_ = resources.pipes.acquire();
  }
  return pipe_ != nullptr;
}

Direction::Step Direction::splice_in(Leg& from, std::size_t budget, std::size_t& read) {
  const ssize_t received = uninterrupted([&] {
    return ::splice(from.fd.get(), nullptr, pipe_->write_end.get(), nullptr, budget, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  });
  if (received < 0) {
    from.readable = false;
    return would_block(errno) ? Step::kBlocked : Step::kFailed;
  }
  if (received == 0) {
    sender_finished_ = true;
    return Step::kMoved;
  }
  piped_ = static_cast<std::uint32_t>(received);
  read += piped_;
  count_read(piped_ < kSmallSplice, kSmallSplicesBeforeCopy);
  return Step::kMoved;
}

void Direction::keep(const char* bytes, std::size_t size, RelayResources& resources) {
  auto* const block = ::new (::operator new(sizeof(Held) + size)) Held;
  block->end = static_cast<std::uint32_t>(size);
  std::memcpy(block->bytes(), bytes, size);
  held_.reset(block);
  resources.held.add(size);
}

void Direction::drop_held(RelayResources& resources) {
  if (held_) {
    resources.held.subtract(held_->end);
    held_.reset();
  }
}

void Direction::count_read(bool argues_for_change, std::uint8_t needed) {
  run_ = argues_for_change ? static_cast<std::uint8_t>(run_ + 1) : std::uint8_t{0};
  if (run_ >= needed) {
    run_ = 0;
    splicing_ = !splicing_;
  }
}

}  // namespace ferry::proxy
