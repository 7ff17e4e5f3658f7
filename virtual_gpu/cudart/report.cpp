#include "virtual_gpu/report.h"

#include <string>

#include "virtual_gpu/core/backing.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/host_reads.h"

using namespace headroom::virtual_gpu;

const char* headroom_virtual_gpu_report() {
  thread_local std::string document;
  document = report_json();
  return document.c_str();
}

void headroom_virtual_gpu_on_host_read(headroom_virtual_gpu_host_reader reader) { set_host_reader(reader); }

void headroom_virtual_gpu_forget(const void* start, std::size_t bytes) {
  forget_contents(reinterpret_cast<std::uint64_t>(start), bytes);
}
