// The two generations of the wire protocol. A connection starts in RESP2 and moves with HELLO; the client
// owns which one it speaks, and whoever writes to it asks. How each shape looks in either is reply.h's
// matter, not known here.
#pragma once

#include <cstdint>

namespace sluice::resp {

enum class Protocol : uint8_t { kResp2 = 2, kResp3 = 3 };

}  // namespace sluice::resp
