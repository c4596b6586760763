#pragma once

#include <cstddef>
#include <vector>

#include <termios.h>

#include "proxy/cli/top_view.h"

namespace ferry::cli {

/// The terminal as a full screen: keys come one by one and unseen, the cursor is hidden, what stood there before is put
/// aside. All of it is given back by leave() or the destructor. Throws std::system_error where the terminal refuses.
class Screen {
 public:
  struct Size {
    std::size_t columns = 80;
    std::size_t rows = 24;
  };

  /// `keys` is the terminal, open for reading, and `output` the same one for writing; both outlive this.
  Screen(int keys, int output);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void enter();
  void leave() noexcept;
  Size size() const;
  /// As many lines as the screen has rows, none wider than its columns.
  void show(const std::vector<ScreenLine>& lines) const;

 private:
  int keys_;
  int output_;
  bool entered_ = false;
  termios before_{};
};

}  // namespace ferry::cli
