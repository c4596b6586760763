#include "proxy/cli/top_model.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/proxy/cli/fake_api.h"

namespace ferry::cli {
namespace {

using Kind = KeyPress::Kind;
using Wish = TopModel::Wish;

const AskError kNoDaemon{AskError::Kind::kNoDaemon, 0, "no kube-ferry answers"};

/// A model on a screen with ten rows for services, and the API it asks.
class Top : public ::testing::Test {
 protected:
  static constexpr std::size_t kRows = 15;

  explicit Top(std::size_t others = 0, const std::string& namespace_name = "")
      : api_(others), model_(SortKey::kConnections, namespace_name) {
    model_.resize(80, kRows);
  }

  /// Brings it what it asks for.
  Wish answer() { return model_.take(model_.target(), ask("/api/status"), ask(model_.target())); }

  Wish type(char character) { return model_.press({Kind::kCharacter, character}); }
  Wish press(Kind kind) { return model_.press({kind, 0}); }
  void type_all(const std::string& text) {
    for (const char c : text) type(c);
  }

  Answer ask(const std::string& target) const {
    const testing::FakeAnswer answer = api_.get(target);
    if (answer.status == 200) return Json::parse(answer.body);
    return AskError{AskError::Kind::kRefused, answer.status, Json::parse(answer.body)["error"].get<std::string>()};
  }

  std::vector<std::string> listed() const {
    std::vector<std::string> names;
    for (const ServicePort& service : model_.state().list.items) names.push_back(service.name);
    return names;
  }

