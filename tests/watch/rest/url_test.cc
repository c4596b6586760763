#include "watch/rest/url.h"

#include <gtest/gtest.h>

namespace ferry::watch {
namespace {

struct Reading {
  const char* text;
  const char* means;
};

TEST(Url, ReadsWhatKubectlReads) {
  const Reading readings[] = {
      {"https://10.0.0.1:6443", "https://10.0.0.1:6443"},
      {"https://example.org", "https://example.org:443"},
      {"http://example.org", "http://example.org:80"},
      {"http://example.org/", "http://example.org:80"},
      {"HTTPS://example.org", "https://example.org:443"},
      {"https://rancher.example/k8s/clusters/c-1", "https://rancher.example:443/k8s/clusters/c-1"},
      {"https://rancher.example/k8s//", "https://rancher.example:443/k8s"},
      {"https://[fd00::1]:6443", "https://[fd00::1]:6443"},
      {"https://[fd00::1]/base", "https://[fd00::1]:443/base"},
      {"https://a_b-c.example:1", "https://a_b-c.example:1"},
  };
  for (const Reading& reading : readings) {
    const auto url = parse_url(reading.text);
    ASSERT_TRUE(url.has_value()) << reading.text << ": " << url.error();
    EXPECT_EQ(url->to_string(), reading.means) << reading.text;
  }
}

TEST(Url, WithoutASchemeItIsHttp) {
  EXPECT_EQ(parse_url("10.0.0.1:8080")->to_string(), "http://10.0.0.1:8080");
  EXPECT_EQ(parse_url("localhost")->to_string(), "http://localhost:80");
  EXPECT_EQ(parse_url("localhost:8080/")->to_string(), "http://localhost:8080");
  EXPECT_EQ(parse_url("[::1]:8080")->to_string(), "http://[::1]:8080");
}

TEST(Url, WithoutASchemeThereIsNoPath) {
  EXPECT_EQ(parse_url("host/path").error(), "host must be a URL or a host:port pair");
  EXPECT_EQ(parse_url("host:8080/path").error(), "host must be a URL or a host:port pair");
}

TEST(Url, TheHostOfAnIpv6AddressHasNoBracketsButItsAuthorityDoes) {
  const auto url = parse_url("https://[fd00::1]:6443");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->host, "fd00::1");
  EXPECT_EQ(url->authority(), "[fd00::1]:6443");
}

TEST(Url, WhatIsNoAddressIsRefusedAndTheReasonNamesIt) {
  const Reading mistakes[] = {
      {"", "host is missing"},
      {"https://", "host is missing"},
      {"https://:6443", "host is missing"},
      {"ftp://host", "must be http or https"},
      {"unix:///run/sock", "must be http or https"},
      {"https://host:0", "no port between 1 and 65535"},
      {"https://host:65536", "no port between 1 and 65535"},
      {"https://host:", "no port between 1 and 65535"},
      {"https://host:+1", "no port between 1 and 65535"},
      {"https://fd00::1", "needs brackets"},
      {"https://[fd00::1", "without its ']'"},
      {"https://[fd00::1]6443", "after ']'"},
      {"https://[host]:1", "not an IPv6 address"},
      {"https://[::g]:1", "not an IPv6 address"},
      {"https://[]:1", "not an IPv6 address"},
      {"https://ho<st", "no host name has"},
      {"https://ho<st:1", "no host name has"},
      {"https://user@host", "have their own fields in a kubeconfig"},
      {"https://host?x", "no host name has"},
      {"https://host/#part", "must not stand there"},
      {"https://host/a b", "must not stand there"},
      {"https://host\r\nX", "no host name has"},
      {"https://host/a\x01", "must not stand there"},
      {"https://host/\xc3\xa9", "must not stand there"},
  };
  for (const Reading& mistake : mistakes) {
    const auto url = parse_url(mistake.text);
    ASSERT_FALSE(url.has_value()) << mistake.text;
    EXPECT_NE(url.error().find(mistake.means), std::string::npos) << mistake.text << ": " << url.error();
  }
}

TEST(Url, NoCutOfAGoodAddressIsTakenForMoreThanItIs) {
  const std::string whole = "https://[fd00::1]:6443/base/path";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto url = parse_url(whole.substr(0, size));
    if (!url.has_value()) continue;
    EXPECT_TRUE(whole.starts_with(url->base_path.empty() ? "https://" : "https://[fd00::1]:6443" + url->base_path) ||
                !url->tls)
        << whole.substr(0, size);
  }
}

TEST(Query, EncodesEverythingButTheUnreserved) {
  EXPECT_EQ(percent_encode("azAZ09-._~"), "azAZ09-._~");
  EXPECT_EQ(percent_encode("a=b,!c/d e%"), "a%3Db%2C%21c%2Fd%20e%25");
  EXPECT_EQ(percent_encode("\xc3\xa9\n"), "%C3%A9%0A");
  EXPECT_EQ(percent_encode(std::string(1, '\0')), "%00");
}

TEST(Query, KeepsTheOrderAndWritesEmptyValues) {
  EXPECT_EQ(encode_query({}), "");
  EXPECT_EQ(encode_query({{"fields", "ID=foo"}, {"labels", ""}, {"resourceVersion", "3"}}),
            "fields=ID%3Dfoo&labels=&resourceVersion=3");
}

}  // namespace
}  // namespace ferry::watch
