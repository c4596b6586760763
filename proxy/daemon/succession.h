#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "proxy/admin/admin_server.h"
#include "proxy/admin/health_check_server.h"
#include "proxy/dataplane/dataplane.h"
#include "proxy/handover/heir.h"
#include "proxy/handover/kept_sockets.h"
#include "proxy/handover/predecessor.h"
#include "proxy/handover/successor.h"
#include "proxy/handover/takeover_server.h"
#include "proxy/host/service_manager.h"
#include "proxy/options/options.h"

namespace ferry::proxy {

/// What was there before this process.
struct Before {
  /// Whose place it takes, if anybody's; until it knows what there is to serve, that one goes on.
  std::optional<Predecessor> predecessor{};
  /// --takeover-socket is somebody's who does not let his place be taken, and stays so.
  bool refused = false;
  /// What the service manager has kept of a process that ended.
  KeptSockets::Left kept{};
};

/// Who served before this process, and who does after it: takes up what was handed over or kept, has the service
/// manager keep it, starts a process to take this one's place, and hands everything over to whoever does. For the
/// control thread.
class Succession {
 public:
  struct Callbacks {
    /// The sockets of pages that another process had are known: this one's may be opened.
    std::function<void()> serve_pages;
    /// What was taken up is served.
    std::function<void()> serving;
    /// Another process serves; it has this number.
    std::function<void(int pid)> replaced;
    /// Nothing can be served.
    std::function<void(std::exception_ptr)> failed;
  };

  /// What everything references outlives it. `options`: as they were at the start.
  Succession(boost::asio::io_context& control, const Options& options, Invocation invocation, Before before,
             const ServiceManager& manager);

  /// Sets what a dataplane must know of it from the start.
  void settle(DataplaneOptions& options);
  /// Before anything is opened.
  void attach(Dataplane& dataplane, AdminServer& admin, HealthCheckServer& health_checks, Callbacks callbacks);

  /// Pages are opened by Callbacks::serve_pages alone.
  bool has_predecessor() const { return heir_.has_value(); }
  /// Nothing is served until who served before was heard, or what he left is taken up.
  bool waits() const { return (heir_ || !kept_.empty()) && !serving_; }
  /// Nobody was there before: this process serves from the start on.
  void serve_as_the_first();
  /// Everything is known that is to be served here: whoever served it so far may hand it over. Once.
  void begin();
  bool serving() const { return serving_; }

  /// Starts a process to take this one's place. Throws std::runtime_error with a sentence when that cannot be.
  void start_successor();
  /// The one that was started last; null: none was.
  const Successor* successor() const { return successor_ ? &*successor_ : nullptr; }
  /// This process is to end, and with it one that it has started and that does not serve yet.
  void dismiss_successor();
  /// Somebody is about to take this one's place, whoever started him.
  bool has_heir() const { return server_ && server_->has_heir(); }
  bool replaced() const { return replaced_; }
  /// After Callbacks::replaced (TakeoverServer::give_connections).
  void give_connections(std::chrono::steady_clock::time_point deadline, std::function<void(std::size_t left)> done);

  /// Nobody may take this process's place any more.
  void close();
  /// Ends what is under way.
  void stop();

 private:
  void take_up_kept();
  /// From now on the service manager keeps what this process opens.
  void keep_sockets();
  void begin_serving();
  void let_others_take_over();
  void copy_pages(std::function<void(std::vector<UniqueFd>)> tell);
  void give_way();
  void note_end();

  boost::asio::io_context& control_;
  const Options& options_;
  const Invocation invocation_;
  const ServiceManager& manager_;
  std::optional<Predecessor> predecessor_;
  const bool socket_is_ours_;
  /// Until it is taken up.
  KeptSockets::Left kept_;
  KeptSockets keeper_;
  std::shared_ptr<InheritedListeners> pages_ = std::make_shared<InheritedListeners>();

  Dataplane* dataplane_ = nullptr;
  AdminServer* admin_ = nullptr;
  HealthCheckServer* health_checks_ = nullptr;
  Callbacks callbacks_;

  std::optional<Heir> heir_;
  std::optional<TakeoverServer> server_;
  std::optional<Successor> successor_;
  bool began_ = false;
  bool serving_ = false;
  bool replaced_ = false;
};

}  // namespace ferry::proxy
