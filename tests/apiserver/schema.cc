#include "tests/apiserver/schema.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/schema_types.h"

namespace ferry::apiserver {
namespace {

using Schemas = std::map<std::string, Schema, std::less<>>;

Field::Scalar scalar_of(std::string_view type) {
  if (type == "string") return Field::Scalar::kString;
  if (type == "int") return Field::Scalar::kInteger;
  if (type == "bool") return Field::Scalar::kBoolean;
  if (type == "intstr") return Field::Scalar::kIntOrString;
  if (type == "any") return Field::Scalar::kAny;
  return Field::Scalar::kObject;
}

Field parse_field(std::string name, std::string_view type, Schemas& schemas) {
  Field field;
  field.name = std::move(name);
  if (type.ends_with('!')) field.always = true;
  if (type.ends_with('?')) field.pointer = true;
  if (field.always || field.pointer) type.remove_suffix(1);
  if (type.front() == '[' || type.front() == '{') {
    field.shape = type.front() == '[' ? Field::Shape::kList : Field::Shape::kMap;
    const auto end = type.find_first_of("]}");
    const auto key = type.substr(end + 1);
    field.merged = !key.empty();
    if (key != "=") field.merge_key = key;
    type = type.substr(1, end - 1);
  }
  field.scalar = scalar_of(type);
  if (field.scalar == Field::Scalar::kObject) field.type = &schemas[std::string(type)];
  return field;
}

Schemas parse_schemas() {
  Schemas schemas;
  Schema* current = nullptr;
  std::istringstream text{std::string(schema_text())};
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string name;
    std::string type;
    if (!line.empty() && line.front() != ' ') {
      words >> name >> type;
      current = &schemas[name];
      current->name = fmt::format("{}.{}", type, name);
      continue;
    }
    while (words >> name >> type) current->fields.push_back(parse_field(name, type, schemas));
  }
  return schemas;
}

/// Builds the canonical form of one object, remembering where it is for what it has to say.
class Canonicaliser {
 public:
  explicit Canonicaliser(std::vector<std::string>& unknown) : unknown_(unknown) {}

  bool object(const Schema& schema, const Json& in, const std::string& path, Json& out) {
    if (!in.is_object()) return wrong_type(path, in, schema.name);
    out = Json::object();
    for (const auto& field : schema.fields) {
      const auto found = in.find(field.name);
      const auto field_path = path.empty() ? field.name : fmt::format("{}.{}", path, field.name);
      if (found == in.end() || found->is_null()) {
        if (field.always) out[field.name] = absent(field);
        continue;
      }
      Json value;
      if (!whole(field, *found, field_path, value)) return false;
      if (field.always || field.pointer || !is_empty(field, value)) out[field.name] = std::move(value);
    }
    report_unknown(schema, in, path);
    return true;
  }

  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  static Json absent(const Field& field) {
    if (field.shape != Field::Shape::kSingle) return nullptr;
    switch (field.scalar) {
      case Field::Scalar::kString:
        return "";
      case Field::Scalar::kBoolean:
        return false;
      case Field::Scalar::kAny:
        return Json::object();
      case Field::Scalar::kObject: {
        std::vector<std::string> none;
        Json empty;
        Canonicaliser(none).object(*field.type, Json::object(), {}, empty);
        return empty;
      }
      default:
        return 0;
    }
  }

  static bool is_empty(const Field& field, const Json& value) {
    if (field.shape != Field::Shape::kSingle) return value.empty();
    if (field.scalar == Field::Scalar::kObject || field.scalar == Field::Scalar::kAny) return false;
    return value == "" || value == 0 || value == false;
  }

  bool whole(const Field& field, const Json& in, const std::string& path, Json& out) {
    if (field.shape == Field::Shape::kSingle) return single(field, in, path, out);
    return field.shape == Field::Shape::kList ? list(field, in, path, out) : map(field, in, path, out);
  }

  bool list(const Field& field, const Json& in, const std::string& path, Json& out) {
    if (!in.is_array()) return wrong_type(path, in, "list");
    out = Json::array();
    for (std::size_t i = 0; i < in.size(); ++i) {
      Json value;
      if (!single(field, in[i], fmt::format("{}[{}]", path, i), value)) return false;
      out.push_back(std::move(value));
    }
    return true;
  }

  bool map(const Field& field, const Json& in, const std::string& path, Json& out) {
    if (!in.is_object()) return wrong_type(path, in, "map");
    out = Json::object();
    std::vector<std::string> keys;
    for (const auto& item : in.items()) keys.push_back(item.key());
    std::sort(keys.begin(), keys.end());
    for (const auto& key : keys) {
      Json value;
      if (!single(field, in[key], fmt::format("{}.{}", path, key), value)) return false;
      out[key] = std::move(value);
    }
    return true;
  }

  bool single(const Field& field, const Json& in, const std::string& path, Json& out) {
    bool fits = true;
    switch (field.scalar) {
      case Field::Scalar::kObject:
        return object(*field.type, in, path, out);
      case Field::Scalar::kString:
        fits = in.is_string();
        break;
      case Field::Scalar::kInteger:
        fits = in.is_number_integer();
        break;
      case Field::Scalar::kBoolean:
        fits = in.is_boolean();
        break;
      case Field::Scalar::kIntOrString:
        fits = in.is_number_integer() || in.is_string();
        break;
      case Field::Scalar::kAny:
        break;
    }
    if (!fits) return wrong_type(path, in, name_of(field.scalar));
    out = in;
    return true;
  }

  static std::string_view name_of(Field::Scalar scalar) {
    switch (scalar) {
      case Field::Scalar::kInteger:
        return "int32";
      case Field::Scalar::kBoolean:
        return "bool";
      case Field::Scalar::kIntOrString:
        return "intstr.IntOrString";
      default:
        return "string";
    }
  }

  bool wrong_type(const std::string& path, const Json& in, std::string_view wanted) {
    error_ = fmt::format("json: cannot unmarshal {} into Go struct field {} of type {}", in.type_name(),
                         path.empty() ? "object" : path, wanted);
    return false;
  }

  void report_unknown(const Schema& schema, const Json& in, const std::string& path) {
    for (const auto& item : in.items()) {
      if (schema.find(item.key()) != nullptr) continue;
      if (path.empty() && (item.key() == "kind" || item.key() == "apiVersion")) continue;
      unknown_.push_back(path.empty() ? item.key() : path + "." + item.key());
    }
  }

  std::vector<std::string>& unknown_;
  std::string error_;
};

}  // namespace

const Field* Schema::find(std::string_view field) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == field; });
  return found == fields.end() ? nullptr : &*found;
}

const std::map<std::string, Schema, std::less<>>& all_schemas() {
  static const Schemas schemas = parse_schemas();
  return schemas;
}

const Schema& schema_of(std::string_view name) {
  const auto found = all_schemas().find(name);
  if (found == all_schemas().end()) std::abort();
  return found->second;
}

Result<Json> canonical(const Schema& schema, const Json& object, std::vector<std::string>& unknown) {
  Canonicaliser canonicaliser(unknown);
  Json out;
  if (!canonicaliser.object(schema, object, {}, out)) return bad_request(canonicaliser.error());
  return ok(std::move(out));
}

}  // namespace ferry::apiserver
