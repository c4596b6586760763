#include "proxy/capture/sk_lookup_capture.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <netinet/in.h>

#include "proxy/bpf/addresses.h"
#include "proxy/capture/sk_lookup_layout.h"
#include "proxy/capture/sk_lookup_program.skel.h"
#include "proxy/relay/answer_socket.h"
#include "proxy/relay/source_filter.h"
#include "proxy/relay/udp_socket.h"

namespace ferry::proxy {

namespace {

using config::AddressFamily;
using config::IpAddress;
using config::Protocol;

constexpr unsigned kMappedBits = 96;

struct DestroyProgram {
  void operator()(sk_lookup_program* program) const { sk_lookup_program__destroy(program); }
};
struct DestroyLink {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

/// Where the sockets are bound to which the program brings what was sent elsewhere: the IPv4 dummy address and the
/// discard prefix's (RFC 7600, RFC 6666), which no packet is delivered to.
IpAddress nowhere(AddressFamily family) {
  return family == AddressFamily::kIpv4 ? *IpAddress::parse("192.0.0.8") : *IpAddress::parse("100::1");
}

unsigned mapped_length(const config::IpPrefix& range) {
  return range.length() + (range.address().is_v4() ? kMappedBits : 0);
}

ferry_frontend_key key_of(const ListenAddress& at) {
  return {layout_of(at.address), at.port,
          static_cast<__u16>(at.protocol == Protocol::kTcp ? IPPROTO_TCP : IPPROTO_UDP)};
}

class SkLookupCapture : public Capture {
 public:
  SkLookupCapture(std::size_t workers, int backlog, const Prefixes& owned, bool heir);

  std::string_view name() const override { return "sk_lookup"; }
  SocketResult open(const ListenAddress& at, const Admission& admission) override;
  int admit(const ListenAddress& at, int fd, const Admission& admission) override;
  void refuse(const ListenAddress& at, int fd) override;
  void release(const ListenAddress& at) override;
  void own(const IpAddress& address) override;
  void let_go(const IpAddress& address) override;
  std::vector<UniqueFd> take_listeners(std::size_t worker) override;
  int answer_socket(std::size_t worker, AddressFamily family) const override {
    return workers_[worker].answers.at(static_cast<std::size_t>(family)).get();
  }
  std::vector<HandedSocket> bequeath() const override;
  std::vector<UniqueFd> inherit(std::vector<HandedSocket> sockets) override;
  void take_effect() override;
  void stop() override;

 private:
  struct PerWorker {
    /// Each worker has copies of its own.
    std::vector<UniqueFd> listeners;
    std::array<UniqueFd, 2> answers;
  };
  /// Who is let in at one address.
  struct Admitted {
    __u32 id = 0;
    Prefixes sources;
  };

  void load(std::size_t workers);
  void attach();
  void open_sockets(std::size_t worker, AddressFamily family, int backlog);
  int map(const bpf_map* which) const { return bpf_map__fd(which); }
  int put_socket(__u32 index, int fd);
  int put(const ListenAddress& at, const ferry_frontend& frontend);
  int put_owned(const config::IpPrefix& range);
  bool has_family(AddressFamily family) const { return families_.at(static_cast<std::size_t>(family)); }

  SocketResult open_datagram_socket(const ListenAddress& at, const Admission& admission);
  SocketResult inherited_or_new(const ListenAddress& at, const Admission& admission);
  int open_stream(const ListenAddress& at, const Admission& admission);
  /// 0 and the set's number, or an errno.
  std::pair<int, __u32> add_sources(const Prefixes& sources, AddressFamily family);
  void forget_sources(const Admitted& admitted);
  std::optional<__u32> free_index();

