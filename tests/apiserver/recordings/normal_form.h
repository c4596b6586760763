#pragma once

#include <string>
#include <vector>

#include "tests/apiserver/json.h"
#include "tests/apiserver/recordings/recording.h"

namespace ferry::testing {

using apiserver::Json;

/// A document with what differs from run to run put out of sight: names of instances (uid), versions, times, tokens,
/// hashes, allocated addresses, the server's own address, and in messages numbers and the character that a parser
/// stumbled over become placeholders. Everything else, the order of the fields too, stays. `managedFields` is left out:
/// it is the bookkeeping of server-side apply.
Json normal_form(const Json& document);

/// The same of each event of a watch, in order. Of the bookmarks that only say "up to here" one is kept, and only where
/// it is asked for and comes last: when they come is a matter of time.
std::vector<Json> normal_events(const std::string& body, bool with_bookmark);

/// The document with every plain value replaced by the name of its type.
Json shape_of(const Json& document);

/// The headers that a client acts on, as text, one a line.
std::string headers_that_matter(const Answer& answer);

/// The body; taken out of gzip when it is in.
std::string plain_body(const Answer& answer);

}  // namespace ferry::testing
