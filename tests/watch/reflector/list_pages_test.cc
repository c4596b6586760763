#include "watch/reflector/list_pages.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/support/run.h"
#include "tests/watch/reflector/errors.h"
#include "tests/watch/reflector/scripted_collection.h"

namespace ferry::watch {
namespace {

using namespace ferry::testing;

class ListPagesTest : public ::testing::Test {
 protected:
  Result<Listed<Thing>> list(std::vector<Answer> answers) {
    server_.answers(std::move(answers));
    ListOptions options;
    options.resource_version = "5";
    options.limit = 2;
    return run(context_, list_pages<Thing>(server_, options));
  }

  static std::string text(const Listed<Thing>& listed) {
    std::string text = listed.resource_version + ":";
    for (const Thing& thing : listed.objects) text += " " + testing::text(thing);
    return text;
  }

  boost::asio::io_context context_;
  FakeClock clock_;
  Journal journal_;
  ScriptedCollection server_{clock_, journal_};
};

TEST_F(ListPagesTest, AnEmptyCollectionIsOnePage) {
  EXPECT_EQ(text(list({a_list("5", {})}).value()), "5:");
  EXPECT_EQ(journal_, (Journal{"list version='5' limit=2"}));
}

TEST_F(ListPagesTest, PagesAddUpAndOnlyTheFirstAsksForAVersion) {
  const auto listed = list({a_list("5", {{"a", 1}, {"b", 2}}, "x"), a_list("5", {{"c", 3}}, "y"), a_list("5", {})});
  EXPECT_EQ(text(listed.value()), "5: a=1 b=2 c=3");
  EXPECT_EQ(journal_, (Journal{"list version='5' limit=2", "list continue=x version='' limit=2",
                               "list continue=y version='' limit=2"}));
}

TEST_F(ListPagesTest, AListForgottenBeforeItsLastPageIsReadOnceMoreInOnePiece) {
  const auto listed = list({a_list("5", {{"a", 1}}, "x"), a_failure(gone()), a_list("9", {{"b", 2}})});
  EXPECT_EQ(text(listed.value()), "9: b=2");
  EXPECT_EQ(journal_.back(), "list version=''");
}

TEST_F(ListPagesTest, AFailureOfAnyPageIsAFailureOfTheList) {
  const auto listed = list({a_list("5", {{"a", 1}}, "x"), a_failure(broken())});
  ASSERT_TRUE(listed.has_error());
  EXPECT_EQ(listed.error().kind, ApiError::Kind::kTransport);
}

TEST_F(ListPagesTest, AListThatIsGoneFromItsFirstPageIsAFailure) {
  EXPECT_TRUE(list({a_failure(gone())}).error().is_gone());
  EXPECT_EQ(journal_.size(), 1U);
}

}  // namespace
}  // namespace ferry::watch
