#include "tests/support/scripted_server.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>
#include <zlib.h>

namespace ferry::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket&>;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
// Turns of the loop that a reader on the same loop needs, at most, to take what was sent, TLS and timers included.
constexpr int kTurnsToTake = 6;

std::string common_name(const X509* certificate) {
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return name;
}

template <class Stream>
asio::awaitable<bool> read_request(Stream& stream, std::string& received, std::vector<std::string>& requests) {
  const auto [code, size] = co_await asio::async_read_until(stream, asio::dynamic_buffer(received), "\r\n\r\n", kToken);
  if (code.failed()) co_return false;
  requests.push_back(received.substr(0, size));
  received.erase(0, size);
  co_return true;
}

template <class Stream>
asio::awaitable<bool> send_pieces(Stream& stream, const std::string& bytes, std::size_t piece) {
  const auto executor = co_await asio::this_coro::executor;
  const std::size_t step = piece == 0 ? bytes.size() : piece;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const auto part = asio::buffer(bytes.data() + at, std::min(step, bytes.size() - at));
    const auto [code, size] = co_await asio::async_write(stream, part, kToken);
    if (code.failed()) co_return false;
    for (int turn = 0; turn < kTurnsToTake && piece != 0; ++turn) co_await asio::post(executor, asio::use_awaitable);
  }
  co_return true;
}

template <class Stream>
asio::awaitable<void> wait_for_close(Stream& stream) {
  std::array<char, 1024> ignored;
  error_code code;
  while (!code.failed()) {
    const auto [ended, size] = co_await stream.async_read_some(asio::buffer(ignored), kToken);
    code = ended;
  }
}

}  // namespace

Script& Script::add(Step step) {
  steps_.push_back(std::move(step));
  return *this;
}
Script& Script::request() { return add({Kind::kRequest, {}, 0, {}}); }
Script& Script::send(std::string bytes, std::size_t piece) { return add({Kind::kSend, std::move(bytes), piece, {}}); }
Script& Script::then(std::function<void()> action) { return add({Kind::kThen, {}, 0, std::move(action)}); }
Script& Script::hang() { return add({Kind::kHang, {}, 0, {}}); }
Script& Script::reset() { return add({Kind::kReset, {}, 0, {}}); }
Script& Script::cut() { return add({Kind::kCut, {}, 0, {}}); }

struct ScriptedServer::State {
  explicit State(const asio::any_io_executor& loop)
      : executor(loop), acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

  asio::any_io_executor executor;
  tcp::acceptor acceptor;
  std::optional<asio::ssl::context> tls;
  std::deque<Script> scripts;
  std::vector<tcp::socket*> open;
  std::vector<std::string> requests;
  std::vector<std::string> server_names;
  std::vector<std::string> client_names;
  std::size_t connections = 0;
  std::size_t begun = 0;
  std::size_t ended = 0;
  bool stopped = false;
};

ScriptedServer::ScriptedServer(const asio::any_io_executor& executor) : state_(std::make_shared<State>(executor)) {
  asio::co_spawn(executor, accept(state_), asio::detached);
}

