#include "proxy/options/version.h"

#include <boost/version.hpp>
#include <openssl/crypto.h>
#include <spdlog/fmt/fmt.h>

#include "ferry_version.h"
#include "proxy/capture/sk_lookup_capture.h"
#include "proxy/steering/steering.h"

namespace ferry::proxy {

std::string version() { return kVersion; }

std::string version_text() {
  return fmt::format(
      "kube-ferry {} (commit {})\n"
      "features: TCP and UDP, IPv4 and IPv6, capture by {},{} splice, EndpointSlice v1 and v1beta1, Endpoints v1, "
      "v1beta1 of 2014\n"
      "built with: Boost {}.{}.{}, {}, {}\n",
      kVersion, kCommit, sk_lookup_was_built() ? "sk_lookup and bind" : "bind",
      steering_was_built() ? " steering," : "", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100,
      OpenSSL_version(OPENSSL_VERSION),
#ifdef __clang__
      "clang " __clang_version__
#else
      "gcc " __VERSION__
#endif
  );
}

prometheus::MetricFamily build_info() {
  auto family = gauge_family("kube_ferry_build_info", "Always 1; the labels tell what was built.");
  add_sample(family, 1, {{"version", kVersion}, {"commit", kCommit}});
  return family;
}

}  // namespace ferry::proxy
