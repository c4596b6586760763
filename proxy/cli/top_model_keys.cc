#include <array>
#include <cstddef>
#include <limits>
#include <utility>

#include "proxy/cli/top_model.h"

// What each key means to TopModel; what that changes is in top_model.cc.
namespace ferry::cli {

namespace {

using Kind = KeyPress::Kind;
using View = TopState::View;

constexpr std::size_t kLongestSearch = 64;
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

}  // namespace

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

}  // namespace ferry::cli
