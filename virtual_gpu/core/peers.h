// Between devices: who may reach whose memory. Data-centre cards reach each other's, GeForce cards do not; NVIDIA's
// driver enables no peer access between current GeForce cards.
#pragma once

#include <driver_types.h>

namespace headroom::virtual_gpu {

bool peers_can_access(int device, int peer);
cudaError_t enable_peer(int device, int peer);   // the second time cudaErrorPeerAccessAlreadyEnabled
cudaError_t disable_peer(int device, int peer);  // cudaErrorPeerAccessNotEnabled when it was not
bool peer_enabled(int device, int peer);
cudaError_t peer_attribute(int* value, cudaDeviceP2PAttr attribute, int device, int peer);

}  // namespace headroom::virtual_gpu
