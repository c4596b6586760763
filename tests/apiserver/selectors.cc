#include "tests/apiserver/selectors.h"

#include <algorithm>
#include <cctype>

#include <spdlog/fmt/fmt.h>

namespace ferry::apiserver {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Splits at commas that are not inside parentheses.
std::vector<std::string_view> terms_of(std::string_view text) {
  std::vector<std::string_view> terms;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      terms.push_back(trimmed(text.substr(start, i - start)));
      start = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return terms;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  });
}

/// A label key: a name, after a prefix and a slash or without them.
bool is_key(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return is_name(text);
  return is_name(text.substr(0, slash)) && is_name(text.substr(slash + 1));
}

/// Where `=`, `==` or `!=` stands in a term; npos when nowhere.
struct Comparison {
  std::size_t at = std::string_view::npos;
  std::size_t length = 0;
  bool equal = true;
};

Comparison comparison_in(std::string_view term) {
  if (const auto at = term.find("!="); at != std::string_view::npos) return {at, 2, false};
  if (const auto at = term.find("=="); at != std::string_view::npos) return {at, 2, true};
  return {term.find('='), 1, true};
}

Status unreadable(std::string_view text) {
  return bad_request(fmt::format("unable to parse requirement: found '{}', expected: a label selector", text));
}

/// The fields beside metadata.name and metadata.namespace that a resource can be selected by.
std::vector<std::string_view> selectable_fields(const Resource& resource) {
  if (resource.plural == "services") return {"spec.clusterIP", "spec.type"};
  if (resource.plural == "pods") {
    return {"spec.nodeName",    "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
            "spec.hostNetwork", "status.phase",       "status.podIP"};
  }
  if (resource.plural == "nodes") return {"spec.unschedulable"};
  if (resource.plural == "namespaces") return {"status.phase"};
  return {};
}

std::vector<std::string> split_path(std::string_view text) {
  std::vector<std::string> path;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find('.', start), text.size());
    path.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return path;
}

/// The value at a path as a field selector sees it: "" when absent.
std::string value_at(const Json& object, const std::vector<std::string>& path) {
  const Json* at = &object;
  for (const auto& step : path) {
    if (!at->is_object()) return {};
    const auto found = at->find(step);
    if (found == at->end()) {
      return path.back() == "unschedulable" || path.back() == "hostNetwork" ? "false" : std::string();
    }
    at = &*found;
  }
  return at->is_string() ? at->get<std::string>() : at->dump();
}

}  // namespace

Result<LabelSelector::Requirement> LabelSelector::parse_requirement(std::string_view text) {
  using Operator = Requirement::Operator;
  Requirement requirement;
  if (text.starts_with('!') && is_key(trimmed(text.substr(1)))) {
    requirement.key = trimmed(text.substr(1));
    requirement.op = Operator::kNotExists;
    return requirement;
  }
  if (is_key(text)) {
    requirement.key = text;
    requirement.op = Operator::kExists;
    return requirement;
  }
  if (const auto compared = comparison_in(text); compared.at != std::string_view::npos) {
    const auto key = trimmed(text.substr(0, compared.at));
    const auto value = trimmed(text.substr(compared.at + compared.length));
    if (!is_key(key) || (!value.empty() && !is_name(value))) return unreadable(text);
    requirement.key = key;
    requirement.op = compared.equal ? Operator::kIn : Operator::kNotIn;
    requirement.values = {std::string(value)};
    return requirement;
  }
  const auto open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')')) return unreadable(text);
  const auto head = trimmed(text.substr(0, open));
  const auto blank = head.find_first_of(" \t");
  const auto word = blank == std::string_view::npos ? std::string_view() : trimmed(head.substr(blank));
  if ((word != "in" && word != "notin") || !is_key(head.substr(0, blank))) return unreadable(text);
  requirement.key = head.substr(0, blank);
  requirement.op = word == "in" ? Operator::kIn : Operator::kNotIn;
  for (const auto value : terms_of(text.substr(open + 1, text.size() - open - 2))) {
    if (!value.empty() && !is_name(value)) return unreadable(text);
    requirement.values.emplace_back(value);
  }
  return requirement;
}

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  if (trimmed(text).empty()) return selector;
  for (const auto term : terms_of(text)) {
    auto requirement = parse_requirement(term);
    if (!requirement) return requirement.error();
    selector.requirements_.push_back(std::move(*requirement));
  }
  return selector;
}

bool LabelSelector::matches(const Json& object) const {
  using Operator = Requirement::Operator;
  static const Json kNone = Json::object();
  const auto& metadata = object.contains("metadata") ? object["metadata"] : kNone;
  const auto labels = metadata.find("labels");
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& requirement) {
    const Json* value = nullptr;
    if (labels != metadata.end()) {
      const auto found = labels->find(requirement.key);
      if (found != labels->end()) value = &*found;
    }
    const auto listed = [&] {
      if (value == nullptr || !value->is_string()) return false;
      const auto& text = value->get_ref<const std::string&>();
      return std::find(requirement.values.begin(), requirement.values.end(), text) != requirement.values.end();
    };
    switch (requirement.op) {
      case Operator::kIn:
        return listed();
      case Operator::kNotIn:
        return !listed();
      case Operator::kExists:
        return value != nullptr;
      case Operator::kNotExists:
        return value == nullptr;
    }
    return false;
  });
}

Result<FieldSelector> FieldSelector::parse(const Resource& resource, std::string_view text, bool old_words) {
  FieldSelector selector;
  if (trimmed(text).empty()) return selector;
  const auto known = selectable_fields(resource);
  for (const auto term : terms_of(text)) {
    if (term.empty()) continue;
    const auto compared = comparison_in(term);
    if (compared.at == std::string_view::npos) {
      return bad_request(fmt::format("invalid selector: '{}'; can't understand '{}'", text, term));
    }
    const auto field = term.substr(0, compared.at);
    if (field != "metadata.name" && field != "metadata.namespace" &&
        std::find(known.begin(), known.end(), field) == known.end()) {
      return bad_request(
          old_words
              ? fmt::format(R"("{}" is not a known field selector: only "metadata.name", "metadata.namespace")", field)
              : fmt::format("field label not supported: {}", field));
    }
    selector.terms_.push_back(
        {split_path(field), std::string(term.substr(compared.at + compared.length)), compared.equal});
  }
  return selector;
}

bool FieldSelector::matches(const Json& object) const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [&](const Term& term) { return (value_at(object, term.path) == term.value) == term.equal; });
}

}  // namespace ferry::apiserver
