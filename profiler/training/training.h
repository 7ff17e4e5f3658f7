// A small language model, really trained, on the CPU and on one thread: the same job gives the same result on the same
// machine, however many cores it has.
#pragma once

#include "base/json.h"
#include "profiler/run.h"
#include "recording/training.h"

namespace headroom::profiler {

bool is_training_job(const Json& json);

// Reports each step. Throws bad_input for a text that is not what the job says, is too short for it, or a mechanism
// that is undefined for a decoder; could_not_measure when Torch fails or the loss is no number.
TrainingResult train(const TrainingJob& job, Progress& progress);

}  // namespace headroom::profiler
