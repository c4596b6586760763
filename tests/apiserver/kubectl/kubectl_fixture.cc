#include "tests/apiserver/kubectl/kubectl_fixture.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace ferry::testing {
namespace {

std::string find_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::filesystem::path candidate = std::filesystem::path(folder) / program;
    std::error_code ignored;
    if (!folder.empty() && std::filesystem::is_regular_file(candidate, ignored)) return candidate.string();
  }
  return {};
}

/// "" when the file is none that answers.
std::string version_of(const std::string& path) {
  Command command({path, "version", "--client", "-o", "yaml"}, {{"HOME", "/nonexistent"}});
  const std::string out = command.finish().out;
  const std::string field = "gitVersion: ";
  const auto start = out.find(field);
  if (start == std::string::npos) return {};
  const auto from = start + field.size();
  return out.substr(from, out.find('\n', from) - from);
}

std::string make_home() {
  std::string name = (std::filesystem::temp_directory_path() / "ferry-kubectl-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make the folder " + name);
  return name;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string joined(const std::vector<std::string>& words) {
  std::string line = "kubectl";
  for (const std::string& word : words) line += " " + word;
  return line;
}

std::string without_last_break(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

const std::vector<Kubectl>& all_kubectls() {
  static const std::vector<Kubectl> found = [] {
    std::vector<Kubectl> kubectls;
    for (const std::string& path : {std::string(FERRY_UNPACKED_KUBECTL), find_in_path("kubectl")}) {
      if (path.empty() || !std::filesystem::exists(path)) continue;
      std::string version = version_of(path);
      const bool known = !kubectls.empty() && kubectls.front().version == version;
      if (!version.empty() && !known) kubectls.push_back({path, std::move(version)});
    }
    return kubectls;
  }();
  return found;
}

Session::Session(const Kubectl& kubectl, const std::vector<std::string>& server_flags)
    : kubectl_(kubectl), home_(make_home()) {
  environment_ = {{"HOME", home_}, {"KUBECONFIG", home_ + "/config"}, {"PATH", "/usr/bin:/bin"}, {"TZ", "UTC"}};
  std::vector<std::string> line = {std::string(FERRY_BINARY_DIR) + "/kube-ferry-apiserver", "--listen", "127.0.0.1:0"};
  line.insert(line.end(), server_flags.begin(), server_flags.end());
  server_ = std::make_unique<Command>(line, Command::Environment{});
  if (!server_->wait_for_output("\n")) throw std::runtime_error("the server did not start: " + server_->errors());
  url_ = first_line(server_->output());
}

Session::~Session() {
  server_->stop();
  std::error_code ignored;
  std::filesystem::remove_all(home_, ignored);
}

std::vector<std::string> Session::command_line(const std::vector<std::string>& words) const {
  std::vector<std::string> line = {kubectl_.path, "--server=" + url_};
  line.insert(line.end(), words.begin(), words.end());
  return line;
}

Outcome Session::run(const std::vector<std::string>& words, const std::string& input) {
  return Command(command_line(words), environment_, input).finish();
}

std::string Session::ok(const std::vector<std::string>& words, const std::string& input) {
  const Outcome outcome = run(words, input);
  EXPECT_EQ(outcome.code, 0) << joined(words) << "\n" << outcome.err << outcome.out;
  return without_last_break(outcome.out);
}

std::string Session::fails(const std::vector<std::string>& words, const std::string& input) {
  const Outcome outcome = run(words, input);
  EXPECT_EQ(outcome.code, 1) << joined(words) << "\n" << outcome.out << outcome.err;
  return outcome.err;
}

void Session::set_pod_running(const std::string& pod, const std::string& ip) {
  using nlohmann::json;
  const std::string path = "/api/v1/namespaces/default/pods/" + pod;
  json object = json::parse(ok({"get", "--raw", path}));
  json& status = object["status"];
  status["phase"] = "Running";
  status["podIP"] = ip;
  status["podIPs"] = json::array({{{"ip", ip}}});
  status["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
  ok({"replace", "--raw", path + "/status", "-f", "-"}, object.dump());
}

std::unique_ptr<Command> Session::start(const std::vector<std::string>& words) {
  return std::make_unique<Command>(command_line(words), environment_);
}

std::string Session::write_file(const std::string& name, const std::string& text) {
  std::string path = home_ + "/" + name;
  std::ofstream(path) << text;
  return path;
}

void with_each_kubectl(const std::function<void(Session&)>& test_case, const std::vector<std::string>& server_flags) {
  ASSERT_FALSE(all_kubectls().empty()) << "no kubectl is in PATH and fetch-kubectl could not unpack one";
  for (const Kubectl& kubectl : all_kubectls()) {
    SCOPED_TRACE("kubectl " + kubectl.version);
    Session session(kubectl, server_flags);
    test_case(session);
  }
}

}  // namespace ferry::testing
