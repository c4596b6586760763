#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "proxy/dataplane/connection_record.h"
#include "proxy/dataplane/dataplane_options.h"
#include "proxy/dataplane/session.h"
#include "proxy/relay/timing_wheel.h"

namespace ferry::proxy {

/// Looks at the sessions of one worker from time to time: whether a peer that ought to answer is silent, and whether
/// nothing has moved for longer than the service allows.
///
/// A session that has moved bytes is looked at a dozen times within the time after which a silent peer counts as
/// vanished, until nothing is owed any more; then it costs nothing until bytes move again, and the kernel's keep-alive
/// stands in.
class SessionChecks {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  SessionChecks(const DataplaneOptions& options, TimePoint now);

  /// After so long a silent peer counts as vanished; zero: never.
  std::chrono::milliseconds silence_limit(const Session& session) const;

  /// Sets the time of the next look, where there is anything to look for.
  void arm(Session& session, TimePoint now);
  /// Looks at it now, and sets the time of the next look. Tells why it has to end, if so: kIdleTimeout,
  /// kEndpointVanished or kClientVanished.
  std::optional<ConnectionEnd> look(Session& session, TimePoint now);

  /// Calls `due(session)` for each whose time has come.
  template <typename Due>
  void expire(TimePoint now, Due due) {
    checks_.expire(now, [&](Session::Check& check) { due(check.session); });
  }
  std::optional<TimePoint> next() { return checks_.next(); }

 private:
  std::optional<ConnectionEnd> look_for_silence(Session& session, std::chrono::milliseconds limit, bool& owed);
  void arm(Session& session, TimePoint now, bool owed);

  const DataplaneOptions& options_;
  TimingWheel<Session::Check> checks_;
};

}  // namespace ferry::proxy
