// What real servers sent, byte for byte, over a connection. What the bodies hold is the codecs' tests' affair.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/watch/rest/rest_fixture.h"
#include "watch/codec/discovery_v1/formats.h"
#include "watch/codec/v1/formats.h"
#include "watch/rest/resource_client.h"

namespace ferry::watch {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAreArray;

const fs::path kRecordings = fs::path(FERRY_TEST_DATA) / "recordings";

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << file;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class RecordedExchange : public RestFixture {
 protected:
  struct Watched {
    std::vector<std::string> events;
    bool good = false;
  };

  Watched watch_slices(const std::string& answer, std::size_t piece) {
    server.on_connection().request().send(answer, piece);
    RestClient client(context.get_executor(), config());
    SkippedObjects skipped("endpointslices");
    ResourceClient<config::EndpointSlice> slices(client, codec::discovery_v1::kEndpointSlices, {}, skipped);
    Watched watched;
    const auto result = testing::run(context, slices.watch({}, [&watched](const Event<config::EndpointSlice>& event) {
      watched.events.push_back(std::to_string(static_cast<int>(event.type)) + " " + event.meta.name.to_string() + "@" +
                               event.meta.resource_version);
    }));
    watched.good = result.has_value();
    return watched;
  }

  std::size_t count_services(const std::string& answer, std::size_t piece) {
    server.on_connection().request().send(answer, piece);
    RestClient client(context.get_executor(), config());
    SkippedObjects skipped("services");
    ResourceClient<config::Service> services(client, codec::v1::kServices, {}, skipped);
    std::size_t count = 0;
    const auto result =
        testing::run(context, services.list({}, [&count](const Decoded<config::Service>&) { ++count; }));
    EXPECT_TRUE(result.has_value());
    return result.has_value() ? count : 0;
  }
};

TEST_F(RecordedExchange, AWatchInItsOwnChunksReadsTheSameHoweverItIsCut) {
  const std::string whole = bytes_of(kRecordings / "apiserver-library-0.36.4/04-watch-bookmarks-75s-rawchunks.http");
  const Watched expected = watch_slices(whole, 0);
  EXPECT_TRUE(expected.good);
  ASSERT_GE(expected.events.size(), 4U);
  EXPECT_EQ(expected.events[0], "0 default/w1-abc@20");
  EXPECT_EQ(expected.events[2], "2 default/w1-abc@22");
  for (const std::size_t piece : {1U, 2U, 3U, 61U, 700U, 1500U}) {
    const Watched watched = watch_slices(whole, piece);
    EXPECT_TRUE(watched.good) << piece;
    EXPECT_THAT(watched.events, ElementsAreArray(expected.events)) << piece;
  }
}

TEST_F(RecordedExchange, AWatchThatBreaksOffKeepsTheEventsThatWereWholeAndSaysSo) {
  const std::string whole = bytes_of(kRecordings / "apiserver-library-0.36.4/04-watch-bookmarks-75s-rawchunks.http");
  const Watched expected = watch_slices(whole, 0);
  for (std::size_t size = 0; size < whole.size(); size += 13) {
    const Watched watched = watch_slices(whole.substr(0, size), 0);
    EXPECT_FALSE(watched.good) << size;
    ASSERT_LE(watched.events.size(), expected.events.size());
    EXPECT_TRUE(std::equal(watched.events.begin(), watched.events.end(), expected.events.begin())) << size;
  }
}

TEST_F(RecordedExchange, ACompressedListReadsTheSameHoweverItIsCut) {
  for (const char* server_version : {"apiserver-library-0.36.4", "kube-apiserver-1.20.2"}) {
    const std::string whole = bytes_of(kRecordings / server_version / "11-list-big-gzip.http");
    const std::size_t expected = count_services(whole, 0);
    EXPECT_GT(expected, 100U);
    for (const std::size_t piece : {17U, 1000U, 4096U}) EXPECT_EQ(count_services(whole, piece), expected) << piece;
  }
}

TEST_F(RecordedExchange, EveryRefusalTellsItsStatus) {
  std::size_t refusals = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRecordings)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("09-4")) continue;
    ++refusals;
    const std::string exchange = bytes_of(entry.path());
    server.on_connection().request().send(exchange).hang();
    RestClient client(context.get_executor(), config());
    const Answer answer = get(client);
    ASSERT_TRUE(answer.result.has_error()) << entry.path();
    EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kStatus);
    EXPECT_EQ(std::to_string(answer.result.error().http_status), exchange.substr(std::strlen("HTTP/1.1 "), 3))
        << entry.path();
    EXPECT_NE(answer.result.error().message, "") << entry.path();
  }
  EXPECT_GT(refusals, 30U);
}

}  // namespace
}  // namespace ferry::watch
