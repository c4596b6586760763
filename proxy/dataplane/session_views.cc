#include "proxy/dataplane/session_views.h"

#include <utility>

#include <sys/socket.h>

namespace ferry::proxy {

namespace {

using std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;

Peer local_address(int fd) {
  sockaddr_storage local{};
  socklen_t size = sizeof(local);
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) == 0 ? peer_of(local) : Peer{};
}

ConnectionState state_of(const Session& session) {
  if (!session.dialling) return session.half_closed ? ConnectionState::kHalfClosed : ConnectionState::kCarried;
  return session.dialling->awaits_place ? ConnectionState::kWaiting : ConnectionState::kDialling;
}

}  // namespace

ConnectionRecord record_of(const Session& session, TimePoint now) {
  ConnectionRecord record;
  record.service = session.port->shared->name();
  record.client = session.peer;
  record.address = local_address(session.client.fd.get());
  if (session.endpoint != nullptr) record.endpoint = session.endpoint->record->endpoint;
  record.state = state_of(session);
  record.attempts = session.attempts;
  record.bytes_to_backend = session.bytes_to_backend;
  record.bytes_to_client = session.bytes_to_client;
  record.age = std::chrono::duration_cast<milliseconds>(now - session.accepted);
  record.idle = std::chrono::duration_cast<milliseconds>(now - session.active);
  record.worker = session.port->worker;
  return record;
}

HandedConnection hand_over(Session& session, TimePoint now) {
  HandedConnection given;
  given.port = *session.port->shared->name();
  given.endpoint = session.endpoint->record->endpoint;
  given.choice = session.choice;
  given.peer = session.peer;
  given.age = std::chrono::duration_cast<milliseconds>(now - session.accepted);
  given.connected = std::chrono::duration_cast<milliseconds>(now - session.since);
  given.idle = std::chrono::duration_cast<milliseconds>(now - session.active);
  given.bytes_to_backend = session.bytes_to_backend;
  given.bytes_to_client = session.bytes_to_client;
  given.attempts = session.attempts;
  given.half_closed = session.half_closed;
  given.backend_told = session.backend_told;
  given.client_told = session.client_told;
  given.unanswered = session.unanswered;
  given.to_backend = session.to_backend.pending();
  given.to_client = session.to_client.pending();
  given.client = std::move(session.client.fd);
  given.backend = std::move(session.backend.fd);
  return given;
}

void resume(Session& session, HandedConnection handed, const std::shared_ptr<WorkerPort>& port,
            RelayResources& resources, TimePoint now) {
  session.client.fd = std::move(handed.client);
  session.backend.fd = std::move(handed.backend);
  session.port = port;
  session.peer = handed.peer;
  session.choice = handed.choice;
  session.accepted = now - handed.age;
  session.since = now - handed.connected;
  session.active = now - handed.idle;
  session.bytes_to_backend = handed.bytes_to_backend;
  session.bytes_to_client = handed.bytes_to_client;
  session.attempts = handed.attempts;
  session.half_closed = handed.half_closed;
  session.backend_told = handed.backend_told;
  session.client_told = handed.client_told;
  session.unanswered = handed.unanswered;
  session.to_backend.resume(handed.to_backend, resources);
  session.to_client.resume(handed.to_client, resources);
  session.endpoint = &port->endpoint(handed.endpoint);
  session.endpoint->try_open(0);
  session.check.heard_client = session.check.heard_backend = true;
}

}  // namespace ferry::proxy
