#include "virtual_gpu/core/activity.h"

namespace headroom::virtual_gpu {

std::atomic<ActivityListener*> activity_listener_pointer{nullptr};

void set_activity_listener(ActivityListener* listener) {
  activity_listener_pointer.store(listener, std::memory_order_release);
}

}  // namespace headroom::virtual_gpu
