// One run: build the model, take the steps of a training loop or of generation, record every allocation.
//
// A step is PyTorch's usual loop,
//
//     optimizer.zero_grad(set_to_none=True)
//     with torch.autocast(…):           # amp-* only; no GradScaler
//         loss = model(batch)
//     loss.backward()
//     optimizer.step()
//
// with Python's lifetimes: the last step's loss lives until the new one is assigned, gradients from the first write in
// backward until the next step's zero_grad, optimizer state from the first step on. The mode `forward` is
// `with torch.no_grad(): output = model(batch)`; its output, too, lives until the next one is assigned. The phase
// `forward` begins before zero_grad. One batch serves all steps and is allocated before the first.
//
// The mode `generate` is `model.generate(batch)` without an end token: the phase `prefill` (step 1) makes the cache,
// runs the prompt and chooses the first new token, `decode` (steps 2, 3, …) gives one more each.
#pragma once

#include <cstdint>

#include "recording/recording.h"
#include "recording/run_spec.h"

namespace headroom::profiler {

struct ProgressReport {
  Phase phase{};
  std::int32_t step = 0;  // 0 while building
  std::int64_t steps = 0;
  std::int64_t allocated_bytes = 0;
};

class Progress {
 public:
  virtual ~Progress() = default;
  virtual void report(const ProgressReport& report) = 0;  // at the beginning of each phase
};

// Out of memory is an outcome of the recording. Throws bad_input for a spec that this model, device or dtype does not
// take, could_not_measure when the device is missing or Torch fails in the middle.
Recording run(const RunSpec& spec, Progress& progress);

}  // namespace headroom::profiler