  std::unique_ptr<sk_lookup_program, DestroyProgram> program_;
  std::unique_ptr<bpf_link, DestroyLink> link_;
  /// Of another process whose place this one takes; moved to this process's program rather than replaced, so that
  /// nothing falls between the two.
  UniqueFd inherited_link_;
  std::unordered_map<ListenAddress, UniqueFd> inherited_;
  std::array<bool, 2> families_{};
  std::array<UniqueFd, 2> silent_;
  std::vector<PerWorker> workers_;
  std::unordered_map<ListenAddress, Admitted> admitted_;
  /// Where each UDP frontend's socket is in the map of sockets.
  std::unordered_map<ListenAddress, __u32> datagram_sockets_;
  std::vector<__u32> free_indexes_;
  __u32 next_index_;
  __u32 next_sources_ = FERRY_EVERYONE + 1;
  std::unordered_map<IpAddress, std::size_t> owned_;
  Prefixes owned_ranges_;
};

SkLookupCapture::SkLookupCapture(std::size_t workers, int backlog, const Prefixes& owned, bool heir)
    : workers_(workers),
      next_index_(static_cast<__u32>(FERRY_FIRST_LISTENER + config::kAddressFamilies.size() * workers)),
      owned_ranges_(owned) {
  load(workers);
  for (const AddressFamily family : config::kAddressFamilies) {
    const Prefixes nobody;
    const auto at = static_cast<std::size_t>(family);
    SocketResult silent = open_listener(nowhere(family), 0, 1, &nobody);
    if (silent.error == EAFNOSUPPORT || silent.error == EADDRNOTAVAIL) continue;
    if (silent.error != 0) fail("cannot open a listener", silent.error);
    families_.at(at) = true;
    const int error = put_socket(family == AddressFamily::kIpv4 ? FERRY_SILENT_V4 : FERRY_SILENT_V6, silent.fd.get());
    if (error != 0) fail("the kernel does not take a listener for its map of sockets", error);
    silent_.at(at) = std::move(silent.fd);
    for (std::size_t worker = 0; worker < workers; ++worker) {
      open_sockets(worker, family, backlog);
    }
  }
  for (const config::IpPrefix& range : owned_ranges_) {
    if (const int error = put_owned(range); error != 0) fail("cannot tell the kernel a service range", error);
  }
  if (!heir) attach();
}

std::vector<UniqueFd> SkLookupCapture::take_listeners(std::size_t worker) {
  std::vector<UniqueFd> listeners;
  for (const UniqueFd& listener : workers_[worker].listeners) {
    listeners.push_back(duplicate(listener.get()));
    if (!listeners.back()) fail("cannot copy a listener's descriptor", errno);
  }
  return listeners;
}

std::vector<HandedSocket> SkLookupCapture::bequeath() const {
  std::vector<HandedSocket> sockets;
  for (const PerWorker& worker : workers_) {
    for (const UniqueFd& listener : worker.listeners) {
      sockets.push_back({HandedSocket::Kind::kListener, {}, duplicate(listener.get())});
    }
  }
  const int link = inherited_link_ ? inherited_link_.get() : bpf_link__fd(link_.get());
  sockets.push_back({HandedSocket::Kind::kLink, {}, duplicate(link)});
  return sockets;
}

std::vector<UniqueFd> SkLookupCapture::inherit(std::vector<HandedSocket> sockets) {
  std::vector<UniqueFd> listeners;
  for (HandedSocket& socket : sockets) {
    switch (socket.kind) {
      case HandedSocket::Kind::kAddress:
        inherited_[socket.at] = std::move(socket.fd);
        break;
      case HandedSocket::Kind::kListener:
        listeners.push_back(std::move(socket.fd));
        break;
      case HandedSocket::Kind::kLink:
        inherited_link_ = std::move(socket.fd);
        break;
    }
  }
  return listeners;
}

void SkLookupCapture::take_effect() {
  inherited_.clear();
  if (inherited_link_ &&
      bpf_link_update(inherited_link_.get(), bpf_program__fd(program_->progs.choose_socket), nullptr) == 0) {
    return;
  }
  // One that cannot be moved, of a network that is gone for example, captures nothing here.
  inherited_link_.reset();
  attach();
}

void SkLookupCapture::load(std::size_t workers) {
  // What it has to say comes as errors.
  libbpf_set_print(nullptr);
  program_.reset(sk_lookup_program__open());
  if (!program_) fail("cannot read the sk_lookup program", errno);
  program_->rodata->listener_count = static_cast<__u32>(workers);
  if (const int error = sk_lookup_program__load(program_.get()); error != 0) {
    fail("the kernel does not take the sk_lookup program", -error);
  }
}

void SkLookupCapture::open_sockets(std::size_t worker, AddressFamily family, int backlog) {
  const auto at = static_cast<std::size_t>(family);
  SocketResult listener = open_listener(nowhere(family), 0, backlog);
  if (listener.error == 0) listener.error = make_transparent(listener.fd.get(), family);
  if (listener.error != 0) fail("cannot open a listener", listener.error);
  const auto index = static_cast<__u32>(FERRY_FIRST_LISTENER + at * workers_.size() + worker);
  if (const int error = put_socket(index, listener.fd.get()); error != 0) {
    fail("the kernel does not take a listener for its map of sockets", error);
  }
  SocketResult answers = open_answer_socket(nowhere(family));
  if (answers.error != 0) fail("cannot open a raw socket", answers.error);
  workers_[worker].listeners.push_back(std::move(listener.fd));
  workers_[worker].answers.at(at) = std::move(answers.fd);
}

void SkLookupCapture::attach() {
  const UniqueFd network(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!network) fail("cannot open the network namespace", errno);
  link_.reset(bpf_program__attach_netns(program_->progs.choose_socket, network.get()));
  if (!link_) fail("the kernel does not attach the sk_lookup program", errno);
}

int SkLookupCapture::put_socket(__u32 index, int fd) {
  const __u64 value = static_cast<__u64>(fd);
  return -bpf_map_update_elem(map(program_->maps.sockets), &index, &value, BPF_ANY);
}

int SkLookupCapture::put(const ListenAddress& at, const ferry_frontend& frontend) {
  const ferry_frontend_key key = key_of(at);
  return -bpf_map_update_elem(map(program_->maps.frontends), &key, &frontend, BPF_ANY);
}

int SkLookupCapture::put_owned(const config::IpPrefix& range) {
  const ferry_owned_key key{mapped_length(range), layout_of(range.address())};
  const __u8 yes = 1;
  return -bpf_map_update_elem(map(program_->maps.owned), &key, &yes, BPF_ANY);
}

SocketResult SkLookupCapture::open(const ListenAddress& at, const Admission& admission) {
  if (!has_family(at.address.family())) return {UniqueFd(), EAFNOSUPPORT};
  if (at.protocol == Protocol::kUdp) return open_datagram_socket(at, admission);
  return {UniqueFd(), open_stream(at, admission)};
}

int SkLookupCapture::open_stream(const ListenAddress& at, const Admission& admission) {
  Admitted admitted;
  if (!admission.everyone) {
    const auto [error, id] = add_sources(admission.sources, at.address.family());
    if (error != 0) return error;
    admitted = {id, admission.sources};
  }
  if (const int error = put(at, {0, 0, admitted.id}); error != 0) {
    forget_sources(admitted);
    return error;
  }
  const auto former = admitted_.find(at);
  if (former != admitted_.end()) forget_sources(former->second);
  if (admitted.id != FERRY_EVERYONE) {
    admitted_[at] = std::move(admitted);
  } else if (former != admitted_.end()) {
    admitted_.erase(former);
  }
  return 0;
}

SocketResult SkLookupCapture::open_datagram_socket(const ListenAddress& at, const Admission& admission) {
  SocketResult opened = inherited_or_new(at, admission);
  if (opened.error != 0) return opened;
  const std::optional<__u32> index = free_index();
  if (!index) return {UniqueFd(), ENOSPC};
  int error = put_socket(*index, opened.fd.get());
  if (error == 0) error = put(at, {0, *index, FERRY_EVERYONE});
  if (error != 0) {
    free_indexes_.push_back(*index);
    return {UniqueFd(), error};
  }
  datagram_sockets_[at] = *index;
  return opened;
}

SocketResult SkLookupCapture::inherited_or_new(const ListenAddress& at, const Admission& admission) {
  auto inherited = inherited_.extract(at);
  if (inherited.empty()) {
    return open_datagrams(nowhere(at.address.family()), 0, admission.everyone ? nullptr : &admission.sources);
  }
  SocketResult opened{std::move(inherited.mapped()), 0};
  opened.error = admit(at, opened.fd.get(), admission);
  if (opened.error != 0) opened.fd.reset();
  return opened;
}

std::optional<__u32> SkLookupCapture::free_index() {
  if (!free_indexes_.empty()) {
    const __u32 index = free_indexes_.back();
    free_indexes_.pop_back();
    return index;
  }
  return next_index_ < FERRY_MOST_SOCKETS ? std::optional(next_index_++) : std::nullopt;
}

int SkLookupCapture::admit(const ListenAddress& at, int fd, const Admission& admission) {
  if (at.protocol == Protocol::kTcp) return open_stream(at, admission);
  return admission.everyone ? admit_everyone(fd) : admit_only(fd, at.address.family(), admission.sources);
}

void SkLookupCapture::refuse(const ListenAddress& at, int fd) {
  // Should the map be full, only what others have at every address is not kept off.
  static_cast<void>(put(at, {1, 0, FERRY_EVERYONE}));
  if (const auto found = admitted_.find(at); found != admitted_.end()) {
    forget_sources(found->second);
    admitted_.erase(found);
  }
  if (const auto found = datagram_sockets_.find(at); found != datagram_sockets_.end()) {
    bpf_map_delete_elem(map(program_->maps.sockets), &found->second);
    free_indexes_.push_back(found->second);
    datagram_sockets_.erase(found);
  }
  if (fd >= 0) static_cast<void>(admit_only(fd, at.address.family(), {}));
}

void SkLookupCapture::release(const ListenAddress& at) {
  const ferry_frontend_key key = key_of(at);
  bpf_map_delete_elem(map(program_->maps.frontends), &key);
}

void SkLookupCapture::own(const IpAddress& address) {
  if (owned_[address]++ == 0) static_cast<void>(put_owned(config::IpPrefix::host(address)));
}

void SkLookupCapture::let_go(const IpAddress& address) {
  const auto found = owned_.find(address);
  if (--found->second > 0) return;
  owned_.erase(found);
  const config::IpPrefix range = config::IpPrefix::host(address);
  if (std::find(owned_ranges_.begin(), owned_ranges_.end(), range) != owned_ranges_.end()) return;
  const ferry_owned_key key{mapped_length(range), layout_of(address)};
  bpf_map_delete_elem(map(program_->maps.owned), &key);
}

std::pair<int, __u32> SkLookupCapture::add_sources(const Prefixes& sources, AddressFamily family) {
  Admitted admitted{next_sources_++, {}};
  if (next_sources_ == FERRY_EVERYONE) ++next_sources_;
  for (const config::IpPrefix& range : sources) {
    if (range.address().family() != family) continue;
    const ferry_source_key key{32 + mapped_length(range), admitted.id, layout_of(range.address())};
    const __u8 yes = 1;
    if (const int error = -bpf_map_update_elem(map(program_->maps.sources), &key, &yes, BPF_ANY); error != 0) {
      forget_sources(admitted);
      return {error, 0};
    }
    admitted.sources.push_back(range);
  }
  return {0, admitted.id};
}

void SkLookupCapture::forget_sources(const Admitted& admitted) {
  for (const config::IpPrefix& range : admitted.sources) {
    const ferry_source_key key{32 + mapped_length(range), admitted.id, layout_of(range.address())};
    bpf_map_delete_elem(map(program_->maps.sources), &key);
  }
}

void SkLookupCapture::stop() {
  link_.reset();
  inherited_link_.reset();
  inherited_.clear();
  silent_ = {};
  workers_.clear();
}

}  // namespace

std::unique_ptr<Capture> make_sk_lookup_capture(std::size_t workers, int backlog, const Prefixes& owned, bool heir) {
  return std::make_unique<SkLookupCapture>(workers, backlog, owned, heir);
}

bool sk_lookup_was_built() { return true; }

}  // namespace ferry::proxy
