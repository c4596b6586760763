#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "proxy/cli/admin_client.h"
#include "proxy/cli/api.h"
#include "proxy/cli/keys.h"
#include "proxy/cli/service_list.h"
#include "proxy/cli/service_sort.h"

namespace ferry::cli {

/// Everything that top shows depends on.
struct TopState {
  enum class View : std::uint8_t { kList, kService };

  /// The terminal's size.
  std::size_t columns = 80;
  std::size_t rows = 24;

  View view = View::kList;
  /// The keys are shown in its place.
  bool help = false;
  SortKey sort = SortKey::kConnections;
  /// Against the key's default order.
  bool reversed = false;
  /// Nothing else than this namespace; empty: all.
  std::string namespace_name;
  /// Nothing else than what contains this text; empty: all.
  std::string search;
  /// Characters go to the search.
  bool searching = false;
  bool paused = false;

  /// Among all services that match: the first one on the screen, and the one that Enter shows.
  std::size_t offset = 0;
  std::size_t selected = 0;

  /// The service that is shown, its state once there is one, and the first of its lines on the screen.
  ServiceName chosen;
  std::optional<ServiceDetail> detail;
  std::size_t detail_offset = 0;

  /// What was last heard. Within a namespace the list is all of it, else a part that begins where `offset` was.
  std::optional<Status> status;
  ServiceList list;
  /// Why nothing is heard now, in one sentence; empty while it is.
  std::string trouble;

  friend bool operator==(const TopState&, const TopState&) = default;
};

/// Lines on the screen for services, or for a service's endpoints; at least one.
std::size_t body_rows(const TopState& state);

/// What top does about a key, a size or an answer: decisions alone, without a terminal or a socket.
class TopModel {
 public:
  enum class Wish : std::uint8_t {
    kNothing,
    kDraw,
    /// Draw, and ask for target() without waiting for the next interval.
    kAsk,
    kSuspend,
    kQuit
  };

  TopModel(SortKey sort, std::string namespace_name);

  Wish press(KeyPress key);
  Wish resize(std::size_t columns, std::size_t rows);

  /// What is to be asked for beside /api/status.
  std::string target() const;
  /// The answers to /api/status and to `target`, which counts only if it is still what is to be asked for.
  Wish take(const std::string& target, const Answer& status, const Answer& view);

  const TopState& state() const { return state_; }

 private:
  Wish press_in_help(KeyPress key);
  Wish press_in_search(KeyPress key);
  Wish press_character(char character);
  Wish sort_by(SortKey key);
  Wish move_sort(int steps);
  Wish begin_again();
  Wish move(std::ptrdiff_t lines);
  Wish select(std::size_t index);
  Wish enter();
  Wish go_back();
  void take_view(const Answer& view);

  TopState state_;
};

}  // namespace ferry::cli
