#include "proxy/daemon/api_report.h"

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>

#include "watch/codec/json_text.h"
#include "watch/codec/networking_v1/formats.h"
#include "watch/codec/v1/formats.h"
#include "watch/rest/resource_client.h"
#include "watch/rest/rest_client.h"

namespace ferry::proxy {

namespace {

namespace asio = boost::asio;
using watch::ApiError;
using watch::Result;
using Failure = ApiReport::Failure;
using Right = ApiReport::Right;

constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::seconds kWholeTime{30};
constexpr std::size_t kMostText = 300;
constexpr std::array<const char*, 2> kVerbs{"list", "watch"};
constexpr std::array<const char*, 2> kSliceVersions{"discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"};
constexpr const char* kReviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

Failure::Kind kind_of(const ApiError& error) {
  if (error.kind == ApiError::Kind::kTimeout) return Failure::Kind::kTimeout;
  if (error.http_status == 401) return Failure::Kind::kUnauthorized;
  if (error.is_connection_refused()) return Failure::Kind::kRefused;
  if (error.code == asio::error::host_not_found || error.code == asio::error::host_not_found_try_again) {
    return Failure::Kind::kUnknownName;
  }
  if (error.message.find("TLS handshake") != std::string::npos && error.message.ends_with(')')) {
    return Failure::Kind::kCertificate;
  }
  if (error.code.category() == asio::error::get_ssl_category() ||
      error.code.category() == asio::ssl::error::get_stream_category()) {
    return Failure::Kind::kTls;
  }
  return Failure::Kind::kOther;
}

Failure failure_of(const ApiError& error) {
  return {kind_of(error), watch::codec::printable(error.to_string(), kMostText)};
}

class Inquiry {
 public:
  Inquiry(asio::io_context& loop, watch::ClientConfig config, const Options& options)
      : rest_(loop.get_executor(), std::move(config)), options_(options) {
    answers_.report.server = rest_.config().server.to_string();
  }

  asio::awaitable<void> run() {
    const auto begin = std::chrono::steady_clock::now();
    const bool historical = options_.api_version == Options::ApiVersion::kV1beta1;
    const auto version = co_await rest_.get_document(historical ? "/api/v1beta1/services" : "/version");
    ApiReport& report = answers_.report;
    report.time = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    // Who may not ask for the version may do what matters all the same.
    if (!version.has_value() && (historical || version.error().http_status != 403)) {
      report.failure = failure_of(version.error());
      co_return;
    }
    // The API of 2014 knows neither rights nor nodes.
    if (historical) co_return;
    if (version.has_value()) report.version = version_in(version.value());
    co_await ask_for_rights();
    if (report.failure) co_return;
    co_await ask_for_node();
    co_await ask_for_kubernetes();
    if (options_.service_cidrs.empty()) co_await ask_for_ranges();
  }

  /// It took too long.
  void give_up() {
    if (answers_.report.failure) return;
    answers_.report.failure = Failure{Failure::Kind::kTimeout, "its answers took too long"};
  }

  ApiAnswers answers() && { return std::move(answers_); }

 private:
  static std::string version_in(const std::string& document) {
    const auto json = nlohmann::json::parse(document, nullptr, false);
    if (!json.is_object() || !json.contains("gitVersion") || !json["gitVersion"].is_string()) return {};
    return watch::codec::printable(json["gitVersion"].get<std::string>(), kMostText);
  }

  /// What the daemon's watches need, which find out likewise what the server has.
  asio::awaitable<void> ask_for_rights() {
    co_await ask_for_right("", "services", "", true);
    bool slices = false;
    for (const char* const version : kSliceVersions) {
      const auto has = co_await watch::has_resource(rest_, version, "endpointslices");
      if (!has.has_value()) {
        answers_.report.failure = failure_of(has.error());
        co_return;
      }
      slices = has.value();
      if (slices) break;
    }
    co_await ask_for_right(slices ? "discovery.k8s.io" : "", slices ? "endpointslices" : "endpoints", "", true);
    co_await ask_for_right("", "nodes", options_.node_name, false);
    if (!options_.service_cidrs.empty()) co_return;
    const auto has = co_await watch::has_resource(rest_, "networking.k8s.io/v1", "servicecidrs");
    has_service_cidrs_ = has.has_value() && has.value();
    if (has_service_cidrs_) co_await ask_for_right("networking.k8s.io", "servicecidrs", "", false);
  }

