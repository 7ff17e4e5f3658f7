#include "tests/reports/export_samples.h"

#include <map>

#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom::testing_support {
namespace {

constexpr const char* kTraining = R"(
segment +2097152@s0
t=0 +4096@w block.0/attn aten::empty parameter "[32, 32] float32"
t=5 +2048/2000@b block.0 aten::empty parameter "[500] float32"
== forward 1
t=100 +8192@x model aten::randn input "[64, 32] float32"
t=110 +8192@h block.0/attn aten::mm activation? "[64, 32] float32"
t=120 +1024@t block.0/attn aten::sum temporary? "[256] float32"
t=125 -@t
segment +20971520@s1
t=130 +12582912@big block.1/ffn aten::mm activation? "[3145728] float32"
t=140 +512@q block.1 - activation?
== backward 1
t=200 +4096@g block.0/attn aten::mm gradient "[32, 32] float32"
t=210 -@big
t=220 -@h
t=225 -@q
== optimizer 1
t=300 +4096@m block.0/attn aten::zeros_like optimizer_state "[32, 32] float32"
t=310 -@g
segment -@s1
== forward 2
t=400 +8192@y block.0/attn aten::mm activation? "[64, 32] float32"
t=405 -@x
)";

StringId intern(Recording& r, const std::string& text) {
  for (std::size_t i = 0; i < r.strings.size(); ++i)
    if (r.strings[i] == text) return StringId(i);
  r.strings.push_back(text);
  return StringId(r.strings.size() - 1);
}

struct Row {
  ActivityKind kind{};
  std::int64_t start_ns = 0, duration_ns = 0;
  std::string name{};
  std::uint32_t detail = 0;
  std::int64_t bytes = 0;
  std::uint64_t address = 0;
  std::uint32_t stream = kNoStream, correlation = 0, thread = 0;
  std::uint32_t layer = 0;
  Phase phase = Phase::forward;
};

void add(Recording& r, const Row& row) {
  Activities& a = r.activity.activities;
  a.kind.push_back(row.kind);
  a.start_ns.push_back(row.start_ns);
  a.duration_ns.push_back(row.duration_ns);
  a.name.push_back(intern(r, row.name));
  a.detail.push_back(row.detail);
  a.bytes.push_back(row.bytes);
  a.address.push_back(row.address);
  a.stream.push_back(row.stream);
  a.correlation.push_back(row.correlation);
  a.thread.push_back(row.thread);
  a.layer.push_back(LayerId(row.layer));
  a.phase.push_back(row.phase);
  a.step.push_back(1);
}

std::vector<Row> rows(std::int64_t kernel_ns, std::int64_t copy_ns) {
  using enum ActivityKind;
  const auto duration = [](std::int64_t ns, std::int64_t n) { return ns == kNoDuration ? ns : n; };
  return {{call, 90, 8, "cudaMalloc", 0, 0, 0, kNoStream, 1, 4711},
          {memory, 91, 0, "/lib/libtorch_cuda.so", 2, 20'971'520, 0x7f0000000000, kNoStream, 1},
          {call, 100, 20, "cudaLaunchKernel", 0, 0, 0, kNoStream, 2, 4711, 2},
          {call, 102, 10, "cuLaunchKernel", 0, 0, 0, kNoStream, 2, 4711, 2},
          {kernel, 105, duration(kernel_ns, 50), "void gemm<float>(float const*)", 0, 0, 0, 7, 2, 0, 2},
          {call, 122, 3, "cudaMemcpyAsync", 0, 0, 0, kNoStream, 3, 4711, 2},
          {copy, 124, duration(copy_ns, 6), "", 1, 8192, 0, 7, 3, 0, 2},
          {call, 130, 15, "cudaGraphLaunch", 0, 0, 0, kNoStream, 4, 4712, 1},
          {kernel, 135, duration(kernel_ns, 30), "add", 1, 0, 0, 9, 4, 0, 1},
          {kernel, 140, duration(kernel_ns, 40), "overlaps add", 1, 0, 0, 9, 4, 0, 1},
          {kernel, 145, duration(kernel_ns, 10), "within add", 1, 0, 0, 9, 4, 0, 1},
          {set, 150, duration(copy_ns, 0), "", 255, 4096, 0, 9, 5, 0, 1},
          {synchronization, 160, 12, "stream", 0, 0, 0, 7, 0},
          {overhead, 170, 5, "buffer flush"},
          {kernel, 200, duration(kernel_ns, 10), "of no call", 0, 0, 0, 7, 99, 0, 2, Phase::backward},
          {graph, 230, duration(kernel_ns, 10), "", 12, 0, 0, 9, 6, 0, 1, Phase::backward}};
}

