#include "watch/codec/object_outline.h"

namespace ferry::watch::codec {
namespace {

/// No member that an envelope is read for has a longer name.
constexpr std::size_t kMaxKeyBytes = 32;

bool is_blank(char byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

}  // namespace

void ObjectOutline::restart() { *this = ObjectOutline(); }

ObjectOutline::Step ObjectOutline::next(const char*& at, const char* end) {
  while (at != end) {
    Step step = Step::kMore;
    if (state_ == State::kKeyText) {
      step = take_key(at, end);
    } else if (state_ == State::kValue) {
      step = take_value(at, end, Step::kValueEnd, State::kAfterValue);
    } else if (state_ == State::kElement) {
      step = take_value(at, end, Step::kElementEnd, State::kAfterElement);
    } else if (is_blank(*at)) {
      ++at;
    } else {
      step = punctuation(at);
    }
    if (step != Step::kMore) return step;
  }
  return Step::kMore;
}

ObjectOutline::Step ObjectOutline::take_key(const char*& at, const char* end) {
  for (; at != end; ++at) {
    if (*at == '"' && !key_escaped_) {
      ++at;
      state_ = State::kColon;
      if (key_.size() > kMaxKeyBytes) key_.clear();
      return Step::kMore;
    }
    key_escaped_ = *at == '\\' && !key_escaped_;
    if (key_.size() <= kMaxKeyBytes) key_ += *at;
  }
  return Step::kMore;
}

ObjectOutline::Step ObjectOutline::take_value(const char*& at, const char* end, Step done, State after) {
  at = skim_.skim(at, end);
  if (skim_.state() == ValueSkim::State::kInside) return Step::kMore;
  if (skim_.state() == ValueSkim::State::kBad) return bad("no value of JSON reads like this");
  state_ = after;
  return done;
}

ObjectOutline::Step ObjectOutline::begin_value(State inside, Step step) {
  state_ = inside;
  skim_.start();
  return step;
}

ObjectOutline::Step ObjectOutline::punctuation(const char*& at) {
  switch (state_) {
    case State::kListOpen:
    case State::kFirstElement:
    case State::kNextElement:
    case State::kAfterElement:
      return list_punctuation(at);
    case State::kValueStart:
      return begin_value(State::kValue, Step::kValueBegin);
    default:
      return object_punctuation(at);
  }
}

ObjectOutline::Step ObjectOutline::object_punctuation(const char*& at) {
  const char byte = *at;
  if (byte == '}' && (state_ == State::kFirstKey || state_ == State::kAfterValue)) {
    ++at;
    state_ = State::kEnd;
    return Step::kObjectEnd;
  }
  switch (state_) {
    case State::kStart:
      if (byte != '{') return bad("an object starts with '{'");
      state_ = State::kFirstKey;
      break;
    case State::kFirstKey:
    case State::kNextKey:
      if (byte != '"') return bad("a member starts with its name");
      state_ = State::kKeyText;
      key_.clear();
      break;
    case State::kColon:
      if (byte != ':') return bad("':' stands between a name and its value");
      state_ = State::kValueStart;
      break;
    case State::kAfterValue:
      if (byte != ',') return bad("members are separated by ','");
      state_ = State::kNextKey;
      break;
    default:
      return bad("nothing may follow the object");
  }
  ++at;
  return Step::kMore;
}

ObjectOutline::Step ObjectOutline::list_punctuation(const char*& at) {
  const char byte = *at;
  if (byte == ']' && (state_ == State::kFirstElement || state_ == State::kAfterElement)) {
    ++at;
    state_ = State::kAfterValue;
    return Step::kValueEnd;
  }
  if (state_ == State::kFirstElement || state_ == State::kNextElement) {
    return begin_value(State::kElement, Step::kElementBegin);
  }
  if (state_ == State::kAfterElement && byte != ',') return bad("elements are separated by ','");
  state_ = state_ == State::kListOpen ? State::kFirstElement : State::kNextElement;
  ++at;
  return Step::kMore;
}

ObjectOutline::Step ObjectOutline::bad(std::string_view problem) {
  problem_ = problem;
  return Step::kBad;
}

}  // namespace ferry::watch::codec
