#include "proxy/dataplane/flow.h"

#include <utility>

#include "proxy/dataplane/handed.h"

namespace ferry::proxy {

HandedFlow hand_over(Flow& flow, Flow::TimePoint now) {
  HandedFlow given;
  given.at = flow.service->socket->at;
  given.client = flow.client;
  given.choice = flow.choice;
  given.endpoint = flow.backend();
  given.idle = std::chrono::duration_cast<std::chrono::milliseconds>(now - flow.last);
  given.requests = flow.requests;
  given.answers = flow.answers;
  given.outstanding = flow.outstanding;
  if (flow.has_unanswered) given.unanswered.emplace(flow.unanswered.begin(), flow.unanswered.end());
  given.upstream = std::move(flow.upstream);
  return given;
}

void resume(Flow& flow, HandedFlow handed, DatagramService& service, Flow::TimePoint now) {
  flow.service = &service;
  flow.client = handed.client;
  flow.choice = handed.choice;
  flow.endpoint = &service.port->endpoint(handed.endpoint);
  flow.upstream = std::move(handed.upstream);
  flow.last = now - handed.idle;
  flow.requests = handed.requests;
  flow.answers = handed.answers;
  flow.outstanding = handed.outstanding;
  flow.has_unanswered = handed.unanswered.has_value();
  if (handed.unanswered) flow.unanswered.assign(handed.unanswered->begin(), handed.unanswered->end());
}

}  // namespace ferry::proxy
