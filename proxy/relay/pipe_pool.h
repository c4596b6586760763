#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "proxy/relay/counter.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// A pipe that bytes are spliced through.
struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

/// The pipes of one worker: at most `limit` at a time, made when first asked for, kept for the next stream.
class PipePool {
 public:
  /// Bytes a pipe is asked to hold; what a relay moves in one wake passes in one round.
  static constexpr int kPipeBytes = 512 * 1024;
  /// More than this are not kept while nobody streams.
  static constexpr std::size_t kMostIdle = 16;

  explicit PipePool(std::size_t limit) : limit_(limit) {}

  /// An empty pipe, or null when none is to be had: at the limit, or the system refuses (descriptors, memory).
  std::unique_ptr<Pipe> acquire();

  /// Takes a pipe back that is empty.
  void give_back(std::unique_ptr<Pipe> pipe);

  /// Closes a pipe that may hold bytes: they must never reach another connection.
  void discard(std::unique_ptr<Pipe> pipe);

  /// Pipes that exist: in use and idle.
  const Counter& existing() const { return existing_; }
  /// Times acquire() had none to give.
  const Counter& denied() const { return denied_; }

 private:
  std::size_t limit_;
  std::vector<std::unique_ptr<Pipe>> idle_;
  Counter existing_;
  Counter denied_;
};

}  // namespace ferry::proxy
