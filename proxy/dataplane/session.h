#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "config/ip_address.h"
#include "proxy/balancer/dial_plan.h"
#include "proxy/dataplane/connection_record.h"
#include "proxy/dataplane/served_port.h"
#include "proxy/relay/direction.h"
#include "proxy/relay/intrusive_list.h"
#include "proxy/relay/leg.h"
#include "proxy/relay/peer_silence.h"
#include "proxy/relay/socket_address.h"

namespace ferry::proxy {

/// One client's connection: first dialled, then carried. Thousands of them stand idle, so what only a dial needs is
/// kept apart and freed with it.
struct Session : ListHook {
  using TimePoint = std::chrono::steady_clock::time_point;

  /// A second dial beside the first.
  struct Hedge {
    Leg leg;
    WorkerEndpoint* endpoint = nullptr;
    TimePoint started;
    TimePoint until;
  };

  struct Dialling {
    DialPlan plan;
    /// When the dial under way began, and when to give it up.
    TimePoint started;
    TimePoint until;
    /// When to go on after a pause.
    TimePoint resume;
    /// When to dial a second endpoint beside the first.
    std::optional<TimePoint> hedge_at;
    std::unique_ptr<Hedge> hedge;
    /// Waits until an endpoint may have one more connection, and is counted among those.
    bool awaits_place = false;
    /// What the endpoint hears first.
    std::string header{};
  };

  /// Its turn to be looked at: for silence of its peers, and for its idle time.
  struct Check : ListHook {
    explicit Check(Session& whose) : session(whose) {}

    Session& session;
    PeerSilence client;
    PeerSilence backend;
    /// A byte came from there since the last look.
    bool heard_client = false;
    bool heard_backend = false;
  };

  Leg client;
  Leg backend;
  Direction to_backend;
  Direction to_client;
  std::shared_ptr<WorkerPort> port;
  /// Being dialled, or carried to; null between dials.
  WorkerEndpoint* endpoint = nullptr;
  /// Null once connected.
  std::unique_ptr<Dialling> dialling;
  Check check{*this};
  Peer peer;
  TimePoint accepted;
  /// When it was connected.
  TimePoint since;
  /// When a byte last moved, or it was connected.
  TimePoint active;
  std::uint64_t bytes_to_backend = 0;
  std::uint64_t bytes_to_client = 0;
  std::uint16_t attempts = 0;
  SetChoice choice;
  bool half_closed = false;
  bool backend_told = false;
  bool client_told = false;
  /// The endpoint's first answer is awaited since `since`.
  bool unanswered = true;
  /// Has spent its budget and waits for its next turn.
  bool queued = false;
  /// The backend's socket is another one since the events of this turn were fetched, which may be about the former.
  bool replaced = false;
  bool closed = false;
};

}  // namespace ferry::proxy
