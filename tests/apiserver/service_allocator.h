#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "tests/apiserver/storage.h"

namespace ferry::apiserver {

/// Hands out cluster IPs and node ports. It hears of services that come and go from the storage itself, so what was
/// stored in any way is never handed out again, and what was deleted is free at once.
class ServiceAllocator {
 public:
  /// `ranges`: one CIDR or two of different families, separated by a comma. Throws std::runtime_error when they are
  /// not. The storage must outlive the allocator.
  ServiceAllocator(Storage& storage, std::string_view ranges);

  /// "IPv4" or "IPv6" for each range, the primary first.
  [[nodiscard]] const std::vector<std::string>& families() const { return families_; }
  /// Whether an address lies in a range.
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;
  /// The ranges as they were written.
  [[nodiscard]] const std::string& ranges() const { return text_; }
  /// Whether services live in 127.0.0.0/8, where their endpoints may then live too.
  [[nodiscard]] bool loopback() const;
  /// The service ("namespace/name") that has an address; empty when it is free.
  [[nodiscard]] std::string owner(std::string_view address) const;
  [[nodiscard]] bool node_port_taken(int port, std::string_view except_key) const;

  /// A free address of the family; nullopt when the range is full or there is none.
  std::optional<std::string> allocate(std::string_view family);
  /// A free port in 30000-32767; nullopt when all are taken.
  std::optional<int> allocate_node_port();

 private:
  struct Range {
    bool v6 = false;
    /// The address without its last 32 bits, and those.
    boost::asio::ip::address_v6::bytes_type base{};
    int prefix = 0;
    /// How many of its addresses are handed out: at most 2^24.
    std::uint32_t size = 0;
    std::uint32_t next = 0;
  };
  static Range parse_range(std::string_view cidr);
  static boost::asio::ip::address at(const Range& range, std::uint32_t offset);
  static bool inside(const Range& range, const boost::asio::ip::address& address);
  void on_event(const Event& event);
  void take(const Object& service);
  void release(const Object& service);

  std::string text_;
  std::vector<Range> ranges_;
  std::vector<std::string> families_;
  std::map<std::string, std::string, std::less<>> owners_;
  std::map<int, std::string> node_ports_;
  int next_node_port_ = 30000;
  std::unique_ptr<Storage::Subscription> subscription_;
};

/// The address in a text, strictly; nullopt when it is none.
std::optional<boost::asio::ip::address> parse_address(std::string_view text);

}  // namespace ferry::apiserver
