#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/resource.h"
#include "tests/apiserver/storage.h"

namespace ferry::apiserver {

/// A labelSelector: every requirement must hold. The empty one matches everything.
class LabelSelector {
 public:
  /// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k`. What it cannot read is a 400.
  static Result<LabelSelector> parse(std::string_view text);
  /// Tells whether an object's labels (null: none) satisfy it.
  [[nodiscard]] bool matches(const Json& object) const;
  [[nodiscard]] bool empty() const { return requirements_.empty(); }

 private:
  struct Requirement {
    enum class Operator : std::uint8_t { kIn, kNotIn, kExists, kNotExists };
    std::string key;
    Operator op = Operator::kIn;
    std::vector<std::string> values;
  };
  static Result<Requirement> parse_requirement(std::string_view text);
  std::vector<Requirement> requirements_;
};

/// A fieldSelector over the few fields that a resource can be selected by.
class FieldSelector {
 public:
  /// Reads `metadata.name=a,spec.nodeName!=b`. A field the resource is not selected by is a 400, in the words of
  /// the old release when `old_words`.
  static Result<FieldSelector> parse(const Resource& resource, std::string_view text, bool old_words);
  [[nodiscard]] bool matches(const Json& object) const;
  [[nodiscard]] bool empty() const { return terms_.empty(); }

 private:
  struct Term {
    std::vector<std::string> path;
    std::string value;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

}  // namespace ferry::apiserver
