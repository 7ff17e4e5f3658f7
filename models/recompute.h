// What a forward that runs again in backward needs beside its inputs: to be told of, and the autocast of its first run.
#pragma once

#include <ATen/autocast_mode.h>
#include <c10/core/DeviceType.h>

#include <functional>

namespace headroom::models {

// Is told that a function begins (true) or ends (false) to run again; on autograd's thread.
using RecomputeObserver = std::function<void(bool)>;

// Of the calling thread, for a device; taken when it is made, and there again while RestoredAutocast lives.
class Autocast {
 public:
  explicit Autocast(at::DeviceType device)
      : device_(device),
        enabled_(at::autocast::is_autocast_enabled(device)),
        caches_(at::autocast::is_autocast_cache_enabled()),
        dtype_(at::autocast::get_autocast_dtype(device)) {}

  void set() const {
    at::autocast::set_autocast_enabled(device_, enabled_);
    at::autocast::set_autocast_dtype(device_, dtype_);
    at::autocast::set_autocast_cache_enabled(caches_);
  }

 private:
  at::DeviceType device_;
  bool enabled_, caches_;
  at::ScalarType dtype_;
};

class RestoredAutocast {
 public:
  explicit RestoredAutocast(at::DeviceType device, const Autocast& then) : now_(device) {
    then.set();
    at::autocast::increment_nesting();
  }
  ~RestoredAutocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    now_.set();
  }
  RestoredAutocast(const RestoredAutocast&) = delete;
  RestoredAutocast& operator=(const RestoredAutocast&) = delete;

 private:
  Autocast now_;
};

class Observed {
 public:
  explicit Observed(const RecomputeObserver& observer) : observer_(observer) {
    if (observer_) observer_(true);
  }
  ~Observed() {
    if (observer_) observer_(false);
  }
  Observed(const Observed&) = delete;
  Observed& operator=(const Observed&) = delete;

 private:
  const RecomputeObserver& observer_;
};

}  // namespace headroom::models
