// Recordings made up to be exported: every kind of device, ending and activity, and texts that no viewer may stumble
// on.
#pragma once

#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom::testing_support {

struct NamedRecording {
  std::string name;
  Recording recording;
};

// Two training steps in segments, on a virtual GPU, without activities.
Recording training();

// The same with what a driver saw of them: nested calls, kernels of two streams, some of which overlap, copies, sets,
// driver memory, synchronization, overhead and samples. On a real GPU they have times, else `executed` is false.
Recording traced_training(bool executed);

std::vector<NamedRecording> export_samples();

}  // namespace headroom::testing_support
