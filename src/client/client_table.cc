#include "client/client_table.h"

namespace sluice::client {

Client* ClientTable::find(ClientId id) const {
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second;
}

}  // namespace sluice::client
