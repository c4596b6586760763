#pragma once

namespace ferry::proxy {

/// What an element of an IntrusiveList derives from. An element is in at most one list, and leaves it when destroyed.
class ListHook {
 public:
  ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { unlink(); }

  void unlink() noexcept {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

  bool linked() const noexcept { return next_ != this; }

 private:
  template <typename T>
  friend class IntrusiveList;

  ListHook* previous_ = this;
  ListHook* next_ = this;
};

/// A list of elements that are owned elsewhere; linking allocates nothing and cannot fail.
template <typename T>
class IntrusiveList {
 public:
  bool empty() const noexcept { return !ends_.linked(); }

  /// The first element. The list must not be empty.
  T& front() noexcept { return static_cast<T&>(*ends_.next_); }

  /// Calls `each` for every element; it must not unlink any.
  template <typename Each>
  void for_each(Each each) {
    for (ListHook* hook = ends_.next_; hook != &ends_; hook = hook->next_) each(static_cast<T&>(*hook));
  }

  /// Appends the element, taking it out of the list it was in.
  void push_back(T& element) noexcept {
    ListHook& hook = element;
    hook.unlink();
    hook.previous_ = ends_.previous_;
    hook.next_ = &ends_;
    ends_.previous_->next_ = &hook;
    ends_.previous_ = &hook;
  }

 private:
  ListHook ends_;
};

}  // namespace ferry::proxy
