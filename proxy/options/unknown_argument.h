#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::proxy {

/// Which of the known words was probably meant: the nearest, if no more than `most_changes` of its letters were added,
/// dropped, changed or swapped with the next.
std::optional<std::string> nearest_word(std::string_view word, const std::vector<std::string>& known,
                                        std::size_t most_changes);

/// One sentence about an argument that means nothing here; names the flag that was probably meant, if one is near.
/// `program` is what --help is asked of.
std::string explain_unknown_argument(std::string_view argument, const std::vector<std::string>& known_flags,
                                     std::string_view program = "kube-ferry");

}  // namespace ferry::proxy
