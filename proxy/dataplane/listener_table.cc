#include "proxy/dataplane/listener_table.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace ferry::proxy {

namespace {

std::string reason_text(int error) { return std::generic_category().message(error); }

}  // namespace

ListenerTable::ListenerTable(const DataplaneOptions& options, Capture& capture, std::shared_ptr<spdlog::logger> logger)
    : options_(options), capture_(capture), logger_(std::move(logger)), begun_(!options.heir) {}

void ListenerTable::claim(const Frontend& frontend, const std::shared_ptr<ServedPort>& port) {
  const ListenAddress& at = frontend.at;
  Slot& slot = slots_[at];
  touched_.push_back(at);
  auto rules = std::make_shared<const Frontend>(frontend);
  const auto found =
      std::find_if(slot.claims.begin(), slot.claims.end(), [&](const Claim& claim) { return claim.port == port; });
  if (found != slot.claims.end()) {
    found->frontend = std::move(rules);
    return;
  }
  slot.claims.push_back(Claim{port, std::move(rules)});
  if (slot.claims.size() > 1) {
    logger_->warn("{} is not served at {}: {} has claimed that address and port before", port->name()->to_string(),
                  to_string(at), slot.claims.front().port->name()->to_string());
  }
}

void ListenerTable::release(const ListenAddress& at, const ServedPort& port) {
  const auto found = slots_.find(at);
  if (found == slots_.end()) {
    return;
  }
  std::vector<Claim>& claims = found->second.claims;
  claims.erase(std::remove_if(claims.begin(), claims.end(), [&](const Claim& c) { return c.port.get() == &port; }),
               claims.end());
  touched_.push_back(at);
}

void ListenerTable::settle(TimePoint now, Commands& commands) {
  if (!begun_) return;
  for (const ListenAddress& at : std::exchange(touched_, {})) {
    settle_one(at, now, commands);
  }
}

void ListenerTable::closed(const ListenAddress& at, TimePoint now, Commands& commands) {
  if (const auto found = slots_.find(at); found != slots_.end() && found->second.closing) {
    found->second.closing = false;
    --closing_count_;
    settle_one(at, now, commands);
  }
}

void ListenerTable::retry(TimePoint now, Commands& commands) {
  const std::set<ListenAddress> troubled = troubled_;
  for (const ListenAddress& at : troubled) {
    if (const Slot& slot = slots_.at(at); slot.error != 0 && slot.retry_at <= now) {
      settle_one(at, now, commands);
    }
  }
}

std::optional<ListenerTable::TimePoint> ListenerTable::next_retry() const {
  std::optional<TimePoint> next;
  for (const ListenAddress& at : troubled_) {
    if (const Slot& slot = slots_.at(at); slot.error != 0 && (!next || slot.retry_at < *next)) {
      next = slot.retry_at;
    }
  }
  return next;
}

void ListenerTable::stop(Commands& commands) {
  stopped_ = true;
  troubled_.clear();
  for (auto& [at, slot] : slots_) {
    slot.error = 0;
    if (slot.socket && at.protocol == config::Protocol::kTcp) {
      close_socket(slot, commands);
    }
  }
}

std::vector<HandedSocket> ListenerTable::bequeath() const {
  std::vector<HandedSocket> sockets;
  for (const auto& [at, slot] : slots_) {
    if (slot.socket && slot.socket->fd) {
      sockets.push_back({HandedSocket::Kind::kAddress, at, duplicate(slot.socket->fd.get())});
    }
  }
  return sockets;
}

std::shared_ptr<ListenSocket> ListenerTable::socket_at(const ListenAddress& at) const {
  const auto found = slots_.find(at);
  return found != slots_.end() ? found->second.socket : nullptr;
}

void ListenerTable::leave_streams() {
  stopped_ = true;
  troubled_.clear();
  for (auto& [at, slot] : slots_) {
    slot.error = 0;
    if (slot.socket && at.protocol == config::Protocol::kTcp) {
      slot.socket.reset();
      --open_count_;
    }
  }
}

void ListenerTable::abandon() {
  stopped_ = true;
  for (auto& [at, slot] : slots_) {
    if (slot.socket) {
      slot.socket->fd.reset();
      slot.socket.reset();
    }
  }
  slots_.clear();
  troubled_.clear();
  open_count_ = closing_count_ = 0;
}

std::vector<UnservedAddress> ListenerTable::unserved() const {
  std::vector<UnservedAddress> unserved;
  for (const ListenAddress& at : troubled_) {
    const Slot& slot = slots_.at(at);
    const std::string holder = slot.claims.front().port->name()->to_string();
    for (const Claim& claim : slot.claims) {
      const bool first = &claim == &slot.claims.front();
      if (first && slot.error == 0) {
        continue;
      }
      unserved.push_back(UnservedAddress{*claim.port->name(), at.address, at.port,
                                         first ? reason_text(slot.error) : "claimed by " + holder + " before"});
    }
  }
  return unserved;
}

