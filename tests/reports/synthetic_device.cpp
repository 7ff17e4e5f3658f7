// What the driver would have seen of an encoder's two steps: a recording of activities by hand, added up as a real one
// is.
#include <fmt/format.h>

#include <algorithm>

#include "tests/activity_builder.h"
#include "tests/reports/synthetic.h"

namespace headroom::synthetic {
namespace {

using testing_support::ActivityBuilder;

constexpr const char* kElementwise =
    "void at::native::vectorized_elementwise_kernel<4, at::native::(anonymous namespace)::GeluCUDAKernelImpl("
    "at::TensorIteratorBase&, at::native::GeluType)::{lambda()#2}::operator()() const::{lambda()#4}::operator()() "
    "const::{lambda(c10::BFloat16)#1}, std::array<char*, 2ul>>(int, at::native::(anonymous namespace)::"
    "GeluCUDAKernelImpl(at::TensorIteratorBase&, at::native::GeluType)::{lambda()#2}::operator()() const, "
    "std::array<char*, 2ul>)";

LaunchShape shape(std::uint32_t x, std::uint32_t y, std::uint32_t threads, std::int64_t shared) {
  return {{x, y, 1}, {threads, 1, 1}, 96, 0, shared, 0};
}

// Kernels, copies and sets of one step, layer after layer.
class Steps {
 public:
  Steps(Recording& r, bool timed) : r_(r), b_(r), timed_(timed) {}

