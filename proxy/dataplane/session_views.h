#pragma once

#include <chrono>
#include <memory>

#include "proxy/dataplane/connection_record.h"
#include "proxy/dataplane/handed.h"
#include "proxy/dataplane/session.h"
#include "proxy/relay/relay_resources.h"

namespace ferry::proxy {

/// What those who look are told of a session.
ConnectionRecord record_of(const Session& session, std::chrono::steady_clock::time_point now);

/// Everything by which another process goes on with a session, its sockets among it, which nobody must watch any more.
HandedConnection hand_over(Session& session, std::chrono::steady_clock::time_point now);
/// Makes a new session what it was in the process that handed it over. Nothing is watched yet.
void resume(Session& session, HandedConnection handed, const std::shared_ptr<WorkerPort>& port,
            RelayResources& resources, std::chrono::steady_clock::time_point now);

}  // namespace ferry::proxy
