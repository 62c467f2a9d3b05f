// LZF, unpacked: the compression of strings in RDB files. Packing is left to the library; unpacking is most
// of what loading costs, and copying in steps wider than a byte makes it several times faster than the
// library's.
//
//   000lllll                       l+1 bytes follow as they are
//   lllooooo oooooooo              l+2 bytes again, from o+1 bytes before (l is 1..6)
//   111ooooo llllllll oooooooo     l+9 bytes again
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace sluice::snapshot {

// So many bytes behind what is unpacked may be overwritten, and must be there.
inline constexpr size_t kLzfSlack = 32;

// Whether `packed` was sound and made exactly `size` bytes. REQUIRES: `into` has size + kLzfSlack bytes.
[[nodiscard]] bool lzf_unpack(base::ByteView packed, char* into, size_t size);

}  // namespace sluice::snapshot
