#include "proxy/cli/top_model.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/decode.h"
#include "proxy/cli/service_tables.h"
#include "proxy/cli/top_view.h"

namespace ferry::cli {

namespace {

using Kind = KeyPress::Kind;
using View = TopState::View;

/// The title, the totals, what is listed, the headers, the keys.
constexpr std::size_t kLinesAround = 5;
constexpr std::size_t kLongestSearch = 64;
/// What the API gives at once, at most.
constexpr std::size_t kMostRows = 500;
constexpr unsigned kNotFound = 404;
constexpr std::ptrdiff_t kFar = std::numeric_limits<std::ptrdiff_t>::max() / 4;

constexpr std::array<std::pair<char, SortKey>, 9> kSortLetters{{{'n', SortKey::kName},
                                                                {'e', SortKey::kEndpoints},
                                                                {'x', SortKey::kEjected},
                                                                {'o', SortKey::kOpen},
                                                                {'c', SortKey::kConnections},
                                                                {'f', SortKey::kFailures},
                                                                {'b', SortKey::kBytes},
                                                                {'a', SortKey::kAccepted},
                                                                {'p', SortKey::kP99}}};

bool contains(std::string text, std::string part) {
  const auto lower = [](std::string& word) {
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  };
  lower(text);
  lower(part);
  return text.find(part) != std::string::npos;
}

/// The same that the API's own search matches.
bool matches(const ServicePort& service, const std::string& search) {
  return contains(full_name(service.namespace_name, service.name, service.port), search) ||
         std::any_of(service.addresses.begin(), service.addresses.end(),
                     [&search](const std::string& address) { return contains(address, search); });
}

/// Only the namespace's service ports that match, out of all that the API found by one text.
void narrow(ServiceList& list, const std::string& namespace_name, const std::string& search) {
  std::erase_if(list.items, [&](const ServicePort& service) {
    return service.namespace_name != namespace_name || !matches(service, search);
  });
  list.offset = 0;
  list.matched = list.items.size();
}

std::size_t moved(std::size_t from, std::ptrdiff_t by, std::size_t last) {
  const auto target = static_cast<std::ptrdiff_t>(from) + by;
  return target <= 0 ? 0 : std::min(static_cast<std::size_t>(target), last);
}

/// What a short screen shows of so many lines can begin here at the latest.
std::size_t last_offset(std::size_t lines, std::size_t rows) { return lines > rows ? lines - rows : 0; }

}  // namespace

std::size_t body_rows(const TopState& state) {
  return std::clamp<std::size_t>(state.rows > kLinesAround ? state.rows - kLinesAround : 1, 1, kMostRows);
}

TopModel::TopModel(SortKey sort, std::string namespace_name) {
  state_.sort = sort;
  state_.namespace_name = std::move(namespace_name);
}

std::string TopModel::target() const {
  if (state_.view == View::kService) return target_of(state_.chosen);
  const bool descending = descends_by_default(state_.sort) != state_.reversed;
  // The API knows no namespaces, but texts: of what one finds, a namespace's part is only known when all of it is here.
  const bool all = !state_.namespace_name.empty();
  const std::string query = all ? state_.namespace_name + "/" : state_.search;
  std::string target =
      fmt::format("/api/services?sort={}&order={}&offset={}&limit={}", name_of(state_.sort),
                  descending ? "desc" : "asc", all ? 0 : state_.offset, all ? kMostRows : body_rows(state_));
  if (!query.empty()) target += "&q=" + percent_encoded(query);
  return target;
}

TopModel::Wish TopModel::press(KeyPress key) {
  if (key.kind == Kind::kInterrupt) return Wish::kQuit;
  if (key.kind == Kind::kSuspend) return Wish::kSuspend;
  if (key.kind == Kind::kRedraw) return Wish::kDraw;
  if (state_.help) return press_in_help(key);
  if (state_.searching) return press_in_search(key);
  const auto page = static_cast<std::ptrdiff_t>(body_rows(state_));
  switch (key.kind) {
    case Kind::kCharacter:
      return press_character(key.character);
    case Kind::kUp:
      return move(-1);
    case Kind::kDown:
      return move(1);
    case Kind::kPageUp:
      return move(-page);
    case Kind::kPageDown:
      return move(page);
    case Kind::kHome:
      return move(-kFar);
    case Kind::kEnd:
      return move(kFar);
    case Kind::kLeft:
      return move_sort(-1);
    case Kind::kRight:
      return move_sort(1);
    case Kind::kEnter:
      return enter();
    case Kind::kEscape:
    case Kind::kBackspace:
      return go_back();
    default:
      return Wish::kNothing;
  }
}

TopModel::Wish TopModel::press_in_help(KeyPress key) {
  if (key.kind == Kind::kCharacter && key.character == 'q') return Wish::kQuit;
  const bool closes = key.kind == Kind::kEscape || key.kind == Kind::kEnter || key.kind == Kind::kBackspace ||
                      key.character == 'h' || key.character == '?';
  if (!closes) return Wish::kNothing;
  state_.help = false;
  return Wish::kDraw;
}

TopModel::Wish TopModel::press_in_search(KeyPress key) {
  switch (key.kind) {
    case Kind::kCharacter:
      if (state_.search.size() == kLongestSearch) return Wish::kNothing;
      state_.search += key.character;
      return begin_again();
    case Kind::kBackspace:
      if (state_.search.empty()) {
        state_.searching = false;
        return Wish::kDraw;
      }
      state_.search.pop_back();
      return begin_again();
    case Kind::kEnter:
      state_.searching = false;
      return Wish::kDraw;
    case Kind::kEscape:
      state_.searching = false;
      state_.search.clear();
      return begin_again();
    default:
      return Wish::kNothing;
  }
}

TopModel::Wish TopModel::press_character(char character) {
  switch (character) {
    case 'q':
      return Wish::kQuit;
    case 'j':
      return move(1);
    case 'k':
      return move(-1);
    case 'g':
      return move(-kFar);
    case 'G':
      return move(kFar);
    case '<':
      return move_sort(-1);
    case '>':
      return move_sort(1);
    case 'h':
    case '?':
      state_.help = true;
      return Wish::kDraw;
    case ' ':
      state_.paused = !state_.paused;
      return state_.paused ? Wish::kDraw : Wish::kAsk;
    default:
      break;
  }
  if (state_.view != View::kList) return Wish::kNothing;
  if (character == '/') {
    state_.searching = true;
    return Wish::kDraw;
  }
  if (character == 'r') {
    state_.reversed = !state_.reversed;
    return begin_again();
  }
  for (const auto& [letter, key] : kSortLetters) {
    if (letter == character) return sort_by(key);
  }
  return Wish::kNothing;
}

TopModel::Wish TopModel::sort_by(SortKey key) {
  if (state_.sort == key) return Wish::kNothing;
  state_.sort = key;
  state_.reversed = false;
  return begin_again();
}

TopModel::Wish TopModel::move_sort(int steps) {
  if (state_.view != View::kList) return Wish::kNothing;
  const int last = static_cast<int>(kSortKeys.size()) - 1;
  const int place = std::clamp(static_cast<int>(state_.sort) + steps, 0, last);
  return sort_by(kSortKeys.at(static_cast<std::size_t>(place)));
}

TopModel::Wish TopModel::begin_again() {
  state_.offset = 0;
  state_.selected = 0;
  return Wish::kAsk;
}

TopModel::Wish TopModel::move(std::ptrdiff_t lines) {
  if (state_.view == View::kList) {
    return select(moved(state_.selected, lines, state_.list.matched == 0 ? 0 : state_.list.matched - 1));
  }
  const std::size_t last = last_offset(detail_lines(state_).size(), body_rows(state_));
  const std::size_t before = std::exchange(state_.detail_offset, moved(state_.detail_offset, lines, last));
  return state_.detail_offset == before ? Wish::kNothing : Wish::kDraw;
}

TopModel::Wish TopModel::select(std::size_t index) {
  const std::size_t before = state_.offset;
  state_.selected = index;
  state_.offset = std::min(state_.offset, index);
  if (index >= state_.offset + body_rows(state_)) state_.offset = index + 1 - body_rows(state_);
  return state_.offset == before ? Wish::kDraw : Wish::kAsk;
}

TopModel::Wish TopModel::enter() {
  const ServiceList& list = state_.list;
  const bool in_hand = state_.selected >= list.offset && state_.selected - list.offset < list.items.size();
  if (state_.view != View::kList || !in_hand) return Wish::kNothing;
  const ServicePort& row = list.items[state_.selected - list.offset];
  state_.chosen = {row.namespace_name, row.name};
  state_.detail.reset();
  state_.detail_offset = 0;
  state_.view = View::kService;
  return Wish::kAsk;
}

TopModel::Wish TopModel::go_back() {
  if (state_.view != View::kList) {
    state_.view = View::kList;
    return Wish::kAsk;
  }
  if (state_.search.empty()) return Wish::kNothing;
  state_.search.clear();
  return begin_again();
}

TopModel::Wish TopModel::resize(std::size_t columns, std::size_t rows) {
  if (columns == state_.columns && rows == state_.rows) return Wish::kDraw;
  state_.columns = columns;
  state_.rows = rows;
  select(state_.selected);
  state_.detail_offset = std::min(state_.detail_offset, last_offset(detail_lines(state_).size(), body_rows(state_)));
  return Wish::kAsk;
}

TopModel::Wish TopModel::take(const std::string& target, const Answer& status, const Answer& view) {
  if (const auto* const error = std::get_if<AskError>(&status)) {
    state_.trouble = error->sentence;
    return Wish::kDraw;
  }
  state_.status = decode_status(std::get<Json>(status));
  state_.trouble.clear();
  if (target != this->target()) return Wish::kDraw;
  take_view(view);
  // What is no longer there cannot be selected; the rows before it are then to be asked for.
  if (state_.view == View::kService) return Wish::kDraw;
  const std::uint64_t matched = state_.list.matched;
  const std::size_t last_first = last_offset(matched, body_rows(state_));
  const bool beyond = state_.offset > last_first;
  state_.offset = std::min(state_.offset, last_first);
  state_.selected = std::min<std::size_t>(state_.selected, matched == 0 ? 0 : matched - 1);
  return beyond ? Wish::kAsk : Wish::kDraw;
}

void TopModel::take_view(const Answer& view) {
  if (const auto* const error = std::get_if<AskError>(&view)) {
    const bool gone = state_.view == View::kService && error->status == kNotFound;
    if (gone) state_.detail = ServiceDetail{state_.chosen.namespace_name, state_.chosen.name, {}};
    state_.trouble = gone ? std::string() : error->sentence;
    return;
  }
  const Json& json = std::get<Json>(view);
  if (state_.view == View::kService) {
    state_.detail = decode_service_detail(json);
    return;
  }
  state_.list = decode_service_list(json);
  if (!state_.namespace_name.empty()) narrow(state_.list, state_.namespace_name, state_.search);
}

}  // namespace ferry::cli
