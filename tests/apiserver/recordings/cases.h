#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/apiserver/recordings/imitated_cluster.h"

namespace ferry::testing {

/// How much of an answer has to be what was recorded. Status and headers always are.
enum class Comparison : std::uint8_t {
  kDocument,   ///< one JSON document, whole (in its normal form)
  kItems,      ///< a list, whole, its items in any order
  kEvents,     ///< the events of a watch, whole, in their order, without plain bookmarks
  kBookmarks,  ///< the same, and that a plain bookmark comes after the last of them
  kAnyOrder,   ///< the events of a watch, whole, in any order
  kShape,      ///< one JSON document, by the types of its values
  kGroups,     ///< the list of API groups: those that both serve
  kCheckList,  ///< a list of checks, all of them passed
  kText,       ///< the body as it is
};

/// One recorded request, and how it is made again.
struct Case {
  std::string name;
  std::function<Answer(ImitatedCluster&)> ask;
  Comparison comparison = Comparison::kDocument;
  bool with_tokens = false;
};

/// The requests whose answers are compared, by the folder they were recorded in.
std::vector<Case> cases_of(apiserver::Release release);
std::string folder_of(apiserver::Release release);

/// The recordings that the mock API server cannot answer, by "FOLDER/FILE.http", and why.
const std::map<std::string, std::string>& not_compared();

}  // namespace ferry::testing
