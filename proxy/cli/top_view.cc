#include "proxy/cli/top_view.h"

#include <algorithm>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/list_columns.h"
#include "proxy/cli/service_tables.h"
#include "proxy/cli/text.h"
#include "proxy/cli/units.h"

namespace ferry::cli {

namespace {

using Style = ScreenLine::Style;
using View = TopState::View;

constexpr const char* kListKeys = "q quit  / search  < > sort  r reverse  Enter endpoints  space pause  h help";
constexpr const char* kServiceKeys = "q quit  Esc back  arrows scroll  space pause  h help";
constexpr const char* kHelpKeys = "q quit  Esc back";

std::string title(const TopState& state) {
  if (!state.status) return "kube-ferry top";
  const Status& status = *state.status;
  std::string text = fmt::format("kube-ferry top - {}, {}", status.node, status.version);
  if (status.uptime) text += ", up " + human_duration(*status.uptime);
  text += status.synced ? ", synced" : ", NOT SYNCED";
  if (!status.healthy) text += ", NOT HEALTHY";
  return text;
}

std::string order_words(const TopState& state) {
  const bool descending = descends_by_default(state.sort) != state.reversed;
  if (state.sort == SortKey::kName) return descending ? "from Z to A" : "from A to Z";
  return descending ? "largest first" : "smallest first";
}

std::string list_words(const TopState& state) {
  if (state.searching) return fmt::format("search: {}_", state.search);
  const ServiceList& list = state.list;
  std::string text = list.matched == list.total ? fmt::format("{} service ports", list.total)
                                                : fmt::format("{} of {} service ports", list.matched, list.total);
  if (!state.namespace_name.empty()) text += fmt::format(" in {}", printable(state.namespace_name));
  if (!state.search.empty()) text += fmt::format(" with '{}'", state.search);
  return text + fmt::format(", by {}, {}", name_of(state.sort), order_words(state));
}

/// The third line: what is wrong, or what is shown.
ScreenLine state_line(const TopState& state) {
  if (!state.trouble.empty()) return {fmt::format("trying again: {}", state.trouble), Style::kAlarm};
  std::string text = state.view == View::kList
                         ? list_words(state)
                         : printable(full_name(state.chosen.namespace_name, state.chosen.name, ""));
  if (state.paused) text += ", PAUSED";
  return {std::move(text), Style::kPlain};
}

Style row_style(const TopState& state, std::size_t index, const ServicePort& service) {
  if (index == state.selected) return Style::kSelected;
  const bool failing = service.rates.failures > 0 || service.endpoints_ejected > 0;
  if (failing && !service.removed) return Style::kAlarm;
  return service.removed || service.endpoints_used == 0 ? Style::kDim : Style::kPlain;
}

void add_list(const TopState& state, std::vector<ScreenLine>& lines) {
  const ListColumns columns(state.columns, state.sort);
  lines.push_back({columns.header(), Style::kHeader});
  const ServiceList& list = state.list;
  for (std::size_t i = 0; i < body_rows(state); ++i) {
    const std::size_t index = state.offset + i;
    // Rows that have just been scrolled to come with the next answer.
    const bool in_hand = index >= list.offset && index - list.offset < list.items.size();
    if (!in_hand) {
      lines.emplace_back();
      continue;
    }
    const ServicePort& service = list.items[index - list.offset];
    lines.push_back({columns.row(service), row_style(state, index, service)});
  }
}

Style endpoint_style(const Endpoint& endpoint) {
  if (endpoint.state == "ejected") return Style::kAlarm;
  return endpoint.state == "used" ? Style::kPlain : Style::kDim;
}

void add_port(const PortDetail& port, std::size_t width, std::vector<ScreenLine>& lines) {
  const auto add = [&](const std::string& text, Style style) { lines.push_back({clipped(text, width), style}); };
  const ServicePort& summary = port.summary;
  add(fmt::format("{}  {}  {}", port_words(summary), fmt::join(summary.addresses, ", "), summary.load_balancing),
      Style::kTitle);
  add(fmt::format("open {}  conn/s {}  fail/s {}  bytes/s {}  p99 {}", summary.connections.open,
                  human_rate(summary.rates.connections), human_rate(summary.rates.failures),
                  human_bytes(summary.rates.bytes()), human_latency(summary.connect.p99)),
      Style::kPlain);
  for (const std::string& words : port.words) add(words, Style::kPlain);
  for (const Setting& setting : port.settings) {
    if (!setting.error.empty()) add(fmt::format("{}: {}", setting.key, setting.error), Style::kAlarm);
  }
  const EndpointColumns columns(port.endpoints, width);
  add(columns.header(), Style::kHeader);
  for (const Endpoint& endpoint : port.endpoints) {
    add(columns.row(endpoint), endpoint_style(endpoint));
    if (!endpoint.why.empty()) add("  " + endpoint.why, endpoint_style(endpoint));
  }
}

void add_service(const TopState& state, std::vector<ScreenLine>& lines) {
  std::vector<ScreenLine> body = detail_lines(state);
  const std::size_t first = std::min(state.detail_offset, body.size());
  lines.emplace_back();
  for (std::size_t i = first; i < body.size() && i < first + body_rows(state); ++i) lines.push_back(std::move(body[i]));
}

constexpr const char* kHelp[] = {"up down j k   the service above or below; PgUp PgDn Home End g G: further",
                                 "Enter         its ports and endpoints; Esc or backspace: back",
                                 "< > or arrows sort by the column to the left or right",
                                 "n e x o       sort by name, endpoints, ejected, open connections",
                                 "c f b         sort by connections, failures, bytes, a second",
                                 "a p           sort by connections since the start, by p99 of connecting",
                                 "r             reverse the order",
                                 "/             search names and addresses; Enter: keep it, Esc: all again",
                                 "space         pause, and go on",
                                 "q Ctrl-C      quit",
                                 "",
                                 "ENDP 2/3: two of three endpoints in use take connections now. Rates are a",
                                 "second, over the last five; bytes in K, M, G of 1024. P99: how long 99 of",
                                 "100 connects to endpoints took at most, in the last minute."};

void add_help(std::vector<ScreenLine>& lines) {
  lines.emplace_back();
  for (const char* const text : kHelp) lines.push_back({text, Style::kPlain});
}

void fit(std::vector<ScreenLine>& lines, std::size_t columns, std::size_t rows) {
  lines.resize(rows);
  for (ScreenLine& line : lines) {
    const bool bar = line.style == Style::kSelected || line.style == Style::kHeader;
    line.text = bar ? left_aligned(line.text, columns) : clipped(line.text, columns);
  }
}

const char* keys_of(const TopState& state) {
  if (state.help) return kHelpKeys;
  return state.view == View::kList ? kListKeys : kServiceKeys;
}

}  // namespace

std::string totals_line(const Status& status) {
  return fmt::format("open {}  conn/s {}  fail/s {}  bytes/s {}  p99 {}  ejected {}  unserved {}",
                     status.connections.open, human_rate(status.rates.connections), human_rate(status.rates.failures),
                     human_bytes(status.rates.bytes()), human_latency(status.connect.p99), status.endpoints_ejected,
                     status.unserved);
}

std::vector<ScreenLine> detail_lines(const TopState& state) {
  if (!state.detail) return {};
  if (state.detail->ports.empty())
    return {{clipped("There is no such service any more.", state.columns), Style::kAlarm}};
  std::vector<ScreenLine> lines;
  for (const PortDetail& port : state.detail->ports) {
    add_port(port, state.columns, lines);
    lines.emplace_back();
  }
  return lines;
}

std::vector<ScreenLine> render(const TopState& state) {
  std::vector<ScreenLine> lines{{title(state), Style::kTitle},
                                {state.status ? totals_line(*state.status) : std::string(), Style::kPlain},
                                state_line(state)};
  if (state.help) {
    add_help(lines);
  } else if (state.view == View::kList) {
    add_list(state, lines);
  } else {
    add_service(state, lines);
  }
  if (state.rows == 0) return {};
  lines.resize(state.rows - 1);
  lines.push_back({keys_of(state), Style::kDim});
  fit(lines, state.columns, state.rows);
  return lines;
}

}  // namespace ferry::cli
