#pragma once

#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "watch/reflector/lister_watcher.h"

namespace ferry::watch {

/// A whole collection at one version.
template <class T>
struct Listed {
  std::vector<T> objects;
  std::string resource_version;
};

/// Lists a collection page by page. When the server forgets the list before its last page (410 to a continue token), it
/// is read once more from the start, in one piece. `server` outlives the call.
template <class T>
boost::asio::awaitable<Result<Listed<T>>> list_pages(ListerWatcher<T>& server, ListOptions options) {
  Listed<T> listed;
  for (;;) {
    typename ListerWatcher<T>::OnItem keep = [&listed](Decoded<T> item) {
      listed.objects.push_back(std::move(item.value));
    };
    const auto page = co_await server.list(options, std::move(keep));
    if (!page.has_value()) {
      if (options.continue_token.empty() || !page.error().is_gone()) co_return page.error();
      listed.objects.clear();
      options = ListOptions{};
      continue;
    }
    if (page.value().continue_token.empty()) {
      listed.resource_version = page.value().resource_version;
      co_return listed;
    }
    // The token carries the version on, and the server refuses to be told both.
    options.continue_token = page.value().continue_token;
    options.resource_version.clear();
  }
}

}  // namespace ferry::watch
