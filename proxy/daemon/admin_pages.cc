#include "proxy/daemon/admin_pages.h"

#include <utility>

#include "proxy/page/page.h"

namespace ferry::proxy {

using std::chrono::steady_clock;
using std::chrono::system_clock;

Routes health_pages(const Health& health, ProbeMetrics& probes) {
  Routes routes;
  routes.add("/healthz", [&health, &probes] {
    Response answer = health.healthz(steady_clock::now(), system_clock::now());
    probes.count_healthz(answer.status);
    return answer;
  });
  routes.add("/livez", [&health, &probes] {
    Response answer = health.livez(steady_clock::now(), system_clock::now());
    probes.count_livez(answer.status);
    return answer;
  });
  return routes;
}

Routes metrics_pages(const Health& health, ProbeMetrics& probes, PageMaker& metrics,
                     std::function<std::string()> configuration) {
  Routes routes = health_pages(health, probes);
  routes.add_later("/metrics", [&metrics](Routes::Reply reply) { metrics.ask(std::move(reply)); });
  routes.add("/proxyMode", [] { return Response{.body = "userspace"}; });
  routes.add("/configz", [configuration = std::move(configuration)] {
    return Response{.content_type = "application/json", .body = configuration()};
  });
  return routes;
}

void add_live_page(Routes& routes) {
  for (const PageFile& file : page_files()) {
    routes.add_handler(std::string(file.path), [file](const Request&, const Routes::Reply& reply) {
      reply({.content_type = std::string(file.content_type),
             .body = std::string(file.content),
             .headers = {{"Content-Security-Policy", std::string(kPagePolicy)}, {"Referrer-Policy", "no-referrer"}}});
    });
  }
}

}  // namespace ferry::proxy
