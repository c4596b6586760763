#include "proxy/cli/top_model.h"

#include <algorithm>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/decode.h"
#include "proxy/cli/top_view.h"

namespace ferry::cli {

namespace {

using View = TopState::View;

/// The title, the totals, what is listed, the headers, the keys.
constexpr std::size_t kLinesAround = 5;
/// What the API gives at once, at most.
constexpr std::size_t kMostRows = 500;
/// More than there are anywhere; places in the list are counted with signs.
constexpr std::uint64_t kMostServices = 1'000'000'000;

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
    const bool gone = state_.view == View::kService && error->is_not_found();
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
  state_.list.matched = std::min(state_.list.matched, kMostServices);
  if (!state_.namespace_name.empty()) keep_only(state_.list, {state_.search, state_.namespace_name});
}

}  // namespace ferry::cli
