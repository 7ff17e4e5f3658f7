// The words of reports, each explained once: docs/reference/glossary.md is made from this table, and what shows a word
// can take its meaning from here. Categories have theirs in categories.h.
#pragma once

#include <array>
#include <string_view>

namespace headroom {

struct Term {
  std::string_view group;
  std::string_view word;
  std::string_view meaning;    // a sentence or two
  std::string_view page = {};  // of docs/, which says more
};

// Of a group one after the other.
inline constexpr std::array kGlossary{
    Term{"What a number is worth", "measured",
         "The run really took place on the named device, and every allocation was "
         "recorded.",
         "report.md#virtual-or-measured"},
    Term{"What a number is worth", "virtual",
         "No GPU ran it: PyTorch's own CUDA code and allocator ran over a device that "
         "keeps the books and computes nothing.",
         "how-exact.md"},
    Term{"What a number is worth", "reported",
         "From a memory snapshot of PyTorch's, which does not say whether a real or a "
         "virtual GPU was under it."},
    Term{"What a number is worth", "assumed", "What a virtual run could not know, and what was put in its place.",
         "how-exact.md#what-it-cannot-know"},
    Term{"What a number is worth", "dropped events",
         "Events that were lost on the way. Where there are any, the numbers are "
         "too low, and every output says so."},
    Term{"What a number is worth", "closed form",
         "A formula that says beforehand what a layer takes (parameters, bytes kept "
         "for backward, KV cache), evaluated beside what was recorded.",
         "attention.md"},

    Term{"Three ways to count", "requested", "Bytes that operators asked for.", "report.md#three-ways-to-count-memory"},
    Term{"Three ways to count", "allocated",
         "Bytes of the allocator's blocks in use: requests, rounded up to 512 bytes or to "
         "a whole block that was not worth splitting.",
         "report.md#three-ways-to-count-memory"},
    Term{"Three ways to count", "reserved",
         "Bytes that the allocator holds from the device, used or not: what nvidia-smi "
         "shows, without the CUDA context.",
         "report.md#three-ways-to-count-memory"},
    Term{"Three ways to count", "peak",
         "The most bytes allocated at any instant of the run. Requested and reserved bytes "
         "have peaks of their own, each at its own instant."},
    Term{"Three ways to count", "instant of the peak",
         "The event after which allocated bytes were highest, the first where "
         "there are several. What is listed at the peak was alive then."},
    Term{"Three ways to count", "exact bytes",
         "The whole number behind a size. Sizes are binary: 1 KiB is 1,024 bytes, 1 GiB "
         "is 1,073,741,824."},
    Term{"Three ways to count", "kept for backward",
         "Requested bytes of the activations of the last step. They are alive "
         "when the backward pass starts, which need not be at the peak."},

    Term{"When", "step",
         "One round of training (forward, backward, optimizer), one forward pass, or of a run that generates "
         "the prompt or one token."},
    Term{"When", "first step",
         "It starts without optimizer state and with an empty allocator, so its peak is not that of the "
         "later ones."},
    Term{"When", "steady step", "A step after the first. Later ones repeat it."},
    Term{"When", "phase",
         "The part of the run in which something happened: build, forward, backward, recompute, optimizer, "
         "prefill, decode."},
    Term{"When", "build", "The model is made; before the first step."},
    Term{"When", "forward", "From the input to the loss."},
    Term{"When", "backward", "From the loss to the gradients."},
    Term{"When", "recompute",
         "Within backward: what checkpointing or reversible layers did not keep is computed again.",
         "training.md#activation-checkpointing"},
    Term{"When", "optimizer", "Gradients become an update of the parameters."},
    Term{"When", "prefill", "The prompt is read at once, and the first new token is made.", "generation.md"},
    Term{"When", "decode", "The other new tokens are made, one a step.", "generation.md"},
    Term{"When", "event",
         "One allocation or one free of a block, or one segment taken from the device or given back. "
         "Pictures over events give each the same room."},

    Term{"Where", "layer",
         "The innermost part of the model that ran when a block was allocated; in backward that of the "
         "forward operation. In a program of yours it is an nn.Module.",
         "architecture.md#how-a-byte-gets-its-label"},
    Term{"Where", "own bytes", "Of a layer, without the layers below it. Own bytes of all layers sum to the peak."},
    Term{"Where", "×12",
         "Twelve layers that are built alike and shown as one row, such as layer.0–11; the numbers are those "
         "of all of them."},
    Term{"Where", "operator", "The operation of PyTorch's that asked for a block, such as aten::addmm."},
    Term{"Where", "tensor", "Shape and type of the first tensor that was seen in a block."},
    Term{"Where", "scratch", "A block that no tensor ever showed: an operator's own working memory."},
    Term{"Where", "source line", "The line of the program that asked for a block; in backward that of its forward.",
         "run.md#where-in-the-program"},

    Term{"How a run ends", "ok", "It went to its end."},
    Term{"How a run ends", "out of memory, oom",
         "The device could not give what was asked for. That is a result: what was "
         "allocated until then is kept and shown."},
    Term{"How a run ends", "refused",
         "It cannot be, such as a mechanism that is undefined for the model; the reason is given.",
         "sweep.md#outcomes-and-exit-codes"},
    Term{"How a run ends", "error", "Its worker or the device failed."},
    Term{"How a run ends", "asked for, free",
         "Of a run out of memory: the request that failed, and what the device had left "
         "then."},

    Term{"Runs side by side", "baseline", "The run against which the savings of others are counted."},
    Term{"Runs side by side", "saved",
         "100 · (1 − bytes / the baseline's bytes) percent; negative where a run takes more.",
         "report.md#a-comparison"},
    Term{"Runs side by side", "attention params",
         "Parameters of the attention sublayers alone, output matrices and biases "
         "included."},
    Term{"Runs side by side", "came, went, changed",
         "Of a diff: tensors that one run has at its peak and the other has not, "
         "and those that stand for one another.",
         "diff.md"},
    Term{"Runs side by side", "slope",
         "The exponent b of peak = a·x^b along a number that was varied: 1 is linear, 2 "
         "quadratic.",
         "sweep.md#slopes"},
    Term{"Runs side by side", "largest that fits",
         "A value with which the run succeeded and with whose next it ran out of "
         "memory; both were run.",
         "fit.md"},
    Term{"Runs side by side", "left", "What the device has beside what was reserved, at the largest value that fits."},
    Term{"Runs side by side", "limited by",
         "The category that held most, and the phase, when the next larger value ran out "
         "of memory."},

    Term{"Generation", "KV cache per token",
         "What one more token of one sequence costs in all layers; as recorded, or by "
         "closed form where the run could not show it.",
         "report.md#a-run-that-generates"},
    Term{"Generation", "largest context",
         "Prompt and new tokens that one sequence may have on the device at this batch.", "cli.md#profile"},
    Term{"Generation", "largest batch", "Sequences of this length that the device holds.", "cli.md#profile"},

    Term{"The allocator", "block", "A piece of a segment that the allocator hands out for one request."},
    Term{"The allocator", "segment",
         "A piece of device memory that the allocator took from the driver, cut into blocks."},
    Term{"The allocator", "rounding", "The part of a block that was not asked for."},
    Term{"The allocator", "cached",
         "Free memory in segments without a live block; torch.cuda.empty_cache() gives it back."},
    Term{"The allocator", "pinned", "Free memory in segments that a live block keeps from being given back.",
         "fragmentation.md"},
    Term{"The allocator", "fragmentation", "Reserved memory that no live block uses and that cannot be given back.",
         "fragmentation.md"},
    Term{"The allocator", "held", "Freed blocks that another stream may still use, so that the allocator waits."},
    Term{"The allocator", "pool",
         "Blocks that are handed out to one user only, such as a CUDA graph; 0 is the common one."},
    Term{"The allocator", "stream",
         "A queue of work on the device, numbered in order of first use; 0 is the default one."},
    Term{"The allocator", "order of addresses",
         "How a driver hands out addresses. It decides between free blocks of equal "
         "size, so that a peak may move a little with it.",
         "run.md#how-sure-is-a-number"},

    Term{"The whole GPU", "used", "What the driver says is in use on the device, by everyone.", "tracing.md"},
    Term{"The whole GPU", "CUDA context",
         "What the driver takes for a process before it allocates anything. A virtual device "
         "counts 0 bytes for it; --reserve takes it away.",
         "devices.md"},
    Term{"The whole GPU", "unexplained", "What the driver calls used and nothing that was recorded explains.",
         "report.md#one-run"},

    Term{"Files", "recording", "What one run allocated, event by event: LABEL.headroom.", "recording-format.md"},
    Term{"Files", "report", "What one recording or several say, as a page, a table or a document.", "report.md"},
    Term{"Files", "snapshot", "What PyTorch's torch.cuda.memory._dump_snapshot writes: a .pickle.", "exports.md"},
    Term{"Files", "budget", "A run and limits for it in a TOML file.", "check.md"},
    Term{"Files", "baseline file", "The figures of a budget's run as they were accepted; what grew is told from it.",
         "check.md#what-grew-baselines"},
};

}  // namespace headroom
