#include "proxy/cli/screen.h"

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include <poll.h>
#include <spdlog/fmt/fmt.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "proxy/cli/text.h"

namespace ferry::cli {

namespace {

using Style = ScreenLine::Style;

// xterm's alternate screen, the cursor hidden, no wrapping at the right edge.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

std::string_view sgr(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kTitle:
      return "\x1b[1m";
    case Style::kHeader:
      return "\x1b[1;4m";
    case Style::kSelected:
      return "\x1b[7m";
    case Style::kAlarm:
      return "\x1b[31m";
    case Style::kDim:
      return "\x1b[2m";
  }
  return "";
}

/// 0 or an errno. A terminal that another process made non-blocking is waited for.
int write_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd ready{fd, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

[[noreturn]] void fail(int error) { throw std::system_error(error, std::generic_category(), "the terminal"); }

}  // namespace

Screen::Screen(int keys, int output) : keys_(keys), output_(output) { enter(); }

Screen::~Screen() { leave(); }

void Screen::enter() {
  if (entered_) return;
  if (tcgetattr(keys_, &before_) != 0) fail(errno);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  if (tcsetattr(keys_, TCSADRAIN, &raw) != 0) fail(errno);
  entered_ = true;
  if (const int error = write_all(output_, kEnter)) fail(error);
}

void Screen::leave() noexcept {
  if (!entered_) return;
  entered_ = false;
  write_all(output_, kLeave);
  tcsetattr(keys_, TCSADRAIN, &before_);
}

Screen::Size Screen::size() const {
  winsize window{};
  // A terminal that does not know its size says zero.
  if (ioctl(output_, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0) return {};
  return {window.ws_col, window.ws_row};
}

void Screen::show(const std::vector<ScreenLine>& lines) const {
  const std::size_t columns = size().columns;
  std::string bytes;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    bytes += fmt::format("\x1b[{};1H{}{}\x1b[0m", i + 1, sgr(lines[i].style), lines[i].text);
    // After the last column the cursor stands upon it: erasing from there would take the last character away.
    if (columns_of(lines[i].text) < columns) bytes += "\x1b[K";
  }
  if (const int error = write_all(output_, bytes)) fail(error);
}

}  // namespace ferry::cli