  void step(std::int32_t number) {
    b_.at(LayerId::root, Phase::forward, number)
        .call("cudaMemcpyAsync", now_)
        .copy(CopyKind::host_to_device, 65'536, now_, time(900));
    for (const Layer& layer : r_.layers) pass(layer, Phase::forward, number);
    for (std::size_t i = r_.layers.size(); i-- > 0;) pass(r_.layers[i], Phase::backward, number);
    b_.at(LayerId::root, Phase::optimizer, number);
    for (int i = 0; i < 6; ++i)
      kernel("void at::native::(anonymous namespace)::multi_tensor_apply_kernel<FusedAdam>(int)", shape(320, 1, 512, 0),
             60'000);
    b_.copy(CopyKind::device_to_host, 4, now_, time(1'100)).wait("stream", now_, 250'000);
    now_ += 250'000;
  }

 private:
  std::int64_t time(std::int64_t ns) const { return timed_ ? ns : kNoDuration; }

  void kernel(const char* name, const LaunchShape& s, std::int64_t ns) {
    b_.call("cudaLaunchKernel", now_).kernel(name, s, now_ + 2'000, time(ns));
    now_ += ns + 500;
  }

  void pass(const Layer& layer, Phase phase, std::int32_t step) {
    b_.at(layer.id, phase, step);
    const std::int64_t slower = phase == Phase::backward ? 2 : 1;
    if (layer.kind == LayerKind::attention || layer.kind == LayerKind::ffn || layer.kind == LayerKind::head)
      for (int i = 0; i < 2 * slower; ++i)
        kernel("sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64",
               shape(24, layer.kind == LayerKind::head ? 239 : 8, 384, 200'704), 21'000);
    if (layer.kind == LayerKind::norm)
      kernel("void at::native::(anonymous namespace)::vectorized_layer_norm_kernel<c10::BFloat16, float>(int, float)",
             shape(1024, 1, 128, 24), 4'200 * slower);
    if (layer.kind == LayerKind::ffn) kernel(kElementwise, shape(3072, 1, 128, 0), 6'100);
    if (layer.kind == LayerKind::attention && phase == Phase::backward) b_.set(12'582'912, now_, time(5'000));
  }

  Recording& r_;
  ActivityBuilder b_;
  bool timed_;
  std::int64_t now_ = 1'000;
};

Recording recording_of(const Breakdown& run) {
  Recording r;
  r.environment = run.environment;
  r.strings = run.strings;
  r.layers = run.layers;
  return r;
}

void add_driver_memory(Recording& r, std::int64_t reserved) {
  const LayerId attention{static_cast<std::uint32_t>(std::min<std::size_t>(4, r.layers.size() - 1))};
  ActivityBuilder(r)
      .at(LayerId::root, Phase::build, 0)
      .take(MemoryKind::device, "/venv/torch/lib/libc10_cuda.so", 0x7000'0000, reserved, 0)
      .at(attention, Phase::forward)
      .take(MemoryKind::device, "/venv/nvidia/cu13/lib/libcublasLt.so.13", 0x9000'0000, 33'554'432, 1'500)
      .take(MemoryKind::pinned, "/venv/torch/lib/libc10_cuda.so", 0x2000, 2'097'152, 1'600)
      .take(MemoryKind::device, "", 0xA000'0000, 1'048'576, 1'700);
}

Reconciliation reconciled(const ReportRun& run, StringId cublas, std::int64_t base, bool real) {
  const PeakView& peak = run.breakdown.peak;
  const std::int64_t reserved = run.breakdown.peak_reserved_bytes, cached = 2 << 20;
  Reconciliation at{.event = peak.event,
                    .time_ns = peak.time_ns,
                    .total_bytes = run.breakdown.environment.device_total_bytes,
                    .reserved_bytes = reserved,
                    .uses = {}};
  using Use = DeviceUseKind;
  at.uses = {{Use::others, {}, base}, {Use::context, {}, real ? 530'579'456 : 0}};
  if (real) at.uses.push_back({Use::tracing, {}, 10'485'760});
  at.uses.insert(at.uses.end(), {{Use::outside, cublas, 33'554'432},
                                 {Use::outside, StringId::none, 1'048'576},
                                 {Use::live, {}, peak.requested_bytes},
                                 {Use::rounding, {}, peak.allocated_bytes - peak.requested_bytes},
                                 {Use::cached, {}, cached},
                                 {Use::fragmentation, {}, reserved - peak.allocated_bytes - cached},
                                 {Use::unknown, {}, real ? 7'340'032 : 1'048'576}});
  for (const DeviceUse& use : at.uses) at.used_bytes += use.bytes;
  return at;
}

}  // namespace

ReportRun traced(bool real) {
  ReportRun run = encoder({"mha", 4 * 768 * 768 * 4, 2 * 8 * 12 * 128 * 128 * 4, 6144}, 12);
  Breakdown& b = run.breakdown;
  if (real) b.environment.device_kind = DeviceKind::cuda;
  Recording r = recording_of(b);
  r.activity.level = TraceLevel::full;
  r.activity.tracer = real ? "CUPTI 13.0 (130001)" : "CUPTI of the virtual GPU";
  Steps steps(r, real);
  steps.step(1);
  steps.step(2);
  add_driver_memory(r, b.peak_reserved_bytes);
  if (real) {
    r.activity.peak_dram_bytes_per_second = 3'352'320'000'000;
    for (const Layer& layer : r.layers)
      if (layer.kind == LayerKind::ffn) r.activity.dram.push_back({layer.id, Phase::forward, 30'000'000, 12'000'000});
    r.activity.problems = {"GPU counters not permitted: run as root or with CAP_SYS_ADMIN."};
    r.activity.dropped_count = 12;
    r.activity.untimed_count = 1;
    r.activity.outside_count = 3;
  }
  b.device = add_up_activity(r);
  b.strings = r.strings;
  const auto cublas = std::ranges::find(b.strings, "/venv/nvidia/cu13/lib/libcublasLt.so.13");
  const StringId source{static_cast<std::uint32_t>(cublas - b.strings.begin())};
  b.gpu.modelled = !real;
  b.gpu.peak_is_exact = true;
  b.gpu.peak = reconciled(run, source, real ? 440'401'920 : 0, real);
  b.gpu.end = b.gpu.peak;
  b.gpu.end->uses.back().bytes -= 440'401'920;
  b.gpu.end->used_bytes -= 440'401'920;
  if (!real) b.gpu.end.reset();
  run.fragmentation = {.event = b.peak.event,
                       .phase = b.peak.phase,
                       .step = b.peak.step,
                       .reserved_bytes = 41'943'040,
                       .requested_bytes = 20'000'000,
                       .rounding_bytes = 480,
                       .cached_bytes = 20'971'520,
                       .fragmented_bytes = 971'040};
  run.fragmentation.segments = {
      {.address = 1,
       .bytes = 20'971'520,
       .requested_bytes = 20'000'000,
       .live_bytes = 20'000'480,
       .free_bytes = 971'040,
       .largest_gap_bytes = 524'288,
       .blocks = {b.peak.live.back(), b.peak.live.front()}},
      {.address = 2, .bytes = 20'971'520, .free_bytes = 20'971'520, .largest_gap_bytes = 20'971'520, .blocks = {}}};
  run.replays = {{.label = "as recorded",
                  .device = "h100-80gb",
                  .peak_reserved_bytes = 41'943'040,
                  .segment_count = 2,
                  .driver_call_count = 2,
                  .faithful = true},
                 {.label = "expandable_segments:True",
                  .change = ReplayChange::settings,
                  .settings = "expandable_segments:True",
                  .device = "h100-80gb",
                  .peak_reserved_bytes = 23'068'672,
                  .segment_count = 1,
                  .driver_call_count = 11}};
  return run;
}

ReportRun untraceable() {
  ReportRun run = tiny("untraceable");
  run.breakdown.device.problems = {
      "CUPTI off: libcupti.so.13 not found. Install nvidia-cuda-cupti 13.x or set HEADROOM_CUPTI."};
  return run;
}

}  // namespace headroom::synthetic
