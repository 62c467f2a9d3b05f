// FormOf: the form that a value has at the moment (packed, a table, ...) and the context it was made in, in
// 16 bytes: small hashes and sets are held inside the entry of their key, and this is all that one is beside
// its packed bytes. Like a std::variant of forms of one word each, but the index stands in the upper bits of
// the pointer to the context. It owns the form, not the context; when to change the form is the value's
// matter.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "ds/marked_pointer.h"
#include "types/value_context.h"

namespace sluice::types {

template <class... Forms>
class FormOf {
  static_assert(((sizeof(Forms) == 8) && ...), "a form is one word");
  static_assert(((alignof(Forms) <= 8) && ...), "a form is one word");
  static_assert((std::is_nothrow_move_constructible_v<Forms> && ...), "values are moved between entries");

 public:
  template <size_t kIndex>
  using Form = std::tuple_element_t<kIndex, std::tuple<Forms...>>;

  // Begins as the first form, made from nothing.
  explicit FormOf(const ValueContext& context) : context_(&context) { new (word_) Form<0>(); }
  // What is moved from keeps its form, itself moved from: it can be destroyed and assigned to.
  FormOf(FormOf&& other) noexcept : context_(other.context_) { take(other); }
  FormOf& operator=(FormOf&& other) noexcept {
    if (this == &other) return *this;
    destroy();
    context_ = other.context_;
    take(other);
    return *this;
  }
  FormOf(const FormOf&) = delete;
  FormOf& operator=(const FormOf&) = delete;
  ~FormOf() { destroy(); }

  [[nodiscard]] const ValueContext& context() const { return *context_.get(); }
  [[nodiscard]] size_t index() const { return context_.mark(); }

  // Null when the value has another form.
  template <size_t kIndex>
  [[nodiscard]] Form<kIndex>* get_if() {
    return index() == kIndex ? at<kIndex>() : nullptr;
  }
  template <size_t kIndex>
  [[nodiscard]] const Form<kIndex>* get_if() const {
    return const_cast<FormOf*>(this)->template get_if<kIndex>();
  }
  // REQUIRES: index() == kIndex.
  template <size_t kIndex>
  [[nodiscard]] Form<kIndex>& get() {
    SLUICE_CHECK(index() == kIndex, "a value has one form at a time");
    return *at<kIndex>();
  }
  template <size_t kIndex>
  [[nodiscard]] const Form<kIndex>& get() const {
    return const_cast<FormOf*>(this)->template get<kIndex>();
  }

  // Another form instead of the present one, which is destroyed.
  template <size_t kIndex>
  Form<kIndex>& become(Form<kIndex> form) {
    destroy();
    context_.set_mark(kIndex);
    return *new (word_) Form<kIndex>(std::move(form));
  }

 private:
  template <size_t kIndex>
  Form<kIndex>* at() {
    return std::launder(reinterpret_cast<Form<kIndex>*>(word_));
  }
  // Calls `act` with the form there is, as what it is.
  template <class Act, size_t... kIndexes>
  void with_form(Act act, std::index_sequence<kIndexes...>) {
    static_cast<void>(((index() == kIndexes && (act(*at<kIndexes>()), true)) || ...));
  }
  void take(FormOf& other) {
    const auto move_here = [this](auto& form) {
      new (word_) std::remove_reference_t<decltype(form)>(std::move(form));
    };
    other.with_form(move_here, std::index_sequence_for<Forms...>{});
  }
  void destroy() {
    with_form([](auto& form) { std::destroy_at(&form); }, std::index_sequence_for<Forms...>{});
  }

  ds::MarkedPointer<const ValueContext> context_;  // Marked with the index of the form.
  alignas(8) std::byte word_[8];
};

}  // namespace sluice::types
