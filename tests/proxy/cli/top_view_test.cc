#include "proxy/cli/top_view.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/cli/decode.h"
#include "proxy/cli/text.h"
#include "tests/proxy/cli/fake_api.h"

namespace ferry::cli {
namespace {

using Style = ScreenLine::Style;

TopState state_of(const testing::FakeApi& api, std::size_t columns, std::size_t rows) {
  TopState state;
  state.columns = columns;
  state.rows = rows;
  state.status = decode_status(api.status);
  state.list = decode_service_list(Json::parse(api.get("/api/services?sort=connections").body));
  return state;
}

TopState service_state(const testing::FakeApi& api, std::size_t columns, std::size_t rows) {
  TopState state = state_of(api, columns, rows);
  state.view = TopState::View::kService;
  state.chosen = {"default", "web"};
  state.detail = decode_service_detail(Json::parse(api.get("/api/services/default/web").body));
  return state;
}

std::string text_of(const std::vector<ScreenLine>& lines) {
  std::string text;
  for (const ScreenLine& line : lines) {
    text += line.text;
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

TEST(TopView, AListOnAnOrdinaryTerminal) {
  EXPECT_EQ(text_of(render(state_of(testing::FakeApi(), 80, 10))),
            "kube-ferry top - node-1, 0.1.0, up 10m14s, synced\n"
            "open 3  conn/s 1.5  fail/s 0.2  bytes/s 2.0K  p99 1.1ms  ejected 1  unserved 0\n"
            "3 service ports, by connections, largest first\n"
            "SERVICE                           ENDP    OPEN  CONN/S*  FAIL/S  BYTES/S     P99\n"
            "kube-system/dns:dns                2/2       0     40.2     0.0        0       -\n"
            "default/web:http                   2/3       3      1.5     0.2     2.0K   1.1ms\n"
            "default/db                         0/0       0      0.0     0.0        0       -\n"
            "\n"
            "\n"
            "q quit  / search  < > sort  r reverse  Enter endpoints  space pause  h help\n");
}

TEST(TopView, WhatIsWrongStandsOut) {
  TopState state = state_of(testing::FakeApi(), 80, 10);
  std::vector<Style> styles;
  for (const ScreenLine& line : render(state)) styles.push_back(line.style);
  EXPECT_EQ(styles, (std::vector<Style>{Style::kTitle, Style::kPlain, Style::kPlain, Style::kHeader, Style::kSelected,
                                        Style::kAlarm, Style::kDim, Style::kPlain, Style::kPlain, Style::kDim}));
}

TEST(TopView, AWideTerminalHasEveryColumn) {
  const auto lines = render(state_of(testing::FakeApi(), 120, 8));
  EXPECT_EQ(text_of({lines[3], lines[5]}),
            "SERVICE                                                  ENDP  EJECT    OPEN  CONN/S*  FAIL/S  BYTES/S  "
            "ACCEPTED     P99\n"
            "default/web:http                                          2/3      1       3      1.5     0.2     2.0K  "
            "     100   1.1ms\n");
}

TEST(TopView, ANarrowTerminalKeepsTheNameAndWhatItIsSortedBy) {
  TopState state = state_of(testing::FakeApi(), 34, 8);
  state.sort = SortKey::kP99;
  const auto lines = render(state);
  EXPECT_EQ(text_of({lines[3], lines[5]}),
            "SERVICE                       P99*\n"
            "default/web:http             1.1ms\n");
}

TEST(TopView, EverySizeIsFilledAndNoLineIsWiderThanTheScreen) {
  testing::FakeApi api(20);
  api.service_ports[1]["name"] = std::string(300, 'x');
  std::vector<TopState> states(4, state_of(api, 80, 24));
  states[1] = service_state(api, 80, 24);
  states[2].help = true;
  states[3].trouble = std::string(200, 'y');
  for (TopState& state : states) {
    for (const std::size_t columns : {1U, 2U, 7U, 8U, 9U, 16U, 24U, 31U, 32U, 33U, 40U, 60U, 79U, 80U, 81U, 130U}) {
      for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 24U, 60U}) {
        state.columns = columns;
        state.rows = rows;
        const auto lines = render(state);
        EXPECT_EQ(lines.size(), rows);
        for (const ScreenLine& line : lines) EXPECT_LE(columns_of(line.text), columns) << line.text;
      }
    }
  }
}

TEST(TopView, WithoutAnAnswerYetTheScreenIsThere) {
  TopState state;
  state.rows = 6;
  EXPECT_EQ(text_of(render(state)),
            "kube-ferry top\n"
            "\n"
            "0 service ports, by connections, largest first\n"
            "SERVICE                           ENDP    OPEN  CONN/S*  FAIL/S  BYTES/S     P99\n"
            "\n"
            "q quit  / search  < > sort  r reverse  Enter endpoints  space pause  h help\n");
}

TEST(TopView, TheThirdLineSaysWhatIsShown) {
  TopState state = state_of(testing::FakeApi(), 100, 10);
  const auto third = [&state] { return render(state)[2].text; };
  state.sort = SortKey::kName;
  EXPECT_EQ(third(), "3 service ports, by name, from A to Z");
  state.reversed = true;
  state.paused = true;
  EXPECT_EQ(third(), "3 service ports, by name, from Z to A, PAUSED");
  state.search = "web";
  state.namespace_name = "default";
  state.list.matched = 1;
  EXPECT_EQ(third(), "1 of 3 service ports in default with 'web', by name, from Z to A, PAUSED");
  state.searching = true;
  EXPECT_EQ(third(), "search: web_, PAUSED");
  state.trouble = "no kube-ferry answers";
  EXPECT_EQ(render(state)[2], (ScreenLine{"trying again: no kube-ferry answers", Style::kAlarm}));
}

TEST(TopView, ANodeThatIsNotWellSaysSoFirst) {
  TopState state = state_of(testing::FakeApi(), 100, 10);
  state.status->synced = false;
  state.status->healthy = false;
  state.status->uptime.reset();
  EXPECT_EQ(render(state)[0].text, "kube-ferry top - node-1, 0.1.0, NOT SYNCED, NOT HEALTHY");
}

TEST(TopView, RowsThatHaveNotComeYetAreEmpty) {
  TopState state = state_of(testing::FakeApi(), 80, 10);
  state.offset = 2;
  const auto lines = render(state);
  EXPECT_TRUE(lines[4].text.starts_with("default/db"));
  EXPECT_EQ(lines[5].text, "");
}

TEST(TopView, AServiceAndItsEndpoints) {
  EXPECT_EQ(text_of(render(service_state(testing::FakeApi(), 80, 24))),
            "kube-ferry top - node-1, 0.1.0, up 10m14s, synced\n"
            "open 3  conn/s 1.5  fail/s 0.2  bytes/s 2.0K  p99 1.1ms  ejected 1  unserved 0\n"
            "default/web\n"
            "\n"
            "http/TCP  10.96.0.10:80, *:30080  round-robin\n"
            "open 3  conn/s 1.5  fail/s 0.2  bytes/s 2.0K  p99 1.1ms\n"
            "connections to 10.96.0.10:80 are carried to 2 of 5 endpoints, round robin\n"
            "kube-ferry.io/load-balancing: give round-robin, least-connections or maglev\n"
            "ENDPOINT        STATE           OPEN  DIALLED   FAILED  CONNECT  NODE\n"
            "10.244.1.7:8080 used               2       60        0    0.4ms  node-1\n"
            "10.244.2.7:8080 ejected            0       12        2        -  node-2\n"
            "  refused a connection 3 s ago; left out for 2 s more\n"
            "10.244.2.8:8080 terminating        1       28        0     12ms  node-2\n"
            "  no ready endpoint is left\n"
            "10.244.3.7:8080 draining           1        4        0    0.3ms\n"
            "  not ready\n"
            "[fd00::7]:8080  unused             0        0        0        -  node-3\n"
            "  in another zone\n"
            "\n\n\n\n\n"
            "q quit  Esc back  arrows scroll  space pause  h help\n");
}

TEST(TopView, AServiceScrolls) {
  TopState state = service_state(testing::FakeApi(), 80, 8);
  state.detail_offset = 5;
  EXPECT_EQ(text_of(render(state)),
            "kube-ferry top - node-1, 0.1.0, up 10m14s, synced\n"
            "open 3  conn/s 1.5  fail/s 0.2  bytes/s 2.0K  p99 1.1ms  ejected 1  unserved 0\n"
            "default/web\n"
            "\n"
            "10.244.1.7:8080 used               2       60        0    0.4ms  node-1\n"
            "10.244.2.7:8080 ejected            0       12        2        -  node-2\n"
            "  refused a connection 3 s ago; left out for 2 s more\n"
            "q quit  Esc back  arrows scroll  space pause  h help\n");
}

TEST(TopView, HelpNamesTheKeys) {
  TopState state = state_of(testing::FakeApi(), 80, 24);
  state.help = true;
  const std::string text = text_of(render(state));
  for (const char* const words : {"c f b         sort by connections", "space         pause", "q Ctrl-C      quit"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words;
  }
  EXPECT_EQ(text.find("default/web"), std::string::npos);
}

}  // namespace
}  // namespace ferry::cli
