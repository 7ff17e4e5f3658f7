// The C interface of headroom-attach.so, called by attach/python through ctypes. Every function is a no-op before
// headroom_attach_start and in a forked child. None takes Python's lock, and all may be called with it held.
//
// Devices are numbers: -1 the CPU, 0, 1, … CUDA devices. Layers are numbers given out by the caller: 0 the model, then 1, 2, …
// in the order of their notes.
#pragma once

#include <stdint.h>

extern "C" {

// The major, minor and patch number of the Torch that this library was built for.
const char* headroom_attach_built_for(void);

// `settings`: JSON with folder, device, program, torch_version, source_lines, values, hidden_folders. Gives nullptr, or why it
// cannot be done.
const char* headroom_attach_start(const char* settings);
const char* headroom_before_cuda(void);  // just before Torch initialises CUDA; an answer ends the program
const char* headroom_attach_cuda(void);  // as soon as Torch has initialised CUDA; the same answer
void headroom_attach_cpu(void);
void headroom_finish(void);

void headroom_note(const char* json);                 // a note of journal_format.h, for all devices
void headroom_note_for(int device, const char* json);

void headroom_enter(uint32_t layer);
void headroom_leave(void);
void headroom_phase(int phase, int step);  // number in kPhaseNames
void headroom_begin_backward(void);
void headroom_end_backward(void);

// The block at `address` is of `category` (number in kCategoryNames) and, unless -1, of `layer`; `text` describes it.
void headroom_tag(int device, uint64_t address, int category, int64_t layer, const char* text);
// `variable` (Tensor._cdata) is of `layer`: its gradient will be.
void headroom_variable(uint64_t variable, uint32_t layer);

// Torch's profiler begins, and takes CUPTI's records even where it wants the processor alone. It ended.
void headroom_make_way_for_profiler(void);
void headroom_profiler_ended(void);
}