  testing::FakeApi api_;
  TopModel model_;
};

class TopOfMany : public Top {
 protected:
  TopOfMany() : Top(97) {}
};

class TopOfANamespace : public Top {
 protected:
  TopOfANamespace() : Top(97, "load") {}
};

TEST_F(Top, AsksForAsManyRowsAsFit) {
  EXPECT_EQ(model_.target(), "/api/services?sort=connections&order=desc&offset=0&limit=10");
  EXPECT_EQ(model_.resize(80, 45), Wish::kAsk);
  EXPECT_EQ(model_.target(), "/api/services?sort=connections&order=desc&offset=0&limit=40");
  model_.resize(80, 2);
  EXPECT_EQ(model_.target(), "/api/services?sort=connections&order=desc&offset=0&limit=1");
  model_.resize(80, 10'000);
  EXPECT_EQ(model_.target(), "/api/services?sort=connections&order=desc&offset=0&limit=500");
}

TEST_F(Top, AnEmptyListHasNothingToMoveOrEnter) {
  api_.service_ports.clear();
  answer();
  for (const Kind kind : {Kind::kDown, Kind::kUp, Kind::kEnd, Kind::kPageDown}) {
    EXPECT_EQ(press(kind), Wish::kDraw);
    EXPECT_EQ(model_.state().selected, 0U);
  }
  EXPECT_EQ(press(Kind::kEnter), Wish::kNothing);
}

TEST_F(Top, LettersSortAndTheSameAgainChangesNothing) {
  EXPECT_EQ(type('o'), Wish::kAsk);
  EXPECT_EQ(model_.target(), "/api/services?sort=open&order=desc&offset=0&limit=10");
  EXPECT_EQ(type('o'), Wish::kNothing);
  const std::vector<std::pair<char, SortKey>> letters{
      {'n', SortKey::kName},     {'e', SortKey::kEndpoints}, {'x', SortKey::kEjected},  {'c', SortKey::kConnections},
      {'f', SortKey::kFailures}, {'b', SortKey::kBytes},     {'a', SortKey::kAccepted}, {'p', SortKey::kP99}};
  for (const auto& [letter, key] : letters) {
    EXPECT_EQ(type(letter), Wish::kAsk);
    EXPECT_EQ(model_.state().sort, key);
  }
}

TEST_F(Top, NamesAscendAndReversingTurnsEachOrderRound) {
  type('n');
  EXPECT_EQ(model_.target(), "/api/services?sort=name&order=asc&offset=0&limit=10");
  EXPECT_EQ(type('r'), Wish::kAsk);
  EXPECT_EQ(model_.target(), "/api/services?sort=name&order=desc&offset=0&limit=10");
  // Another key begins in its own order.
  type('f');
  EXPECT_EQ(model_.target(), "/api/services?sort=failures&order=desc&offset=0&limit=10");
}

TEST_F(Top, AnglesMoveTheSortToTheNextColumnAndStopAtTheLast) {
  EXPECT_EQ(type('>'), Wish::kAsk);
  EXPECT_EQ(model_.state().sort, SortKey::kFailures);
  EXPECT_EQ(press(Kind::kLeft), Wish::kAsk);
  EXPECT_EQ(model_.state().sort, SortKey::kConnections);
  for (int i = 0; i < 20; ++i) type('<');
  EXPECT_EQ(model_.state().sort, SortKey::kName);
  EXPECT_EQ(type('<'), Wish::kNothing);
  for (int i = 0; i < 20; ++i) press(Kind::kRight);
  EXPECT_EQ(model_.state().sort, SortKey::kP99);
}

TEST_F(TopOfMany, MovingWithinTheScreenAsksForNothing) {
  answer();
  EXPECT_EQ(type('j'), Wish::kDraw);
  EXPECT_EQ(press(Kind::kDown), Wish::kDraw);
  EXPECT_EQ(model_.state().selected, 2U);
  EXPECT_EQ(type('k'), Wish::kDraw);
  EXPECT_EQ(model_.state().selected, 1U);
  EXPECT_EQ(model_.state().offset, 0U);
}

TEST_F(TopOfMany, MovingBeyondTheScreenAsksForTheRowsThere) {
  answer();
  for (int i = 0; i < 9; ++i) EXPECT_EQ(type('j'), Wish::kDraw);
  EXPECT_EQ(type('j'), Wish::kAsk);
  EXPECT_EQ(model_.target(), "/api/services?sort=connections&order=desc&offset=1&limit=10");
  EXPECT_EQ(press(Kind::kEnd), Wish::kAsk);
  EXPECT_EQ(model_.state().selected, 99U);
  EXPECT_EQ(model_.state().offset, 90U);
  EXPECT_EQ(press(Kind::kPageUp), Wish::kAsk);
  EXPECT_EQ(model_.state().selected, 89U);
  EXPECT_EQ(press(Kind::kHome), Wish::kAsk);
  EXPECT_EQ(model_.state(), [this] {
    TopState state = model_.state();
    state.selected = 0;
    state.offset = 0;
    return state;
  }());
}

TEST_F(TopOfMany, AListThatShrankTakesTheSelectionAlong) {
  answer();
  press(Kind::kEnd);
  answer();
  api_.service_ports.resize(20);
  EXPECT_EQ(answer(), Wish::kAsk);
  EXPECT_EQ(model_.state().selected, 19U);
  EXPECT_EQ(model_.state().offset, 10U);
  EXPECT_EQ(answer(), Wish::kDraw);
  EXPECT_EQ(listed().size(), 10U);
}

TEST_F(Top, AListThatClaimsToBeEndlessHasAnEnd) {
  api_.instead[model_.target()] = {200, R"({"total": 18446744073709551615, "matched": 18446744073709551615})"};
  answer();
  for (int i = 0; i < 8; ++i) press(Kind::kEnd);
  EXPECT_EQ(model_.state().selected, 999'999'999U);
}

TEST_F(TopOfMany, ASmallerScreenKeepsTheSelectedRowOnIt) {
  answer();
  press(Kind::kPageDown);
  EXPECT_EQ(model_.state().selected, 10U);
  model_.resize(80, 10);
  EXPECT_EQ(model_.state().offset, 6U);
}

TEST_F(TopOfMany, AnAnswerToWhatIsNoLongerAskedForCountsForTheTotalsAlone) {
  answer();
  const std::vector<std::string> before = listed();
  const std::string old_target = model_.target();
  type('n');
  EXPECT_EQ(model_.take(old_target, ask("/api/status"), ask("/api/services?q=nothing")), Wish::kDraw);
  EXPECT_EQ(listed(), before);
  answer();
  EXPECT_EQ(listed().front(), "db");
}

TEST_F(TopOfMany, ASearchAsksWithEachLetter) {
  EXPECT_EQ(type('/'), Wish::kDraw);
  EXPECT_EQ(type('q'), Wish::kAsk);
  EXPECT_EQ(press(Kind::kBackspace), Wish::kAsk);
  type_all("svc-001");
  EXPECT_EQ(model_.target(), "/api/services?sort=connections&order=desc&offset=0&limit=10&q=svc-001");
  answer();
  EXPECT_EQ(model_.state().list.matched, 10U);
  EXPECT_EQ(press(Kind::kEnter), Wish::kDraw);
  EXPECT_FALSE(model_.state().searching);
  // Letters are keys again, and the search stays until Escape.
  EXPECT_EQ(type('o'), Wish::kAsk);
  EXPECT_EQ(model_.state().search, "svc-001");
  EXPECT_EQ(press(Kind::kEscape), Wish::kAsk);
  EXPECT_EQ(model_.state().search, "");
  EXPECT_EQ(press(Kind::kEscape), Wish::kNothing);
}

TEST_F(TopOfMany, EscapeWhileSearchingForgetsTheSearch) {
  type_all("/web");
  EXPECT_EQ(press(Kind::kEscape), Wish::kAsk);
  EXPECT_FALSE(model_.state().searching);
  EXPECT_EQ(model_.state().search, "");
}

TEST_F(TopOfMany, ASearchIsBounded) {
  type_all("/" + std::string(100, 'a'));
  EXPECT_EQ(model_.state().search, std::string(64, 'a'));
  EXPECT_EQ(type('a'), Wish::kNothing);
}

TEST_F(TopOfANamespace, ShowsNothingOfNamespacesThatEndInTheSameLetters) {
  api_.service_ports[0]["namespace"] = "over-load";
  answer();
  EXPECT_EQ(model_.target(), "/api/services?sort=connections&order=desc&offset=0&limit=500&q=load%2F");
  EXPECT_EQ(model_.state().list.matched, 97U);
  type_all("/SVC-009");
  answer();
  EXPECT_EQ(model_.state().list.matched, 7U);
  press(Kind::kBackspace);
  press(Kind::kBackspace);
  answer();
  EXPECT_EQ(model_.state().list.matched, 97U);
}

TEST_F(Top, EnterShowsTheSelectedServiceAndEscapeGoesBack) {
  answer();
  type('j');
  EXPECT_EQ(press(Kind::kEnter), Wish::kAsk);
  EXPECT_EQ(model_.target(), "/api/services/default/web");
  EXPECT_FALSE(model_.state().detail);
  EXPECT_EQ(answer(), Wish::kDraw);
  ASSERT_TRUE(model_.state().detail);
  EXPECT_EQ(model_.state().detail->ports.at(0).endpoints.size(), 5U);
  // The keys of the list mean nothing here.
  EXPECT_EQ(type('o'), Wish::kNothing);
  EXPECT_EQ(type('/'), Wish::kNothing);
  EXPECT_EQ(type('>'), Wish::kNothing);
  EXPECT_EQ(press(Kind::kEscape), Wish::kAsk);
  EXPECT_EQ(model_.state().view, TopState::View::kList);
  EXPECT_EQ(model_.state().selected, 1U);
}

TEST_F(Top, AServiceScrollsToItsLastLineAndNoFurther) {
  answer();
  type('j');
  press(Kind::kEnter);
  answer();
  EXPECT_EQ(press(Kind::kUp), Wish::kNothing);
  EXPECT_EQ(press(Kind::kDown), Wish::kDraw);
  EXPECT_EQ(press(Kind::kEnd), Wish::kDraw);
  const std::size_t last = model_.state().detail_offset;
  EXPECT_GT(last, 1U);
  EXPECT_EQ(press(Kind::kDown), Wish::kNothing);
  model_.resize(80, 60);
  EXPECT_EQ(model_.state().detail_offset, 0U);
}

TEST_F(Top, AServiceThatGoesSaysSoAndTheDaemonIsNotBlamed) {
  answer();
  press(Kind::kEnter);
  api_.service_ports.clear();
  answer();
  ASSERT_TRUE(model_.state().detail);
  EXPECT_TRUE(model_.state().detail->ports.empty());
  EXPECT_EQ(model_.state().trouble, "");
}

TEST_F(Top, ADaemonThatGoesLeavesWhatWasLastHeard) {
  answer();
  const ServiceList before = model_.state().list;
  EXPECT_EQ(model_.take(model_.target(), kNoDaemon, Json()), Wish::kDraw);
  EXPECT_EQ(model_.state().trouble, "no kube-ferry answers");
  EXPECT_EQ(model_.state().list, before);
  EXPECT_TRUE(model_.state().status);
  answer();
  EXPECT_EQ(model_.state().trouble, "");
}

TEST_F(Top, ARefusedListIsTrouble) {
  api_.instead[model_.target()] = {503, R"({"error": "too busy"})"};
  answer();
  EXPECT_EQ(model_.state().trouble, "too busy");
}

TEST_F(Top, HelpTakesTheKeysUntilItIsClosed) {
  EXPECT_EQ(type('?'), Wish::kDraw);
  EXPECT_TRUE(model_.state().help);
  EXPECT_EQ(type('o'), Wish::kNothing);
  EXPECT_EQ(press(Kind::kDown), Wish::kNothing);
  EXPECT_EQ(type('h'), Wish::kDraw);
  EXPECT_FALSE(model_.state().help);
  type('h');
  EXPECT_EQ(press(Kind::kEscape), Wish::kDraw);
  EXPECT_FALSE(model_.state().help);
  type('h');
  EXPECT_EQ(type('q'), Wish::kQuit);
}

TEST_F(Top, SpacePausesAndGoesOn) {
  EXPECT_EQ(type(' '), Wish::kDraw);
  EXPECT_TRUE(model_.state().paused);
  EXPECT_EQ(type(' '), Wish::kAsk);
  EXPECT_FALSE(model_.state().paused);
}

TEST_F(Top, QuitsByTwoKeysFromEverywhere) {
  EXPECT_EQ(type('q'), Wish::kQuit);
  EXPECT_EQ(press(Kind::kInterrupt), Wish::kQuit);
  type('/');
  EXPECT_EQ(type('q'), Wish::kAsk);
  EXPECT_EQ(press(Kind::kInterrupt), Wish::kQuit);
  EXPECT_EQ(press(Kind::kSuspend), Wish::kSuspend);
}

}  // namespace
}  // namespace ferry::cli
