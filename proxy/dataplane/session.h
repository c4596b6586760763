#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "config/ip_address.h"
#include "proxy/balancer/dial_plan.h"
#include "proxy/dataplane/served_port.h"
#include "proxy/relay/direction.h"
#include "proxy/relay/intrusive_list.h"
#include "proxy/relay/leg.h"

namespace ferry::proxy {

/// One client's connection: first dialled, then carried. Thousands of them stand idle, so what only a dial needs is
/// kept apart and freed with it.
struct Session : ListHook {
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Dialling {
    DialPlan plan;
    /// When to give this endpoint up, or to go on after a pause.
    TimePoint deadline;
    bool first = true;
    /// Who is to be carried to the same backend again; none where that does not matter.
    std::optional<config::IpAddress> client;
    /// What the endpoint hears first.
    std::string header{};
  };

  Leg client;
  Leg backend;
  Direction to_backend;
  Direction to_client;
  std::shared_ptr<WorkerPort> port;
  /// Null once connected.
  std::unique_ptr<Dialling> dialling;
  /// When it was connected; once one side has finished, when a byte last moved.
  TimePoint since;
  SetChoice choice;
  bool half_closed = false;
  bool backend_told = false;
  bool client_told = false;
  /// Has spent its budget and waits for its next turn.
  bool queued = false;
  bool closed = false;
};

}  // namespace ferry::proxy