Recording ran_out() {
  Recording r = training();
  r.outcome = {OutcomeKind::oom, "CUDA out of memory.", 1 << 30, 4096, 12'616'592, 23'068'672, "forward", "block.1"};
  return r;
}

Recording on_cpu() {
  Recording r = recording_from_text("+4096@a l aten::mm parameter\n+512@b l aten::mm other\n-@b\n+512@c l x other");
  r.environment.device_kind = DeviceKind::cpu;
  r.environment.device_name = "A processor";
  return r;
}

Recording expandable() {
  Recording r = recording_from_text(R"(
segment +2097152@s0
+1048576@a model x parameter
segment +2097152@s1
+2097152@b model x parameter
-@a
segment -@s0
)");
  r.environment.device_kind = DeviceKind::virtual_cuda;
  r.environment.allocator_settings = "expandable_segments:True";
  const std::uint64_t base = 0x300000000000, middle = base + 1048576;
  r.events.address = {base, base, base + 2097152, middle, base, base};
  r.events.block_bytes.back() = 1048576;  // the first half of what was mapped
  return r;
}

Recording hostile() {
  Recording r = traced_training(true);
  for (std::size_t i = 1; i < r.strings.size(); ++i)
    r.strings[i] = "\"q'\\\n\t\x1b[31m\xff\xc3(名前;<b>{" + std::to_string(i) + std::string(i == 3 ? 70'000 : 0, 'x');
  for (Layer& layer : r.layers) layer.path += "\xf0\x9f\x98\x80\n;\xff";
  r.environment.device_name = "\xff\"\n";
  r.environment.allocator_settings = "a\xff:b";
  return r;
}

Recording streams() {
  Recording r = training();
  r.events.stream.assign(r.events.size(), 0);
  r.events.stream[5] = 3;
  r.events.held.assign(r.events.size(), 0);
  r.events.held[7] = 3;  // the temporary comes back later
  r.events.held.back() = 0;
  r.events.pool.assign(r.events.size(), 0);
  r.events.pool[8] = 2;
  return r;
}

}  // namespace

Recording training() {
  Recording r = recording_from_text(kTraining);
  r.environment.device_kind = DeviceKind::virtual_cuda;
  r.environment.device_name = "NVIDIA H100 80GB HBM3";
  // Blocks lie in the segments that were reserved for them.
  std::uint64_t small = 0, large = 0;
  std::map<std::uint64_t, std::uint64_t> moved;
  for (std::size_t i = 0; i < r.events.size(); ++i) {
    auto& address = r.events.address[i];
    const bool is_large = r.events.block_bytes[i] > 1 << 20;
    if (r.events.action[i] == Action::segment_alloc)
      (is_large && r.events.block_bytes[i] > 2 << 20 ? large : small) = address = 0x302000000000 + (i << 26);
    if (r.events.action[i] == Action::segment_free) address = large;
    if (r.events.action[i] == Action::free) address = moved.at(address);
    if (r.events.action[i] != Action::alloc) continue;
    std::uint64_t& next = is_large ? large : small;
    const std::uint64_t given = is_large ? next : next + (moved.size() << 14);
    moved[address] = given;
    address = given;
  }
  return r;
}

Recording traced_training(bool executed) {
  Recording r = training();
  r.environment.device_kind = executed ? DeviceKind::cuda : DeviceKind::virtual_cuda;
  r.activity.level = TraceLevel::full;
  r.activity.tracer = executed ? "CUPTI 13.0 (130001)" : "CUPTI of the virtual GPU";
  r.activity.shapes = {{{8, 2, 1}, {128, 1, 1}, 64, 1024, 49152, 0}, {{1, 1, 1}, {32, 1, 1}, 16, 0, 0, 8}};
  for (const Row& row : rows(executed ? 0 : kNoDuration, executed ? 0 : kNoDuration)) add(r, row);
  r.activity.samples = {{SampleMoment::before_context, 0, 0, 500'000'000, 85'028'896'768},
                        {SampleMoment::end, 410, 20, 560'000'000, 85'028'896'768}};
  r.activity.dropped_count = 2;
  return r;
}

std::vector<NamedRecording> export_samples() {
  Recording empty;
  empty.layers.push_back({});
  empty.layers.back().path = "model";
  std::vector<NamedRecording> out{{"empty", empty},
                                  {"training", training()},
                                  {"traced", traced_training(true)},
                                  {"traced-virtual", traced_training(false)},
                                  {"out-of-memory", ran_out()},
                                  {"cpu", on_cpu()},
                                  {"expandable", expandable()},
                                  {"streams", streams()},
                                  {"hostile", hostile()}};
  for (std::uint32_t seed = 0; seed < 12; ++seed)
    out.push_back({"random-" + std::to_string(seed), random_recording(seed, 1 + seed * 40)});
  return out;
}

}  // namespace headroom::testing_support