ScriptedServer::ScriptedServer(const asio::any_io_executor& executor, const ServerTls& tls) : ScriptedServer(executor) {
  asio::ssl::context& context = state_->tls.emplace(asio::ssl::context::tls_server);
  context.use_certificate_chain(asio::buffer(tls.identity.certificate));
  context.use_private_key(asio::buffer(tls.identity.key), asio::ssl::context::pem);
  if (!tls.client_authority.empty()) {
    context.add_certificate_authority(asio::buffer(tls.client_authority));
    context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
}

ScriptedServer::~ScriptedServer() { stop(); }

std::uint16_t ScriptedServer::port() const { return state_->acceptor.local_endpoint().port(); }

std::string ScriptedServer::url() const {
  return (state_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port());
}

Script& ScriptedServer::on_connection() { return state_->scripts.emplace_back(); }

const std::vector<std::string>& ScriptedServer::requests() const { return state_->requests; }
const std::vector<std::string>& ScriptedServer::server_names() const { return state_->server_names; }
const std::vector<std::string>& ScriptedServer::client_names() const { return state_->client_names; }
std::size_t ScriptedServer::connections() const { return state_->connections; }

bool ScriptedServer::finished() const {
  return state_->scripts.empty() && state_->ended == state_->begun && state_->connections == state_->begun;
}

void ScriptedServer::stop() {
  state_->stopped = true;
  error_code ignored;
  state_->acceptor.close(ignored);
  for (tcp::socket* socket : state_->open) socket->close(ignored);
}

asio::awaitable<void> ScriptedServer::accept(std::shared_ptr<State> state) {
  while (!state->stopped) {
    auto [code, socket] = co_await state->acceptor.async_accept(kToken);
    if (code.failed()) co_return;
    ++state->connections;
    if (state->scripts.empty()) continue;
    Script script = std::move(state->scripts.front());
    state->scripts.pop_front();
    ++state->begun;
    asio::co_spawn(state->executor, serve(state, std::move(socket), std::move(script)), asio::detached);
  }
}

asio::awaitable<void> ScriptedServer::serve(std::shared_ptr<State> state, tcp::socket socket, Script script) {
  struct Listed {
    State& state;
    tcp::socket* socket;
    ~Listed() { std::erase(state.open, socket); }
  };
  state->open.push_back(&socket);
  const Listed listed{*state, &socket};
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  if (!state->tls) {
    co_await play(state, socket, std::move(script));
    co_return;
  }
  TlsStream stream(socket, *state->tls);
  const auto [code] = co_await stream.async_handshake(asio::ssl::stream_base::server, kToken);
  const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
  state->server_names.emplace_back(name == nullptr ? "" : name);
  if (const X509* shown = SSL_get0_peer_certificate(stream.native_handle()); shown != nullptr && !code.failed()) {
    state->client_names.push_back(common_name(shown));
  }
  if (code.failed()) {
    ++state->ended;
    co_return;
  }
  co_await play(state, stream, std::move(script));
}

template <class Stream>
asio::awaitable<void> ScriptedServer::play(std::shared_ptr<State> state, Stream& stream, Script script) {
  error_code ignored;
  std::string received;
  for (const Script::Step& step : script.steps_) {
    bool goes_on = true;
    switch (step.kind) {
      case Script::Kind::kRequest:
        goes_on = co_await read_request(stream, received, state->requests);
        break;
      case Script::Kind::kSend:
        goes_on = co_await send_pieces(stream, step.bytes, step.piece);
        break;
      case Script::Kind::kThen:
        step.action();
        break;
      case Script::Kind::kHang:
        co_await wait_for_close(stream);
        break;
      case Script::Kind::kReset:
        stream.lowest_layer().set_option(asio::socket_base::linger(true, 0), ignored);
        [[fallthrough]];
      case Script::Kind::kCut:
        stream.lowest_layer().close(ignored);
        ++state->ended;
        co_return;
    }
    if (!goes_on) co_return;
  }
  ++state->ended;
  if constexpr (!std::is_same_v<Stream, tcp::socket>) co_await stream.async_shutdown(kToken);
  stream.lowest_layer().shutdown(tcp::socket::shutdown_both, ignored);
}

std::string http_answer(const std::string& body, const std::string& status, const std::string& headers) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chunked_head(const std::string& headers) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + headers + "Transfer-Encoding: chunked\r\n\r\n";
}

std::string chunk(const std::string& bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx", bytes.size());
  return std::string(size) + "\r\n" + bytes + "\r\n";
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib cannot begin");
  }
  std::string compressed(deflateBound(&stream, bytes.size()), '\0');
  std::string input = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  const int result = deflate(&stream, Z_FINISH);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::runtime_error("zlib cannot compress");
  return compressed;
}

}  // namespace ferry::testing
