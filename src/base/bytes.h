// Names for binary data. Keys, values and wire bytes are binary everywhere: no part may assume text or a NUL.
// A view is borrowed from whoever made it, and good as long as that one says; Bytes own what they hold.
// Nothing here knows what the bytes mean.
#pragma once

#include <string>
#include <string_view>

namespace sluice::base {

using ByteView = std::string_view;  // Borrowed. Whoever keeps it past the call copies it.
using Bytes = std::string;          // Owned.

}  // namespace sluice::base
