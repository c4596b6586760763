#include "proxy/dataplane/session_checks.h"

#include <algorithm>

#include "proxy/relay/peer_silence.h"

namespace ferry::proxy {

namespace {

using std::chrono::milliseconds;

/// Looks within the time after which a silent peer counts as vanished.
constexpr int kLooks = 12;
constexpr milliseconds kShortestLook{20};
/// Reaches a minute ahead; whoever is due later is looked at once a minute.
constexpr milliseconds kCheckTick{128};

milliseconds look_period(milliseconds limit) { return std::max(limit / kLooks, kShortestLook); }

}  // namespace

SessionChecks::SessionChecks(const DataplaneOptions& options, TimePoint now)
    : options_(options), checks_(now, kCheckTick) {}

milliseconds SessionChecks::silence_limit(const Session& session) const {
  return session.port->state.settings().dead_peer_timeout.value_or(options_.dead_peer_timeout);
}

void SessionChecks::arm(Session& session, TimePoint now) {
  const bool moved = session.check.heard_client || session.check.heard_backend;
  arm(session, now, moved && silence_limit(session) > milliseconds{0});
}

void SessionChecks::arm(Session& session, TimePoint now, bool owed) {
  const milliseconds idle = session.port->state.settings().idle_timeout;
  if (owed) {
    const TimePoint look = now + look_period(silence_limit(session));
    checks_.arm(session.check, idle > milliseconds{0} ? std::min(look, session.active + idle) : look);
  } else if (idle > milliseconds{0}) {
    checks_.arm(session.check, session.active + idle);
  }
}

std::optional<ConnectionEnd> SessionChecks::look(Session& session, TimePoint now) {
  const milliseconds idle = session.port->state.settings().idle_timeout;
  if (idle > milliseconds{0} && now - session.active >= idle) return ConnectionEnd::kIdleTimeout;
  const milliseconds limit = silence_limit(session);
  bool owed = false;
  if (limit > milliseconds{0}) {
    if (const auto vanished = look_for_silence(session, limit, owed)) return vanished;
  }
  arm(session, now, owed);
  return std::nullopt;
}

std::optional<ConnectionEnd> SessionChecks::look_for_silence(Session& session, milliseconds limit, bool& owed) {
  struct Side {
    Leg& leg;
    PeerSilence& silence;
    bool& heard;
    ConnectionEnd end;
  };
  Session::Check& check = session.check;
  for (const Side& side : {Side{session.backend, check.backend, check.heard_backend, ConnectionEnd::kEndpointVanished},
                           Side{session.client, check.client, check.heard_client, ConnectionEnd::kClientVanished}}) {
    if (std::exchange(side.heard, false)) {
      side.silence.heard();
      owed = true;
      continue;
    }
    const PeerFacts facts = peer_facts(side.leg.fd.get());
    owed |= facts.owes_answer;
    if (side.silence.note(facts, look_period(limit), limit)) return side.end;
  }
  return std::nullopt;
}

}  // namespace ferry::proxy
