#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "config/service_port_info.h"
#include "proxy/dataplane/command.h"
#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/dataplane/frontend.h"
#include "proxy/dataplane/listener_table.h"

namespace ferry::proxy {

/// The TCP and UDP service ports there are, and what of each the workers and the listener table were told. For the
/// control thread.
class PortRegistry {
 public:
  /// `ejection` and `on_ejected` outlive it.
  PortRegistry(std::size_t workers, const EjectionOptions& ejection, const OnEjected* on_ejected = nullptr)
      : workers_(workers), ejection_(ejection), on_ejected_(on_ejected) {}

  /// Follows the changes: claims and releases addresses, and appends to `updates` what the workers must know beside
  /// their listeners. That must reach them after the commands of the listener table, so that a listener being closed
  /// still carries what is in its queue to the backends of before.
  void apply(const std::vector<config::ServicePortChange>& changes, ListenerTable& listeners, Commands& updates);

  /// The node has other addresses, or other neighbours: every service port is looked at anew.
  void move_to(Surroundings surroundings, ListenerTable& listeners);

  /// Handles to read from later: the port, and what it is; null: removed.
  struct Entry {
    std::shared_ptr<ServedPort> port;
    std::shared_ptr<const config::ServicePortInfo> info;
  };
  std::vector<Entry> entries() const;

  /// What there is, or was, of that name; a service port that nobody knows is taken for one that was removed.
  struct Served {
    std::shared_ptr<ServedPort> port;
    PortState state;
  };
  Served served(const config::ServicePortName& name);
  /// What there is of that name; none: no such service port, or it was removed.
  struct Present {
    ServedPort* port = nullptr;
    const config::ServicePortInfo* info = nullptr;
    const PortState* state = nullptr;
  };
  std::optional<Present> present(const config::ServicePortName& name) const;
  /// ServedPort::id() of what there is.
  std::optional<std::uint64_t> id_of(const config::ServicePortName& name) const;

  std::size_t sctp_ports() const { return sctp_ports_; }

 private:
  struct Known {
    std::shared_ptr<ServedPort> port;
    /// Null once removed.
    std::shared_ptr<const config::ServicePortInfo> info;
    PortState state;
    std::vector<Frontend> frontends;

    bool removed() const { return info == nullptr; }
  };

  bool carried_here(const config::ServicePortChange& change);
  void release_gone(Known& known, ListenerTable& listeners) const;
  void claim_present(const config::ServicePortChange& change, ListenerTable& listeners, Commands& updates);
  void prune_removed();

  std::size_t workers_;
  const EjectionOptions& ejection_;
  const OnEjected* on_ejected_;
  Surroundings surroundings_;
  std::uint64_t last_id_ = 0;
  std::unordered_map<config::ServicePortName, Known> known_;
  /// Removed, but with connections when last looked at.
  std::vector<config::ServicePortName> removed_;
  std::size_t sctp_ports_ = 0;
};

}  // namespace ferry::proxy
