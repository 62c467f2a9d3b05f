// View<T> and Edit<T>: the only doors to a value. A View reads; an Edit changes, and says so once, by
// commit(), which marks the key touched, counts the change and queues its event, so that no handler can
// forget one of the three. Both live for one command at most.
//
// An Edit that created its key and is dropped without commit leaves no trace. An Edit that was written
// through and dropped without commit() or unchanged() is a bug of ours and stops the process.
#pragma once

#include <utility>

#include "base/check.h"
#include "keyspace/keyspace.h"

namespace sluice::keyspace {

template <class T>
class View {
 public:
  View() = default;
  View(Entry& entry, const T& value) : entry_(&entry), value_(&value) {}

  // False: the key is absent.
  explicit operator bool() const { return value_ != nullptr; }
  const T* operator->() const { return value_; }
  const T& operator*() const { return *value_; }
  [[nodiscard]] Entry* entry() const { return entry_; }

 private:
  Entry* entry_ = nullptr;
  const T* value_ = nullptr;
};

template <class T>
class Edit {
 public:
  // Nothing found and nothing created: only the test below is allowed.
  Edit() = default;
  Edit(const Access& access, Entry& entry, T& value, bool created)
      : access_(&access), entry_(&entry), value_(&value), created_(created) {}
  Edit(Edit&& other) noexcept { *this = std::move(other); }
  Edit& operator=(Edit&& other) noexcept {
    access_ = other.access_;
    entry_ = std::exchange(other.entry_, nullptr);
    value_ = std::exchange(other.value_, nullptr);
    created_ = other.created_;
    dirty_ = std::exchange(other.dirty_, false);
    return *this;
  }
  ~Edit() {
    SLUICE_CHECK(!dirty_, "a changed value was neither committed nor declared unchanged");
    if (entry_ != nullptr && created_) Entry::destroy(access_->db->detach(*entry_));
  }

  explicit operator bool() const { return value_ != nullptr; }
  // To look before changing.
  const T& peek() const { return *value_; }
  [[nodiscard]] bool created() const { return created_; }
  [[nodiscard]] Entry& entry() { return *entry_; }

  T* operator->() {
    open();
    return value_;
  }
  T& operator*() {
    open();
    return *value_;
  }

  // The value was changed: `changes` is what INFO counts for it.
  void commit(const Event& event, uint64_t changes = 1) {
    if (created_) {
      access_->changes->created(*access_->db, *entry_, &event);
      created_ = false;
    } else {
      access_->changes->touched(*access_->db, *entry_, &event);
    }
    access_->changes->count_dirty(changes);
    dirty_ = false;
  }
  // The value was reached for writing, but nothing about it changed.
  void unchanged() { dirty_ = false; }

 private:
  void open() {
    if (dirty_) return;
    access_->db->before_change(*entry_);
    dirty_ = true;
  }

  const Access* access_ = nullptr;
  Entry* entry_ = nullptr;
  T* value_ = nullptr;
  bool created_ = false;
  bool dirty_ = false;
};

template <class T>
base::Result<View<T>, Refusal> view(Keyspace& keyspace, const Access& access, base::ByteView key) {
  Entry* entry = keyspace.find(access, key);
  if (entry == nullptr) return View<T>();
  T* value = get_if<T>(entry->value);
  if (value == nullptr) return Refusal::kWrongType;
  return View<T>(*entry, *value);
}

// The value if the key is there; an empty Edit if not.
template <class T>
base::Result<Edit<T>, Refusal> edit_existing(Keyspace& keyspace, const Access& access, base::ByteView key) {
  Entry* entry = keyspace.find(access, key);
  if (entry == nullptr) return Edit<T>();
  T* value = get_if<T>(entry->value);
  if (value == nullptr) return Refusal::kWrongType;
  return Edit<T>(access, *entry, *value, false);
}

// The value, created empty if the key is absent.
template <class T>
base::Result<Edit<T>, Refusal> edit(Keyspace& keyspace, const Access& access, base::ByteView key) {
  Entry* entry = keyspace.find(access, key);
  const bool created = entry == nullptr;
  if (created) {
    if (Entry* stale = access.db->find(key); stale != nullptr) keyspace.expire(access, *stale);
    entry = &access.db->insert(key, Value(keyspace.make<T>()));
    entry->usage = keyspace.fresh_usage(access.now_ms);
  }
  T* value = get_if<T>(entry->value);
  if (value == nullptr) return Refusal::kWrongType;
  return Edit<T>(access, *entry, *value, created);
}

}  // namespace sluice::keyspace