void ListenerTable::settle_one(const ListenAddress& at, TimePoint now, Commands& commands) {
  const auto found = slots_.find(at);
  if (found == slots_.end()) {
    return;
  }
  Slot& slot = found->second;
  const bool may_open = !stopped_ || (slot.socket && at.protocol == config::Protocol::kUdp);
  const bool wanted = may_open && !slot.claims.empty() && !slot.claims.front().frontend->refused;
  if (!slot.claims.empty() && slot.claims.front().frontend->whole_address && !slot.owned) {
    slot.owned = true;
    capture_.own(at.address);
  }
  if (!wanted) {
    slot.error = 0;
    slot.back_off = std::chrono::milliseconds{0};
    if (slot.socket) {
      close_socket(slot, commands);
    } else if (!slot.claims.empty() && !slot.closing) {
      capture_.refuse(at, -1);
    }
  } else if (!slot.socket && !slot.closing) {
    open_socket(at, slot, now, commands);
  } else if (slot.socket) {
    redirect_socket(slot, commands);
  }
  note_trouble(at, slot);
  if (slot.claims.empty() && !slot.closing) {
    let_go_of(at, slot);
    slots_.erase(found);
  }
}

void ListenerTable::open_socket(const ListenAddress& at, Slot& slot, TimePoint now, Commands& commands) {
  const Claim& claim = slot.claims.front();
  SocketResult opened = capture_.open(at, claim.frontend->admission);
  if (opened.error != 0) {
    note_failure(at, slot, opened.error, now);
    return;
  }
  const std::shared_ptr<ServedPort>& port = claim.port;
  if (slot.error != 0) {
    logger_->info("{} is served at {} now", port->name()->to_string(), to_string(at));
  }
  slot.error = 0;
  slot.back_off = std::chrono::milliseconds{0};
  slot.target = port.get();
  slot.frontend = claim.frontend;
  slot.socket = std::make_shared<ListenSocket>();
  slot.socket->at = at;
  slot.socket->fd = std::move(opened.fd);
  slot.socket->watchers = options_.workers;
  slot.socket->owner = next_owner_;
  if (at.protocol == config::Protocol::kUdp) {
    slot.socket->answers = capture_.answer_socket(next_owner_, at.address.family());
    next_owner_ = (next_owner_ + 1) % options_.workers;
  }
  ++open_count_;
  if (options_.keeper != nullptr && slot.socket->fd) options_.keeper->keep(at, slot.socket->fd.get());
  commands.push_back(Listen{slot.socket, port, claim.frontend});
}

void ListenerTable::redirect_socket(Slot& slot, Commands& commands) {
  const Claim& claim = slot.claims.front();
  if (slot.target == claim.port.get() && *slot.frontend == *claim.frontend) {
    return;
  }
  if (slot.frontend->admission != claim.frontend->admission) {
    admit(slot, claim.frontend->admission);
  }
  slot.target = claim.port.get();
  slot.frontend = claim.frontend;
  commands.push_back(Listen{slot.socket, claim.port, claim.frontend});
}

void ListenerTable::admit(const Slot& slot, const Admission& admission) {
  const ListenAddress& at = slot.socket->at;
  const int fd = slot.socket->fd.get();
  const int error = capture_.admit(at, fd, admission);
  if (error == 0) {
    return;
  }
  logger_->warn("{}: the kernel does not take the {} ranges of those who may connect ({}); nobody may", to_string(at),
                admission.sources.size(), reason_text(error));
  static_cast<void>(capture_.admit(at, fd, Admission{false, {}}));
}

void ListenerTable::close_socket(Slot& slot, Commands& commands) {
  if (options_.keeper != nullptr && slot.socket->fd) options_.keeper->forget(slot.socket->at);
  capture_.refuse(slot.socket->at, slot.socket->fd.get());
  --open_count_;
  ++closing_count_;
  slot.closing = true;
  slot.target = nullptr;
  slot.frontend = nullptr;
  commands.push_back(Unlisten{std::exchange(slot.socket, nullptr)});
}

void ListenerTable::let_go_of(const ListenAddress& at, Slot& slot) {
  capture_.release(at);
  if (std::exchange(slot.owned, false)) capture_.let_go(at.address);
}

void ListenerTable::note_failure(const ListenAddress& at, Slot& slot, int error, TimePoint now) {
  ++failures_;
  if (slot.error != error) {
    logger_->warn("{} is not served at {}: {}; trying again", slot.claims.front().port->name()->to_string(),
                  to_string(at), reason_text(error));
  }
  slot.error = error;
  slot.back_off = slot.back_off == std::chrono::milliseconds{0} ? options_.bind_retry_min
                                                                : std::min(2 * slot.back_off, options_.bind_retry_max);
  slot.retry_at = now + slot.back_off;
}

void ListenerTable::note_trouble(const ListenAddress& at, const Slot& slot) {
  if (slot.error != 0 || slot.claims.size() > 1) {
    troubled_.insert(at);
  } else {
    troubled_.erase(at);
  }
}

}  // namespace ferry::proxy
