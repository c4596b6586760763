#pragma once

#include <cstdint>
#include <optional>

#include "proxy/dataplane/dataplane.h"

namespace ferry::proxy {

/// How far the workers have come with what was handed over to them. For the control thread.
class WorkerProgress {
 public:
  /// `dataplane` outlives it.
  explicit WorkerProgress(Dataplane& dataplane) : dataplane_(dataplane) {}

  /// All of the first state has been handed over.
  void first_state_handed_over() { first_state_ = dataplane_.batches().posted; }
  /// Every worker serves what the first state says.
  bool first_state_is_in_force() const;

  /// Every worker has carried out what had been handed over at the last look; without changes, too, a worker that is
  /// stuck shows.
  bool moves();

 private:
  Dataplane& dataplane_;
  /// What every worker is to have carried out by the next look.
  std::uint64_t awaited_ = 0;
  /// The batch that ends the first state; none before it was read.
  std::optional<std::uint64_t> first_state_;
};

}  // namespace ferry::proxy
