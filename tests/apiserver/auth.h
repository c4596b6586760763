#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/apiserver/route.h"
#include "tests/apiserver/status.h"

namespace ferry::apiserver {

/// Who may do what, by a token file in Kubernetes' format: lines of token,user,uid[,"group,group"]. A user without
/// groups may do everything, as may the group system:masters; system:node-proxier may read; other groups nothing. What
/// is denied beside, such as "list services" or "watch endpointslices.discovery.k8s.io", nobody may.
class Auth {
 public:
  /// Everybody may do everything.
  Auth() = default;
  /// Throws std::runtime_error naming the file and the line.
  static Auth from_file(const std::string& path);

  void deny(std::vector<std::string> what) { denied_ = std::move(what); }

  /// nullopt when the request may go on; otherwise 401 for a token nobody has, 403 for what is not allowed.
  [[nodiscard]] std::optional<Status> check(std::string_view authorization, const Route* route, std::string_view verb,
                                            std::string_view path) const;

  /// What a SelfSubjectAccessReview of the resource ("endpointslices.discovery.k8s.io") is answered. The caller has
  /// been let in.
  [[nodiscard]] bool may(std::string_view authorization, std::string_view verb, std::string_view resource) const;

 private:
  struct User {
    std::string name;
    std::vector<std::string> groups;
  };
  /// Null: nobody has this token.
  [[nodiscard]] const User* find(std::string_view authorization) const;
  [[nodiscard]] bool denies(std::string_view verb, std::string_view resource) const;

  std::optional<std::map<std::string, User, std::less<>>> users_;
  std::vector<std::string> denied_;
};

}  // namespace ferry::apiserver
