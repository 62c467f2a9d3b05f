// Owns one libuv handle. libuv keeps using a handle until its close callback has run, so the memory is freed
// there and nowhere else; whoever holds a UvHandle may go at any time before. Only for .cc files of this
// folder.
#pragma once

#include <memory>

#include <uv.h>

#include "base/check.h"

namespace sluice::net {

// Closes and frees a handle made by new T.
template <class T>
void close_uv(T* handle) {
  handle->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { delete reinterpret_cast<T*>(closed); });
}

template <class T>
class UvHandle {
 public:
  UvHandle() = default;  // holds nothing
  UvHandle(const UvHandle&) = delete;
  UvHandle& operator=(const UvHandle&) = delete;
  ~UvHandle() { close(); }

  // `start(T*)` initialises the handle and returns libuv's code; a handle that failed is freed at once.
  template <class Start>
  [[nodiscard]] int init(Start start) {
    SLUICE_CHECK(handle_ == nullptr, "a UvHandle is initialised once");
    auto fresh = std::make_unique<T>();
    const int code = start(fresh.get());
    if (code == 0) handle_ = fresh.release();
    return code;
  }

  void close() {
    if (handle_ != nullptr) close_uv(handle_);
    handle_ = nullptr;
  }

  [[nodiscard]] T* get() const { return handle_; }
  // The caller closes it with close_uv.
  [[nodiscard]] T* release() {
    T* handle = handle_;
    handle_ = nullptr;
    return handle;
  }

 private:
  T* handle_ = nullptr;
};

}  // namespace sluice::net
