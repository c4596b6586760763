#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "tests/apiserver/faults.h"
#include "tests/apiserver/storage.h"

namespace ferry::apiserver {

/// Whose behaviour is imitated where releases of Kubernetes differ.
enum class Release : std::uint8_t {
  /// discovery.k8s.io/v1beta1 alone, no WatchList (422), creationTimestamp null in bookmarks.
  k1_20,
  /// discovery.k8s.io/v1 and v1beta1, WatchList, Warning headers on Endpoints.
  k1_36,
};

/// Starts controllers on the server's loop; they stop when what it returns is destroyed.
using StartControllers = std::function<std::shared_ptr<void>(boost::asio::io_context&, Storage&)>;

struct Options {
  std::string listen = "127.0.0.1:0";
  /// PEM files; both or neither. With them the server speaks TLS.
  std::string tls_cert_file;
  std::string tls_private_key_file;
  /// Lines of token,user,uid[,"group,group"]. With it a wrong token is answered 401 and none at all 403.
  std::string token_file;
  /// What nobody may, such as "list services": asked for, it is a 403.
  std::vector<std::string> denied;
  /// Kubernetes manifests, YAML or JSON, several documents.
  std::string seed_file;
  /// Events kept per resource; ignored when `storage` is given.
  std::size_t history = 10000;
  /// One CIDR, or an IPv4 and an IPv6 one separated by a comma (the first is the primary family).
  std::string service_cluster_ip_range = "10.96.0.0/12";
  std::chrono::milliseconds bookmark_interval{60000};
  /// Events a watcher may be behind before it is cut.
  std::size_t watch_queue = 16384;
  Release release = Release::k1_36;
  /// Whether discovery.k8s.io is served at all.
  bool endpoint_slices = true;
  /// Watches below /api/v1beta1 write {"Type","Object"}, as in August 2014.
  bool capital_events = false;
  StartControllers controllers;
  /// The state of an earlier server, kept over a restart; null for a fresh one.
  std::shared_ptr<Storage> storage;
};

/// One request as the server understood it, for tests that ask what a client did.
struct RequestRecord {
  std::string method;
  std::string target;
  /// get, list, watch, create, update, patch, delete, deletecollection; empty for what is no resource.
  std::string verb;
  int status = 0;
};

/// A Kubernetes API server in memory. It lives on one loop, which must outlive it and be run by one thread;
/// every function below is to be called on that thread, or while it does not run.
class Server {
 public:
  /// Reads the files the options name. Throws std::runtime_error saying in one sentence what is wrong with them.
  Server(boost::asio::io_context& loop, Options options);
  /// Stops first.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens. Throws std::runtime_error when it cannot.
  void start();
  /// Stops listening and cuts every connection: their coroutines end as the loop runs on. To restart on the same
  /// port, make another Server that listens on `address()`, with this one's `shared_storage()` or a fresh one.
  void stop();
  /// Stops listening and ends every watch as a timeout does; connections close after the answer they are at.
  void drain();

  /// Between start and stop (or drain).
  [[nodiscard]] bool listening() const;
  /// "http://127.0.0.1:PORT" (or https), once started.
  [[nodiscard]] std::string url() const;
  /// "127.0.0.1:PORT", once started.
  [[nodiscard]] std::string address() const;

  [[nodiscard]] Storage& storage();
  [[nodiscard]] std::shared_ptr<Storage> shared_storage();
  [[nodiscard]] Faults& faults();
  /// The latest requests, oldest first, at most 10,000.
  [[nodiscard]] std::vector<RequestRecord> requests() const;
  [[nodiscard]] std::size_t open_watches() const;
  [[nodiscard]] std::size_t open_connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ferry::apiserver
