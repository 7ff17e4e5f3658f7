// Prints what calls of the virtual runtime cost a program: processor time of this thread for each call, in nanoseconds.
//
//   virtual_gpu_launch_cost [CALLS]     calls of each kind, by default 2,000,000
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "tests/virtual_gpu/work_support.h"

using namespace headroom::virtual_gpu::testing_support;

namespace {

long calls = 2000000;

double thread_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <class Call>
void measure(const char* name, Call call) {
  call();
  const double start = thread_ns();
  for (long i = 0; i < calls; ++i) call();
  std::printf("%-44s %7.1f ns\n", name, (thread_ns() - start) / static_cast<double>(calls));
}

}  // namespace

int main(int argc, char** argv) {
  setenv("HEADROOM_VIRTUAL_GPU", "h100-80gb", 0);
  if (argc > 1) calls = std::atol(argv[1]);
  if (calls <= 0) return std::fprintf(stderr, "launch_cost: the number of calls must be above 0\n"), 2;
  const ScopedStream stream, blocking(cudaStreamDefault);
  const ScopedEvent event;
  cudaKernel_t kernel = nullptr;
  cudaStreamCaptureStatus status{};
  int ordinal = 0;
  if (__cudaGetKernel(&kernel, plain_kernel()) != cudaSuccess) return 3;
  measure("cudaLaunchKernel, non-blocking stream", [&] { launch_plain(stream); });
  measure("__cudaLaunchKernel, non-blocking stream",
          [&] { __cudaLaunchKernel(kernel, dim3(1), dim3(32), nullptr, 0, stream); });
  measure("cudaLaunchKernel, null stream beside a blocking one", [] { launch_plain(nullptr); });
  measure("cudaEventRecord", [&] { cudaEventRecord(event, stream); });
  measure("cudaEventQuery", [&] { cudaEventQuery(event); });
  measure("cudaStreamQuery", [&] { cudaStreamQuery(stream); });
  measure("cudaStreamWaitEvent", [&] { cudaStreamWaitEvent(stream, event, 0); });
  measure("cudaStreamIsCapturing", [&] { cudaStreamIsCapturing(stream, &status); });
  measure("cudaGetDevice", [&] { cudaGetDevice(&ordinal); });
  measure("cudaGetLastError", [] { cudaGetLastError(); });
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  if (cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed) != cudaSuccess) return 3;
  for (int i = 0; i < 100; ++i) launch_plain(stream);
  cudaStreamEndCapture(stream, &graph);
  cudaGraphInstantiate(&executable, graph, 0);
  calls = calls / 100 + 1;
  measure("cudaGraphLaunch of 100 kernels", [&] { cudaGraphLaunch(executable, stream); });
}