  asio::awaitable<void> ask_for_right(std::string group, std::string resource, std::string name, bool essential) {
    for (const char* const verb : kVerbs) {
      nlohmann::json attributes = {{"verb", verb}, {"resource", resource}};
      if (!group.empty()) attributes["group"] = group;
      if (!name.empty()) attributes["name"] = name;
      const nlohmann::json question = {{"apiVersion", "authorization.k8s.io/v1"},
                                       {"kind", "SelfSubjectAccessReview"},
                                       {"spec", {{"resourceAttributes", attributes}}}};
      const auto answer = co_await rest_.post_document(kReviews, question.dump());
      Right right{verb, group.empty() ? resource : fmt::format("{}.{}", resource, group), std::nullopt, essential};
      if (answer.has_value()) right.allowed = allowed_in(answer.value());
      answers_.report.rights.push_back(std::move(right));
    }
  }

  static std::optional<bool> allowed_in(const std::string& document) {
    const auto json = nlohmann::json::parse(document, nullptr, false);
    const nlohmann::json::json_pointer at("/status/allowed");
    if (json.is_discarded() || !json.is_object() || !json.contains(at) || !json.at(at).is_boolean())
      return std::nullopt;
    return json.at(at).get<bool>();
  }

  template <class T>
  asio::awaitable<Result<std::vector<T>>> list(const watch::WireFormat<T>& format, watch::Selection selection) {
    watch::SkippedObjects skipped{std::string(format.resource)};
    watch::ResourceClient<T> client(rest_, format, std::move(selection), skipped);
    std::vector<T> items;
    typename watch::ListerWatcher<T>::OnItem keep = [&items](watch::Decoded<T> decoded) {
      items.push_back(std::move(decoded.value));
    };
    const auto listed = co_await client.list(watch::ListOptions(), std::move(keep));
    if (!listed.has_value()) co_return listed.error();
    co_return items;
  }

  asio::awaitable<void> ask_for_node() {
    answers_.report.node_name = options_.node_name;
    watch::Selection selection;
    selection.field_selector = "metadata.name=" + options_.node_name;
    auto nodes = co_await list(watch::codec::v1::kNodes, std::move(selection));
    if (!nodes.has_value()) co_return;
    answers_.report.has_node = !nodes.value().empty();
    if (!nodes.value().empty()) answers_.node = std::move(nodes.value().front());
  }

  asio::awaitable<void> ask_for_kubernetes() {
    watch::Selection selection;
    selection.ns = "default";
    selection.field_selector = "metadata.name=kubernetes";
    const auto services = co_await list(watch::codec::v1::kServices, std::move(selection));
    if (services.has_value() && !services.value().empty()) answers_.kubernetes = services.value().front().cluster_ips;
  }

  asio::awaitable<void> ask_for_ranges() {
    if (!has_service_cidrs_) co_return;
    const watch::Selection everything;
    const auto objects = co_await list(watch::codec::networking_v1::kServiceCidrs, everything);
    if (!objects.has_value()) co_return;
    auto& all = answers_.service_ranges;
    for (const config::ServiceCidr& object : objects.value()) {
      all.insert(all.end(), object.ranges.begin(), object.ranges.end());
    }
  }

  watch::RestClient rest_;
  const Options& options_;
  bool has_service_cidrs_ = false;
  ApiAnswers answers_;
};

}  // namespace

ApiAnswers ask_api_server(const watch::ClientConfig& config, const Options& options) {
  watch::ClientConfig patient = config;
  patient.connect_timeout = kPatience;
  patient.read_timeout = kPatience;
  asio::io_context loop(1);
  Inquiry inquiry(loop, std::move(patient), options);
  bool done = false;
  asio::co_spawn(loop, inquiry.run(), [&done](const std::exception_ptr& error) {
    done = true;
    if (error) std::rethrow_exception(error);
  });
  loop.run_for(kWholeTime);
  if (!done) inquiry.give_up();
  return std::move(inquiry).answers();
}

}  // namespace ferry::proxy
