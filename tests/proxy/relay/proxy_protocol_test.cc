#include "proxy/relay/proxy_protocol.h"

#include <string>

#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using State = ProxyHeader::State;

Peer peer(const char* address, std::uint16_t port) { return {*config::IpAddress::parse(address), port}; }

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

/// The fixed part for a block of `length` bytes.
std::string fixed(char version_and_command, char family, std::size_t length) {
  return kSignature + version_and_command + family + static_cast<char>(length >> 8U) + static_cast<char>(length);
}
const std::string kTcp4 = fixed(0x21, 0x11, 12) + std::string("\x0A\xF4\x00\x02\x0A\x60\x00\x0A\xD4\x31\x00\x50", 12);

TEST(ProxyProtocol, AHeaderIsWrittenByteForByte) {
  EXPECT_EQ(proxy_header(peer("10.244.0.2", 54321), peer("10.96.0.10", 80)), kTcp4);
  const std::string six = proxy_header(peer("fd00::2", 1), peer("fd00::3", 2));
  EXPECT_EQ(six.substr(0, 16), fixed(0x21, 0x21, 36));
  EXPECT_EQ(six.substr(16), std::string("\xFD\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02"
                                        "\xFD\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\x01\0\x02",
                                        36));
}

TEST(ProxyProtocol, OfTwoFamiliesBothAreWrittenAsIpv6) {
  const std::string header = proxy_header(peer("fd00::2", 1), peer("10.96.0.10", 80));
  EXPECT_EQ(header.substr(0, 16), fixed(0x21, 0x21, 36));
  EXPECT_EQ(header.substr(32, 16), std::string("\0\0\0\0\0\0\0\0\0\0\xFF\xFF\x0A\x60\0\x0A", 16));
}

TEST(ProxyProtocol, WhatIsWrittenIsReadBack) {
  for (const char* address : {"10.244.0.2", "fd00::2"}) {
    const std::string header = proxy_header(peer(address, 54321), peer(address, 80));
    const ProxyHeader read = read_proxy_header(header + "GET /");
    EXPECT_EQ(read.state, State::kWhole);
    EXPECT_EQ(read.length, header.size());
    EXPECT_EQ(read.source, peer(address, 54321));
  }
}

TEST(ProxyProtocol, AnIpv4AddressWrittenAsIpv6IsTheIpv4Address) {
  const std::string header = proxy_header(peer("10.244.0.2", 54321), peer("fd00::3", 80));
  EXPECT_EQ(header.size(), 52U);
  EXPECT_EQ(read_proxy_header(header).source, peer("10.244.0.2", 54321));
}

TEST(ProxyProtocol, EveryBeginningOfAHeaderIsIncomplete) {
  for (std::size_t size = 0; size < kTcp4.size(); ++size) {
    EXPECT_EQ(read_proxy_header(kTcp4.substr(0, size)).state, State::kIncomplete) << size;
  }
}

TEST(ProxyProtocol, AnotherFirstByteIsWrongAtOnce) {
  for (std::size_t at = 0; at < 13; ++at) {
    std::string wrong = kTcp4.substr(0, at + 1);
    wrong[at] = 'x';
    EXPECT_EQ(read_proxy_header(wrong).state, State::kWrong) << at;
  }
  EXPECT_EQ(read_proxy_header("PROXY TCP4 10.244.0.2 10.96.0.10 54321 80\r\n").state, State::kWrong);
}

TEST(ProxyProtocol, ALocalConnectionHasNoSource) {
  for (const std::string& header : {fixed(0x20, 0x00, 0), fixed(0x20, 0x11, 12) + kTcp4.substr(16),
                                    fixed(0x21, 0x00, 3) + "abc", fixed(0x21, 0x12, 12) + kTcp4.substr(16)}) {
    const ProxyHeader read = read_proxy_header(header);
    EXPECT_EQ(read.state, State::kWhole);
    EXPECT_EQ(read.length, header.size());
    EXPECT_EQ(read.source, std::nullopt);
  }
}

TEST(ProxyProtocol, ExtensionsAreSkippedUpToTheBound) {
  const std::size_t most = kLongestProxyHeader - 16;
  const std::string addresses = kTcp4.substr(16);
  const std::string longest = fixed(0x21, 0x11, most) + addresses + std::string(most - 12, 'e');
  EXPECT_EQ(read_proxy_header(longest).source, peer("10.244.0.2", 54321));
  EXPECT_EQ(read_proxy_header(longest).length, kLongestProxyHeader);
  EXPECT_EQ(read_proxy_header(fixed(0x21, 0x11, most + 1)).state, State::kWrong);
  EXPECT_EQ(read_proxy_header(fixed(0x21, 0x11, 0xFFFF)).state, State::kWrong);
}

TEST(ProxyProtocol, TooFewBytesForTheAddressesAreWrong) {
  EXPECT_EQ(read_proxy_header(fixed(0x21, 0x11, 11)).state, State::kWrong);
  EXPECT_EQ(read_proxy_header(fixed(0x21, 0x21, 35)).state, State::kWrong);
}

}  // namespace
}  // namespace ferry::proxy
