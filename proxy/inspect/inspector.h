#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "config/service_join.h"
#include "proxy/admin/routes.h"
#include "proxy/dataplane/dataplane.h"
#include "proxy/inspect/json_parts.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// What the rest of the daemon knows. Each is called on the admin thread.
struct InspectorSources {
  /// Null: there is none. Outlives the inspector.
  const SteeringView* steering = nullptr;
  std::string version;
  std::string node;
  std::function<bool()> synced;
  std::function<bool()> healthy;
  /// The epoch: never.
  std::function<std::chrono::system_clock::time_point()> last_change;
  /// The arrays of /api/status.
  std::function<Json()> watches;
  std::function<Json()> files;
  /// Tells what the cluster says of a service, later and on any thread.
  std::function<void(const config::NamespacedName&, std::function<void(std::optional<config::ServiceDescription>)>)>
      describe;
};

/// Shows how the daemon stands: the API of docs/api.md. Keeps the histories that it tells of.
class Inspector {
 public:
  /// `loop` is the admin thread's. The loop and the dataplane outlive it.
  Inspector(boost::asio::io_context& loop, Dataplane& dataplane, InspectorSources sources);
  ~Inspector();
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  /// Begins with the histories. On the loop's thread, or before it runs.
  void start();
  /// Ends them, so that the loop may end.
  void stop();

  /// Adds the pages under /api/. `clients`: whether to tell who connects, asked for each request on the loop's thread.
  void add_to(Routes& routes, std::function<bool()> clients);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ferry::proxy
