#include "proxy/handover/wire.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using std::chrono::milliseconds;

config::IpAddress address(const std::string& text) { return config::IpAddress::parse(text).value(); }

UniqueFd some_file() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

/// As it comes out at the other end: encoded, decoded, with its descriptors.
Message through_the_wire(const nlohmann::json& body, std::size_t descriptors) {
  Message message{nlohmann::json::from_cbor(nlohmann::json::to_cbor(body)), {}};
  for (std::size_t count = 0; count < descriptors; ++count) message.descriptors.push_back(some_file());
  return message;
}

HandedConnection connection() {
  HandedConnection made;
  made.port = {{"shop", "web"}, "http", config::Protocol::kTcp};
  made.endpoint = {address("10.0.0.7"), 8080, true, false};
  made.choice = {config::AddressFamily::kIpv6, Scope::kLocal};
  made.peer = {address("fd00::9"), 40000};
  made.age = milliseconds(3'000'000'000'000);
  made.connected = milliseconds(2);
  made.idle = milliseconds(1);
  made.bytes_to_backend = 1ULL << 40U;
  made.bytes_to_client = 7;
  made.attempts = 3;
  made.half_closed = made.backend_told = made.unanswered = true;
  made.to_backend = {std::string("\0\xFF held", 7), true};
  return made;
}

TEST(Wire, AConnectionComesOutAsItWentIn) {
  std::vector<HandedConnection> in;
  in.push_back(connection());
  const auto out = decode_connections(through_the_wire(encode(in, 0, 1), 2));
  ASSERT_TRUE(out);
  ASSERT_EQ(out->size(), 1U);
  const HandedConnection& got = out->front();
  EXPECT_EQ(got.port, in[0].port);
  EXPECT_EQ(got.endpoint, in[0].endpoint);
  EXPECT_EQ(got.choice.index(), in[0].choice.index());
  EXPECT_EQ(got.peer, in[0].peer);
  EXPECT_EQ(got.age, in[0].age);
  EXPECT_EQ(got.connected, in[0].connected);
  EXPECT_EQ(got.idle, in[0].idle);
  EXPECT_EQ(got.bytes_to_backend, in[0].bytes_to_backend);
  EXPECT_EQ(got.bytes_to_client, in[0].bytes_to_client);
  EXPECT_EQ(got.attempts, in[0].attempts);
  EXPECT_TRUE(got.half_closed && got.backend_told && got.unanswered && !got.client_told);
  EXPECT_EQ(got.to_backend.held, in[0].to_backend.held);
  EXPECT_TRUE(got.to_backend.sender_finished);
  EXPECT_EQ(got.to_client.held, "");
  EXPECT_FALSE(got.to_client.sender_finished);
  EXPECT_TRUE(got.client && got.backend);
}

TEST(Wire, AFlowComesOutAsItWentIn) {
  std::vector<HandedFlow> in(2);
  in[1].at = {address("10.96.0.10"), 53, config::Protocol::kUdp};
  in[1].client = {address("10.244.0.1"), 5353};
  in[1].choice = {config::AddressFamily::kIpv4, Scope::kLocal};
  in[1].endpoint = {address("10.244.0.2"), 53, false, true};
  in[1].idle = milliseconds(17);
  in[1].requests = 5;
  in[1].answers = 4;
  in[1].outstanding = 1;
  in[1].unanswered = std::string("\0?", 2);
  const auto out = decode_flows(through_the_wire(encode(in, 1, 1), 1));
  ASSERT_TRUE(out);
  ASSERT_EQ(out->size(), 1U);
  const HandedFlow& got = out->front();
  EXPECT_EQ(got.at, in[1].at);
  EXPECT_EQ(got.client, in[1].client);
  EXPECT_EQ(got.choice.index(), in[1].choice.index());
  EXPECT_EQ(got.endpoint, in[1].endpoint);
  EXPECT_EQ(got.idle, in[1].idle);
  EXPECT_EQ(got.requests, 5U);
  EXPECT_EQ(got.answers, 4U);
  EXPECT_EQ(got.outstanding, 1U);
  EXPECT_EQ(got.unanswered, in[1].unanswered);
  EXPECT_TRUE(got.upstream);
}

TEST(Wire, SocketsAndAffinitiesComeOutAsTheyWentIn) {
  std::vector<HandedSocket> sockets;
  sockets.push_back({HandedSocket::Kind::kAddress, {address("fd00::1"), 443, config::Protocol::kTcp}, UniqueFd()});
  sockets.push_back({HandedSocket::Kind::kListener, {}, UniqueFd()});
  sockets.push_back({HandedSocket::Kind::kLink, {}, UniqueFd()});
  const auto got = decode_sockets(through_the_wire(encode(sockets, 0, 3), 3));
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 3U);
  EXPECT_EQ((*got)[0].at, sockets[0].at);
  EXPECT_EQ((*got)[1].kind, HandedSocket::Kind::kListener);
  EXPECT_EQ((*got)[2].kind, HandedSocket::Kind::kLink);
  EXPECT_TRUE((*got)[2].fd);

  const std::vector<HandedAffinity> affinities{{{{"shop", "web"}, "", config::Protocol::kTcp},
                                                address("10.1.2.3"),
                                                {address("10.0.0.7"), 80, false, false},
                                                milliseconds(900)}};
  const auto kept = decode_affinities(through_the_wire(encode(affinities, 0, 1), 0));
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 1U);
  EXPECT_EQ(kept->front().port, affinities[0].port);
  EXPECT_EQ(kept->front().client, affinities[0].client);
  EXPECT_EQ(kept->front().endpoint, affinities[0].endpoint);
  EXPECT_EQ(kept->front().idle, affinities[0].idle);
}

TEST(Wire, WhatALaterVersionAddsIsPassedOverAndWhatAnEarlierOneLacksHasItsDefault) {
  std::vector<HandedConnection> in;
  in.push_back(connection());
  nlohmann::json body = encode(in, 0, 1);
  body["items"][0]["colour"] = "green";
  body["items"][0].erase("attempts");
  body["items"][0].erase("age");
  const auto out = decode_connections(through_the_wire(body, 2));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->front().attempts, 1U);
  EXPECT_EQ(out->front().age, milliseconds(0));
}

TEST(Wire, NothingComesOfWhatIsNotWhatItShouldBe) {
  std::vector<HandedConnection> in;
  in.push_back(connection());
  const nlohmann::json good = encode(in, 0, 1);
  EXPECT_FALSE(decode_connections(through_the_wire(good, 1))) << "a descriptor is missing";
  EXPECT_FALSE(decode_connections(through_the_wire(good, 3)));
  EXPECT_FALSE(decode_connections(through_the_wire({{"kind", "connections"}}, 0)));
  for (const auto& [where, what] : std::vector<std::pair<std::string, nlohmann::json>>{
           {"/items", 7},
           {"/items/0", "x"},
           {"/items/0/endpoint/address", "10.0.0.300"},
           {"/items/0/endpoint/port", "eighty"},
           {"/items/0/port/protocol", "ICMP"},
           {"/items/0/toBackend/held", "text"},
           {"/items/0/peer", nullptr},
       }) {
    nlohmann::json bad = good;
    bad[nlohmann::json::json_pointer(where)] = what;
    EXPECT_FALSE(decode_connections(through_the_wire(bad, 2))) << where;
  }
}

}  // namespace
}  // namespace ferry::proxy
